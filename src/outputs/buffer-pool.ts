/**
 * Page-aligned buffers for direct I/O, shared with worker threads, and never more than a handful: touching fresh memory
 * costs more on virtual machines than filling it.
 */
import { pageAlignedMemory } from '../bytes/page-aligned.js'
import { WINDOW_BYTES } from '../image/windows.js'

export class BufferPool {
  readonly #free: Uint8Array[] = []
  readonly #waiting: ((buffer: Uint8Array) => void)[] = []
  readonly #memory: SharedArrayBuffer
  #unused: number
  #spare: number

  /** `count` buffers of WINDOW_BYTES, and some `spare` ones for later; memory is touched only when a buffer is first used. */
  constructor(count: number, spare = 0) {
    this.#memory = pageAlignedMemory((count + spare) * WINDOW_BYTES)
    this.#unused = count
    this.#spare = spare
  }

  /** From now on there are as many more as were spare. Nobody may wait for one. */
  useSpare(): void {
    this.#unused += this.#spare
    this.#spare = 0
  }

  /** A buffer of WINDOW_BYTES with any content; waits until one is free. */
  acquire(): Promise<Uint8Array> {
    const free = this.#free.pop()
    if (free !== undefined) return Promise.resolve(free)
    if (this.#unused > 0) {
      this.#unused--
      // Spare ones come first in memory: those that are used before are behind them.
      const place = this.#unused + this.#spare
      return Promise.resolve(new Uint8Array(this.#memory, place * WINDOW_BYTES, WINDOW_BYTES))
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  release(buffer: Uint8Array): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(buffer)
    else next(buffer)
  }
}
