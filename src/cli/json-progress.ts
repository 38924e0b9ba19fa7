import type { BuildEvent } from '../build.js'
import { writeEvent, writeWarningEvent } from './json-events.js'
import type { Progress } from './progress.js'
import type { TextOutput } from './terminal.js'
import { Throttle } from './throttle.js'

const INTERVAL_MS = 100

/** One object per event; progress at most ten times a second, its last always. */
export class JsonProgress implements Progress {
  readonly #stdout: TextOutput
  readonly #throttle = new Throttle(INTERVAL_MS)

  constructor(stdout: TextOutput) {
    this.#stdout = stdout
  }

  event(event: BuildEvent): void {
    switch (event.kind) {
      case 'phase':
        writeEvent(this.#stdout, 'phase', { phase: event.phase, title: event.title })
        return
      case 'warning':
        writeWarningEvent(this.#stdout, event.problem)
        return
      case 'progress': {
        const { doneBytes, totalBytes } = event
        if (!this.#throttle.passes() && doneBytes < totalBytes) return
        writeEvent(this.#stdout, 'progress', { doneBytes, totalBytes })
      }
    }
  }

  async finish(): Promise<void> {}
}
