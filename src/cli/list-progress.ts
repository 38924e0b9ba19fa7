import { DefaultRenderer, Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2'
import type { BuildEvent, BuildPhase } from '../build.js'
import type { Progress, ProgressTask } from './progress.js'
import { Throttle } from './throttle.js'
import { Transfer } from './transfer.js'

const BUILD_TASKS: readonly ProgressTask[] = [
  { phase: 'config', title: 'Config' },
  { phase: 'payload', title: 'Payload' },
  { phase: 'layout', title: 'Layout' },
  { phase: 'write', title: 'Image and outputs' },
]

/** The phase whose bytes are counted. */
const MOVING_PHASE: BuildPhase = 'write'

/** Faster than the eye follows, and slow enough to cost nothing. */
const INTERVAL_MS = 80

/** listr2 asks standard output whether a terminal is there; ours draws on standard error, which has been asked already. */
class StderrRenderer extends DefaultRenderer {
  static override nonTTY = true
}

interface Gate {
  readonly opened: Promise<void>
  open(): void
  fail(): void
}

/** The phases as a list with a spinner, and under the one that writes a bar with bytes, rate and time left. */
export class ListProgress implements Progress {
  readonly #tasks: readonly ProgressTask[]
  readonly #gates: readonly Gate[]
  readonly #throttle = new Throttle(INTERVAL_MS)
  readonly #run: Promise<unknown>
  #transfer = new Transfer()
  #task: { title: string; output: string } | undefined

  constructor(shown: readonly ProgressTask[] = BUILD_TASKS) {
    this.#tasks = shown
    this.#gates = shown.map(makeGate)
    const tasks = shown.map(({ phase, title }, index): ListrTask<unknown, typeof StderrRenderer> => {
      return {
        title,
        task: async (_, task) => {
          this.#task = task
          await this.#gates[index]!.opened
          const summary = this.#transfer.summary()
          if (phase === MOVING_PHASE && summary !== '') task.title = `${title}: ${summary}`
        },
      }
    })
    const logger = new ListrLogger({
      useIcons: true,
      toStderr: [],
      processOutput: new ProcessOutput(process.stderr, process.stderr),
    })
    const list = new Listr(tasks, {
      renderer: StderrRenderer,
      rendererOptions: { logger, showErrorMessage: false, formatOutput: 'truncate' },
      // The command line has its own, which stop the build.
      registerSignalListeners: false,
    })
    // A failed gate only marks its task; the error itself is reported by whoever ran the build.
    this.#run = list.run().catch(() => undefined)
  }

  event(event: BuildEvent): void {
    if (event.kind === 'phase') {
      const index = this.#tasks.findIndex(({ phase }) => phase === event.phase)
      this.#openBefore(index < 0 ? this.#tasks.length : index)
      if (event.phase === MOVING_PHASE) this.#transfer = new Transfer()
    } else if (event.kind === 'progress') {
      this.#transfer.update(event)
      if (this.#task !== undefined && this.#throttle.passes()) {
        this.#task.output = `${this.#transfer.bar()} ${this.#transfer.text()}`
      }
    }
  }

  async finish(outcome: 'done' | 'failed'): Promise<void> {
    if (outcome === 'done') this.#openBefore(this.#tasks.length)
    else for (const gate of this.#gates) gate.fail()
    await this.#run
  }

  #openBefore(index: number): void {
    for (const gate of this.#gates.slice(0, index)) gate.open()
  }
}

function makeGate(): Gate {
  let open = (): void => {}
  let fail = (): void => {}
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = () => reject(new Error('failed'))
  })
  // Gates behind the failed one are never waited for.
  opened.catch(() => undefined)
  return { opened, open, fail }
}
