/**
 * Writes an image's windows to a device, but for its first and last stretch: the table, without which nothing on the device
 * is found, is kept back until everything else has been written and read back.
 *
 * What was written is remembered as a sum per stretch, so that reading back needs neither the source nor the bytes.
 */
import { createHash } from 'node:crypto'
import { pageAlignedMemory } from '../bytes/page-aligned.js'
import { WINDOW_BYTES } from '../image/windows.js'
import type { ImageSink } from '../outputs/sink.js'
import type { BlockDevice } from './block-device.js'
import type { Guards } from './guards.js'

/** A stretch of the device, [start, end), and what must be read from it. */
export type WrittenStretch =
  | { readonly kind: 'data'; readonly start: number; readonly end: number; readonly sha256: Uint8Array }
  | { readonly kind: 'fill'; readonly start: number; readonly end: number; readonly byte: number }

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

export class DeviceSink implements ImageSink {
  readonly #device: BlockDevice
  readonly #guards: Guards
  readonly #onWritten: (bytes: number) => void
  readonly written: WrittenStretch[] = []

  /** `onWritten` is called with the length of each write that is done. */
  constructor(device: BlockDevice, guards: Guards, onWritten: (bytes: number) => void) {
    this.#device = device
    this.#guards = guards
    this.#onWritten = onWritten
  }

  async window(offset: number, bytes: Uint8Array): Promise<void> {
    const part = this.#guards.keepBack(offset, bytes)
    if (part === undefined) return
    const { start, end } = part
    const body = bytes.subarray(start - offset, end - offset)
    this.written.push({ kind: 'data', start, end, sha256: sha256(body) })
    await this.#device.write(start, body)
    this.#onWritten(body.length)
  }

  async fill(offset: number, length: number, byte: number): Promise<void> {
    const buffer = new Uint8Array(pageAlignedMemory(WINDOW_BYTES)).fill(byte)
    for (let at = offset; at < offset + length; at += WINDOW_BYTES) {
      const piece = buffer.subarray(0, Math.min(WINDOW_BYTES, offset + length - at))
      const part = this.#guards.keepBack(at, piece)
      if (part === undefined) continue
      this.written.push({ kind: 'fill', ...part, byte })
      await this.#device.write(part.start, piece.subarray(0, part.end - part.start))
      this.#onWritten(part.end - part.start)
    }
  }

  async finish(): Promise<void> {
    await this.#device.flush()
  }
}
