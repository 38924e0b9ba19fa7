/** Reads back from the medium what was written to it, and tells the first byte that is another. */
import { pageAlignedMemory } from '../bytes/page-aligned.js'
import { InterruptedError, IoError } from '../errors.js'
import { WINDOW_BYTES } from '../image/windows.js'
import type { BlockDevice } from './block-device.js'
import { sha256, type WrittenStretch } from './device-sink.js'
import type { PartitionPlace, ReadBytes } from './image-table.js'

/** Reads under way at once: enough to keep a card reader's queue filled. */
const READS_IN_FLIGHT = 4

export interface VerifyOptions {
  /** Reads what should stand there, to name the byte. */
  readonly expected: ReadBytes
  readonly partitions: readonly PartitionPlace[]
  readonly signal?: AbortSignal | undefined
  /** Called with the length of each stretch that is as it should be. */
  readonly onVerified: (bytes: number) => void
}

interface Piece {
  readonly start: number
  readonly end: number
  readonly stretch: WrittenStretch
}

/** IoError with device, byte, both values and partition where the device does not hold what was written. */
export async function verifyDevice(
  device: BlockDevice,
  written: readonly WrittenStretch[],
  options: VerifyOptions,
): Promise<void> {
  const pieces = piecesOf(written)
  const fills = new Map<number, Buffer>()
  let failed = false
  const worker = async (): Promise<void> => {
    const memory = new Uint8Array(pageAlignedMemory(WINDOW_BYTES))
    for (const piece of pieces) {
      if (failed) return
      if (options.signal?.aborted) throw new InterruptedError()
      const bytes = memory.subarray(0, piece.end - piece.start)
      await device.read(piece.start, bytes)
      if (!isExpected(piece.stretch, bytes, fills)) throw mismatch(device, piece, bytes, options)
      options.onVerified(bytes.length)
    }
  }
  const workers = Array.from({ length: READS_IN_FLIGHT }, () =>
    worker().catch((error: unknown) => {
      failed = true
      throw error
    }),
  )
  const outcomes = await Promise.allSettled(workers)
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

/** In order of the device; long fills in pieces of a window. Shared by all workers, each takes the next. */
function* piecesOf(written: readonly WrittenStretch[]): Generator<Piece> {
  for (const stretch of written.toSorted((a, b) => a.start - b.start)) {
    for (let { start } = stretch; start < stretch.end; start += WINDOW_BYTES) {
      yield { start, end: Math.min(stretch.end, start + WINDOW_BYTES), stretch }
    }
  }
}

function isExpected(stretch: WrittenStretch, bytes: Uint8Array, fills: Map<number, Buffer>): boolean {
  if (stretch.kind === 'data') return Buffer.compare(sha256(bytes), stretch.sha256) === 0
  return fillOf(stretch.byte, fills).compare(bytes, 0, bytes.length, 0, bytes.length) === 0
}

function fillOf(byte: number, fills: Map<number, Buffer>): Buffer {
  let buffer = fills.get(byte)
  if (buffer === undefined) {
    buffer = Buffer.alloc(WINDOW_BYTES, byte)
    fills.set(byte, buffer)
  }
  return buffer
}

function mismatch(device: BlockDevice, piece: Piece, found: Uint8Array, options: VerifyOptions): IoError {
  const { path } = device
  const { stretch } = piece
  const expected =
    stretch.kind === 'fill'
      ? new Uint8Array(found.length).fill(stretch.byte)
      : options.expected(piece.start, piece.end - piece.start)
  const hint = 'The card or its reader is failing: try another reader, then another card.'
  const index = expected.findIndex((byte, at) => byte !== found[at])
  if (index < 0) {
    // The source says today what the device says; it said something else while it was written.
    return new IoError(
      `Cannot verify ${path}: bytes ${piece.start} to ${piece.end - 1} are not what was written, though they are what the source holds now`,
      { details: { path, offset: piece.start } },
    )
  }
  const offset = piece.start + index
  const partition = options.partitions.find(({ startByte, endByte }) => offset >= startByte && offset < endByte)
  const values = { expected: expected[index]!, found: found[index]! }
  return new IoError(
    `Cannot verify ${path}: byte ${offset} (${placeText(partition, offset)}) reads back as ${hex(values.found)}, ${hex(values.expected)} was written`,
    { hint, details: { path, offset, partition: partition?.number, ...values } },
  )
}

function placeText(partition: PartitionPlace | undefined, offset: number): string {
  if (partition === undefined) return 'outside the partitions'
  const { number, name, startByte } = partition
  const words = ['partition', number, name === '' ? undefined : `"${name}"`].filter((word) => word !== undefined)
  return `${words.join(' ')}, its byte ${offset - startByte}`
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
