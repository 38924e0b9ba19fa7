import type { BuildEvent } from '../build.js'
import type { Progress } from './progress.js'
import type { TextOutput } from './terminal.js'
import { Throttle } from './throttle.js'
import { Transfer } from './transfer.js'

/** A log has no use for more. */
const INTERVAL_MS = 5000

/** Plain lines for logs: one per phase, and how far it is every five seconds. */
export class LineProgress implements Progress {
  readonly #stderr: TextOutput
  #throttle = new Throttle(INTERVAL_MS)
  #transfer = new Transfer()

  constructor(stderr: TextOutput) {
    this.#stderr = stderr
  }

  event(event: BuildEvent): void {
    if (event.kind === 'phase' && event.phase !== 'finish') {
      this.#stderr.line(event.title)
      this.#transfer = new Transfer()
      this.#throttle = new Throttle(INTERVAL_MS)
      this.#throttle.passes()
    }
    if (event.kind !== 'progress') return
    this.#transfer.update(event)
    if (this.#throttle.passes()) this.#stderr.line(`  ${this.#transfer.text()}`)
  }

  async finish(): Promise<void> {}
}
