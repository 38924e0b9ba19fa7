/** Lets one event in `intervalMs` through. */
export class Throttle {
  readonly #intervalMs: number
  #last = Number.NEGATIVE_INFINITY

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  passes(): boolean {
    const now = performance.now()
    if (now - this.#last < this.#intervalMs) return false
    this.#last = now
    return true
  }
}
