import { LayoutError, type Warning } from '../errors.js'

/** Gives warnings on as they come, or with `strict` keeps those that the config does not accept, to fail with all of them. */
export class HeldWarnings {
  readonly #strict: boolean
  readonly #give: (warning: Warning) => void
  #held: Warning[] = []

  constructor(strict: boolean, give: (warning: Warning) => void) {
    this.#strict = strict
    this.#give = give
  }

  take(warning: Warning): void {
    if (this.#strict && warning.accepted === undefined) this.#held.push(warning)
    else this.#give(warning)
  }

  /** Throws LayoutError with everything that is held. Call it before anything is written. */
  assertNone(): void {
    const held = this.#held
    this.#held = []
    if (held.length > 0) throw new LayoutError(held)
  }

  /** Gives on what is held: the work fails for another reason, which a warning may explain. */
  release(): void {
    for (const warning of this.#held) this.#give(warning)
    this.#held = []
  }
}
