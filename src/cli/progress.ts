import type { BuildEvent, BuildPhase } from '../build.js'

/** A phase that people see. */
export interface ProgressTask {
  readonly phase: BuildPhase
  readonly title: string
}

/** How a build tells what it is doing: on a terminal, in a log, to a program, or not at all. */
export interface Progress {
  event(event: BuildEvent): void
  /** Ends the display; nothing is drawn after it. */
  finish(outcome: 'done' | 'failed'): Promise<void>
}
