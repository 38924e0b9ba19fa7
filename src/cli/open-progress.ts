import { JsonProgress } from './json-progress.js'
import { LineProgress } from './line-progress.js'
import type { Progress, ProgressTask } from './progress.js'
import type { Terminal } from './terminal.js'

export interface ProgressOptions {
  readonly json: boolean
  readonly quiet: boolean
  /** What the list shows; default: the phases of a build. */
  readonly tasks?: readonly ProgressTask[]
}

const SILENT: Progress = { event() {}, async finish() {} }

/** The display that fits where the messages go. */
export async function openProgress(terminal: Terminal, { json, quiet, tasks }: ProgressOptions): Promise<Progress> {
  if (quiet) return SILENT
  if (json) return new JsonProgress(terminal.stdout)
  const { stderr, environment } = terminal
  // A terminal of 0 columns (`script`, some CI runners) would get one character per line.
  const redraws = stderr.isTTY === true && stderr.columns !== 0 && environment.TERM !== 'dumb'
  if (!redraws || environment.CI === 'true') return new LineProgress(stderr)
  // listr2 and its 20 packages: only where they are seen.
  const { ListProgress } = await import('./list-progress.js')
  return new ListProgress(tasks)
}
