/** The few bytes of an image that a second look needs: those of its partition table, kept while it passes by. */
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import type { Manifest } from './manifest-schema.js'
import { parseRun } from './run-text.js'

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
  readonly #sizeBytes: number

  constructor({ image, stretches, partitions }: Manifest) {
    this.#sizeBytes = image.size_bytes
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

  /** The image as far as it was kept; what was not reads as zeros. */
  image(): DiskImage {
    const builder = new ImageBuilder(this.#sizeBytes)
    let end = 0
    for (const { start, bytes } of this.#kept.toSorted((a, b) => a.start - b.start)) {
      const skip = Math.max(0, end - start)
      builder.bytes(start + skip, bytes.subarray(skip))
      end = Math.max(end, start + bytes.length)
    }
    return builder.finish()
  }
}
