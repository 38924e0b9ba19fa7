/** The few bytes of an image that a second look needs: those of its partition table, kept while it passes by. */
import type { Manifest } from './manifest-schema.js'
import { parseRun } from './run-text.js'
import type { ReadKept } from './table-check.js'

/** Both tables at their largest, with the records of logical partitions. */
const MAX_KEPT_BYTES = 8 << 20
/** Where a boot blob covers the first sector, the table is inside the blob's stretch. */
const FIRST_BYTES = 4096

interface Kept {
  readonly start: number
  readonly bytes: Uint8Array
}

export class KeptBytes {
  readonly #kept: Kept[] = []

  constructor({ image, stretches, partitions }: Manifest) {
    const claimed = new Set(partitions.map(({ start_byte }) => start_byte))
    let left = MAX_KEPT_BYTES
    const keep = (start: number, length: number): void => {
      if (length > left) return
      left -= length
      this.#kept.push({ start, bytes: new Uint8Array(length) })
    }
    keep(0, Math.min(FIRST_BYTES, image.size_bytes))
    for (const { start_byte, runs } of stretches) {
      if (claimed.has(start_byte)) continue
      for (const { offset, length, fill } of runs.map(parseRun))
        if (fill === undefined) keep(start_byte + offset, length)
    }
  }

  /** Bytes of the image at `offset`, in any order. */
  update(offset: number, bytes: Uint8Array): void {
    for (const { start, bytes: target } of this.#kept) {
      const from = Math.max(offset, start)
      const to = Math.min(offset + bytes.length, start + target.length)
      if (from < to) target.set(bytes.subarray(from - offset, to - offset), from - start)
    }
  }

  readonly read: ReadKept = (offset, length) => {
    const piece = this.#kept.find(({ start, bytes }) => offset >= start && offset + length <= start + bytes.length)
    return piece?.bytes.subarray(offset - piece.start, offset - piece.start + length)
  }
}
