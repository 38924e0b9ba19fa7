/** SHA-256 of single ranges of an image, as a bmap has them. A pure function of what the pass carries. */
import { createHash, type Hash } from 'node:crypto'
import { invariant } from '../errors.js'

/** Data that the windows of a pass carry whole, or a fill, of which nothing has to be carried. */
export interface DigestRange {
  readonly offset: number
  readonly length: number
  /** The byte of a fill; undefined for data. */
  readonly fill: number | undefined
}

const FILL_CHUNK_BYTES = 1 << 16

/** Takes windows in ascending order; ranges are ascending and disjoint. */
export class RangeDigests {
  readonly #ranges: readonly DigestRange[]
  readonly #sums: (string | undefined)[]
  #index = -1
  #hash: Hash = createHash('sha256')
  /** End of what has been hashed of the current range. */
  #at = 0

  constructor(ranges: readonly DigestRange[]) {
    this.#ranges = ranges
    this.#sums = new Array<string | undefined>(ranges.length)
    this.#next()
  }

  window(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    for (;;) {
      const range = this.#ranges[this.#index]
      if (range === undefined || this.#at >= end) return
      invariant(this.#at >= offset, `no window carried the data at ${this.#at}`)
      const to = Math.min(range.offset + range.length, end)
      this.#hash.update(bytes.subarray(this.#at - offset, to - offset))
      this.#at = to
      if (to < range.offset + range.length) return
      this.#sums[this.#index] = this.#hash.digest('hex')
      this.#next()
    }
  }

  /** One sum for each range, lower-case hexadecimal. */
  finish(): string[] {
    const fills = digestFills(this.#ranges)
    return this.#ranges.map(({ offset, length, fill }, index) => {
      const sum = fill === undefined ? this.#sums[index] : fills.get(fill)!.get(length)
      invariant(sum !== undefined, `no window carried the data from ${offset} on`)
      return sum
    })
  }

  #next(): void {
    do this.#index++
    while (this.#ranges[this.#index]?.fill !== undefined)
    this.#hash = createHash('sha256')
    this.#at = this.#ranges[this.#index]?.offset ?? 0
  }
}

/**
 * byte → length → sum. All lengths of one byte are taken from one hash on its way to the longest of them, so that a
 * thousand journals and inode tables of zeros cost what the largest of them costs.
 */
function digestFills(ranges: readonly DigestRange[]): Map<number, Map<number, string>> {
  const sums = new Map<number, Map<number, string>>()
  for (const { fill, length } of ranges) {
    if (fill === undefined) continue
    let lengths = sums.get(fill)
    if (lengths === undefined) {
      lengths = new Map()
      sums.set(fill, lengths)
    }
    lengths.set(length, '')
  }
  for (const [byte, lengths] of sums) {
    const chunk = new Uint8Array(FILL_CHUNK_BYTES).fill(byte)
    const hash = createHash('sha256')
    let done = 0
    for (const length of [...lengths.keys()].sort((a, b) => a - b)) {
      for (; done < length; done += Math.min(chunk.length, length - done)) {
        hash.update(chunk.subarray(0, Math.min(chunk.length, length - done)))
      }
      lengths.set(length, hash.copy().digest('hex'))
    }
  }
  return sums
}
