/**
 * The order that makes an interrupted flash a card without a partition table, never half an image: wipe both ends · zeros ·
 * body · flush · read all of it back · the ends with the table · flush · read them back.
 */
import { DiskloomError, InterruptedError, remapProblems } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { carriedBytes, WINDOW_ALIGN_BYTES } from '../image/windows.js'
import { blockStretches } from '../outputs/block-stretches.js'
import type { ImageSink } from '../outputs/sink.js'
import type { Threads } from '../outputs/threads.js'
import { weave } from '../outputs/weave.js'
import type { BlockDevice } from './block-device.js'
import { DeviceSink, sha256, type WrittenStretch } from './device-sink.js'
import { type Guard, Guards } from './guards.js'
import { type PartitionPlace, readerOf } from './image-table.js'
import { verifyDevice } from './verify-device.js'

export type FlashPhase = 'wipe' | 'zero' | 'write' | 'verify' | 'table'

export interface WriteDeviceOptions {
  readonly verify: boolean
  /** For the message about a bad byte. */
  readonly partitions: readonly PartitionPlace[]
  /** Sees the same pass: digests. */
  readonly sinks: readonly ImageSink[]
  readonly threads: Threads
  readonly signal?: AbortSignal | undefined
  readonly onPhase?: ((phase: FlashPhase) => void) | undefined
  /** How far the phase is. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

export interface WrittenBytes {
  /** Carried there as bytes, fills of other bytes than zero included. */
  readonly written: number
  /** Made zeros. */
  readonly zeroed: number
  /** Read back and found equal. */
  readonly verified: number
}

/**
 * Writes `image`, which has the device's size. When this rejects, the device has no partition table (unless wiping itself
 * failed, which the error says).
 */
export async function writeDevice(
  device: BlockDevice,
  image: DiskImage,
  options: WriteDeviceOptions,
): Promise<WrittenBytes> {
  const guards = new Guards(device)
  options.onPhase?.('wipe')
  await guards.wipe()
  try {
    return await writeOnWiped(device, image, guards, options)
  } catch (error) {
    // The table may be there in part; a device that has gone cannot be wiped, and tells so itself.
    const isWiped = await guards.wipe().then(
      () => true,
      () => false,
    )
    throw withState(error, device.path, isWiped)
  }
}

async function writeOnWiped(
  device: BlockDevice,
  image: DiskImage,
  guards: Guards,
  options: WriteDeviceOptions,
): Promise<WrittenBytes> {
  const { signal, onPhase } = options
  const zeros = zeroStretches(image, guards)
  const zeroBytes = lengthOf(zeros)
  if (zeros.length > 0) onPhase?.('zero')
  const zeroed = counter(zeroBytes, options)
  for (const { start, end } of zeros) {
    assertGoingOn(signal)
    await device.zero(start, end - start)
    zeroed.add(end - start)
  }
  assertGoingOn(signal)

  onPhase?.('write')
  const written = counter(carriedBytes(image), options)
  const sink = new DeviceSink(device, guards, (bytes) => written.add(bytes))
  await weave(image, [sink, ...options.sinks], options.threads, { signal })
  assertGoingOn(signal)

  const verified = counter(zeroBytes + written.done, options)
  const read = (stretches: readonly WrittenStretch[]): Promise<void> =>
    verifyDevice(device, stretches, {
      expected: readerOf(image),
      partitions: options.partitions,
      signal,
      onVerified: (bytes) => verified.add(bytes),
    })
  if (options.verify) {
    onPhase?.('verify')
    await read([...zeros, ...sink.written])
    assertGoingOn(signal)
  }

  onPhase?.('table')
  const ends = await guards.write()
  if (options.verify) await read(ends.map(stretchOf))
  return {
    written: written.done + ends.reduce((sum, { bytes }) => sum + bytes.length, 0),
    zeroed: zeroed.done,
    verified: verified.done,
  }
}

function stretchOf({ start, bytes }: Guard): WrittenStretch {
  return { kind: 'data', start, end: start + bytes.length, sha256: sha256(bytes) }
}

/** The zeros that somebody relies on, in whole blocks of the pass, outside the ends. */
function zeroStretches(image: DiskImage, guards: Guards): (WrittenStretch & { readonly kind: 'fill' })[] {
  const result: (WrittenStretch & { readonly kind: 'fill' })[] = []
  for (const { start, end, fill } of blockStretches(image, WINDOW_ALIGN_BYTES)) {
    const part = fill === 0 ? guards.withinBody({ start, end }) : undefined
    if (part !== undefined) result.push({ kind: 'fill', ...part, byte: 0 })
  }
  return result
}

function lengthOf(stretches: readonly WrittenStretch[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0)
}

function counter(total: number, { onProgress }: WriteDeviceOptions) {
  let done = 0
  return {
    get done(): number {
      return done
    },
    add(bytes: number): void {
      done += bytes
      onProgress?.(done, Math.max(total, done))
    },
  }
}

function assertGoingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new InterruptedError()
}

/** The same error, and what state the device is in now. */
function withState(error: unknown, path: string, isWiped: boolean): unknown {
  const state = isWiped
    ? `${path} has no partition table now: flash it again before use.`
    : `${path} could not be wiped after that: what is on it is not complete, do not use it.`
  if (error instanceof InterruptedError) return new InterruptedError(`Interrupted: ${state}`)
  if (!(error instanceof DiskloomError)) return error
  return remapProblems(error, (problem) => ({
    ...problem,
    hint: problem.hint === undefined ? state : `${problem.hint} ${state}`,
  }))
}
