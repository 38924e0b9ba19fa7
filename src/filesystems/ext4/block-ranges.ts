/**
 * A set of blocks as sorted, disjoint, half-open ranges that never touch. A volume's used blocks are few ranges (some
 * per block group), so this stays small where a bitmap of 16 TiB would be half a gigabyte.
 */
import { invariant } from '../../errors.js'

export interface BlockRange {
  readonly start: number
  readonly end: number
}

export class BlockRanges {
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  get rangeCount(): number {
    return this.#starts.length
  }

  range(index: number): BlockRange {
    return { start: this.#starts[index]!, end: this.#ends[index]! }
  }

  /** Index of the first range that ends after `block`. O(log n). */
  indexAfter(block: number): number {
    let low = 0
    let high = this.#ends.length
    // Allocation goes upward: the answer is mostly at the end.
    if (high > 0 && this.#ends[high - 1]! <= block) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#ends[middle]! > block) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Adds [start, end), which must be free. O(log n) where it touches a neighbour or comes last. */
  add(start: number, end: number): void {
    if (start === end) return
    const at = this.indexAfter(start)
    invariant(
      start < end && (at === this.#starts.length || end <= this.#starts[at]!),
      `block ${start} is handed out twice`,
    )
    const joinsBefore = at > 0 && this.#ends[at - 1] === start
    const joinsAfter = at < this.#starts.length && this.#starts[at] === end
    if (joinsBefore && joinsAfter) {
      this.#ends[at - 1] = this.#ends[at]!
      this.#starts.splice(at, 1)
      this.#ends.splice(at, 1)
    } else if (joinsBefore) this.#ends[at - 1] = end
    else if (joinsAfter) this.#starts[at] = start
    else {
      this.#starts.splice(at, 0, start)
      this.#ends.splice(at, 0, end)
    }
  }

  /** The first `block` ≥ `from` such that [block, block + count) is free; whether it is within the volume the caller checks. */
  firstFree(from: number, count: number): number {
    let block = from
    for (let at = this.indexAfter(from); at < this.#starts.length; at++) {
      if (block + count <= this.#starts[at]!) return block
      block = Math.max(block, this.#ends[at]!)
    }
    return block
  }

  /** The used ranges within [start, end), cut to it. */
  *within(start: number, end: number): Generator<BlockRange> {
    for (let at = this.indexAfter(start); at < this.#starts.length && this.#starts[at]! < end; at++) {
      yield { start: Math.max(this.#starts[at]!, start), end: Math.min(this.#ends[at]!, end) }
    }
  }

  /** The free ranges within [start, end). */
  *gaps(start: number, end: number): Generator<BlockRange> {
    let free = start
    for (const used of this.within(start, end)) {
      if (used.start > free) yield { start: free, end: used.start }
      free = used.end
    }
    if (free < end) yield { start: free, end }
  }

  /** How many blocks of [start, end) are used. */
  countWithin(start: number, end: number): number {
    let count = 0
    for (const used of this.within(start, end)) count += used.end - used.start
    return count
  }
}
