/** Routes what a pass carries to places in a file that were planned beforehand, straight from the lent windows. */
import type { OutputFile } from './output-file.js'
import type { PlacedSum } from './placed-sum.js'

/** [start, end) of the image stands at `position` of the file. */
export interface PlacedStretch {
  readonly start: number
  readonly end: number
  readonly position: number
}

export class PlacedWriter {
  readonly #file: OutputFile
  readonly #stretches: readonly PlacedStretch[]
  readonly #sum: PlacedSum | undefined
  #index = 0

  /**
   * Stretches ascending and disjoint; what is fed is ascending too. What lies in none of them is not written. `sum` takes what
   * is written, where the places in the file ascend as well.
   */
  constructor(file: OutputFile, stretches: readonly PlacedStretch[], sum?: PlacedSum) {
    this.#file = file
    this.#stretches = stretches
    this.#sum = sum
  }

  async window(offset: number, bytes: Uint8Array): Promise<void> {
    await this.#each(offset, bytes.length, (from, to, position) => {
      const part = bytes.subarray(from - offset, to - offset)
      this.#sum?.content(position, part)
      return this.#file.write(position, part)
    })
  }

  async fill(offset: number, length: number, byte: number): Promise<void> {
    await this.#each(offset, length, (from, to, position) => {
      this.#sum?.fill(position, to - from, byte)
      return this.#file.fill(position, to - from, byte)
    })
  }

  /** Finds the stretches at once, since the next call may come before the writes are done. */
  async #each(
    offset: number,
    length: number,
    write: (from: number, to: number, position: number) => Promise<void>,
  ): Promise<void> {
    const end = offset + length
    const writes: Promise<void>[] = []
    for (; this.#index < this.#stretches.length; this.#index++) {
      const stretch = this.#stretches[this.#index]!
      if (stretch.start >= end) break
      const from = Math.max(stretch.start, offset)
      const to = Math.min(stretch.end, end)
      if (from < to) writes.push(write(from, to, stretch.position + from - stretch.start))
      if (stretch.end > end) break
    }
    await settleAll(writes)
  }
}

/** Waits for all, so that no lent memory is in use any more, and rejects with the first error. */
async function settleAll(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === 'rejected') throw result.reason
}
