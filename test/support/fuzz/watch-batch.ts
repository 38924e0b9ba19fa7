/** A child process that reads damaged images, watched from outside: it is ended where it hangs or takes memory without end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface BatchLimits {
  /** Of the process, Node.js included. */
  readonly bytes: number
  /** For one case, by the clock. */
  readonly ms: number
}

/** Until the first case, on a machine that does other things. */
const MOST_START_MS = 60_000
const LOOK_MS = 100
const STDERR_CHARACTERS = 4000

/**
 * Runs `node ARGS…`, which reports a line each on file 3: `begin N`, `end WORD`, and at last `peak BYTES`, the most memory that
 * it had. Throws with the number of the case that it did not come out of.
 */
export async function watchBatch(
  args: readonly string[],
  limits: BatchLimits,
  onEnd: (word: string) => void,
): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  let number = Number.NaN
  let peakBytes = Number.NaN
  let allowedMs = MOST_START_MS
  let since = performance.now()
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  createInterface(child.stdio[3] as Readable).on('line', (line) => {
    const [verb, word] = line.split(/ (.*)/s) as [string, string]
    since = performance.now()
    allowedMs = limits.ms
    if (verb === 'begin') number = Number(word)
    else if (verb === 'end') onEnd(word)
    else peakBytes = Number(word)
  })
  let fault: string | undefined
  const watch = setInterval(() => {
    if (peakOf(child) > limits.bytes) fault = `takes more than ${limits.bytes} bytes of memory`
    else if (performance.now() - since > allowedMs) fault = `takes more than ${allowedMs} ms`
    if (fault !== undefined) child.kill('SIGKILL')
  }, LOOK_MS)
  const status = await closed
  clearInterval(watch)
  if (fault === undefined && status !== 0) fault = `fails: ${stderr.slice(-STDERR_CHARACTERS)}`
  // Between two looks.
  if (fault === undefined && !(peakBytes <= limits.bytes)) fault = `or one before it took ${peakBytes} bytes of memory`
  if (fault !== undefined) throw new Error(`DISKLOOM_SEED=${number} ${fault}`)
}

/** The most memory that a running process has had (VmHWM), where the system tells. */
function peakOf({ pid }: ChildProcess): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
