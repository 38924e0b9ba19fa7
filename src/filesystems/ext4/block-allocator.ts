/** Hands out a volume's free blocks from the first to the last. Nothing is ever given back, so files are as contiguous as groups allow. */
import type { BlockRange, BlockRanges } from './block-ranges.js'

export class BlockAllocator {
  readonly #gaps: Iterator<BlockRange>
  readonly #used: BlockRanges
  readonly #taken: BlockRange[] = []
  #gap: BlockRange | undefined
  #next = 0
  #missing = 0

  /** Over the free blocks of [firstBlock, endBlock). `used` stays as it is until `commit`. */
  constructor(used: BlockRanges, firstBlock: number, endBlock: number) {
    this.#used = used
    this.#gaps = used.gaps(firstBlock, endBlock)
    this.#advance()
  }

  /** Blocks that were asked for when none were left. */
  get missing(): number {
    return this.#missing
  }

  /** `count` blocks as few ranges, in order. Fewer where the volume is full: then `missing` says how many. */
  take(count: number): BlockRange[] {
    const ranges: BlockRange[] = []
    let rest = count
    while (rest > 0) {
      if (this.#gap === undefined) {
        this.#missing += rest
        break
      }
      const end = Math.min(this.#next + rest, this.#gap.end)
      ranges.push({ start: this.#next, end })
      rest -= end - this.#next
      this.#next = end
      if (end === this.#gap.end) this.#advance()
    }
    return ranges
  }

  #advance(): void {
    if (this.#gap !== undefined) this.#taken.push(this.#gap)
    const { value, done } = this.#gaps.next()
    this.#gap = done === true ? undefined : value
    this.#next = this.#gap?.start ?? 0
  }

  /** Marks everything handed out as used. Ends the allocator's life. */
  commit(): void {
    for (const { start, end } of this.#taken) this.#used.add(start, end)
    if (this.#gap !== undefined) this.#used.add(this.#gap.start, this.#next)
    this.#gap = undefined
  }
}
