import type { BuildEvent } from '../build.js'

/** How a build tells what it is doing: on a terminal, in a log, to a program, or not at all. */
export interface Progress {
  event(event: BuildEvent): void
  /** Ends the display; nothing is drawn after it. */
  finish(outcome: 'done' | 'failed'): Promise<void>
}
