#!/usr/bin/env node
/** The process: streams, signals, exit code. Everything else is in command-line.ts, which knows of none of them. */
import { setFlagsFromString } from 'node:v8'
import { EXIT_CODES, errnoOf, InterruptedError } from '../errors.js'
import { runCommandLine } from './command-line.js'
import { exitCodeOf, reportable, reportError } from './report-error.js'
import { openTerminal, type ProcessStreams } from './terminal.js'

/**
 * V8 of Node 20 optimizes what has run for a millisecond. A small build is over by then: its readers of YAML and its schema were
 * compiled when they had done their work, for a fifth of the processor time. So it waits ten times as long, until the time that a
 * small build takes has passed: what is still running then, over a hundred thousand files, takes a twelfth longer with late
 * optimization than with V8's own. Later ones wait longer by themselves, and print an error for the flag, which they do not know.
 */
const SMALL_BUILD_MS = 300
if (process.versions.v8.startsWith('11.3.')) {
  setFlagsFromString('--interrupt-budget=1000000')
  setTimeout(() => setFlagsFromString('--interrupt-budget=67584'), SMALL_BUILD_MS).unref()
}

const SHOW_CURSOR = '\x1b[?25h'

const controller = new AbortController()
const streams: ProcessStreams = {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: controller.signal,
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask }),
}

/** Ctrl-C is the interface's while it asks, so it is passed on; the end of the input is an empty answer. */
async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  lines.on('SIGINT', interrupt)
  try {
    return await Promise.race([
      lines.question(question, { signal: controller.signal }),
      new Promise<string>((resolve) => lines.on('close', () => resolve(''))),
    ])
  } catch (error) {
    if (controller.signal.aborted) throw new InterruptedError()
    throw error
  } finally {
    lines.close()
  }
}

/** The first one stops the work, which then cleans up; the second one does not wait for it. */
function interrupt(): void {
  if (controller.signal.aborted) {
    if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR)
    process.exit(EXIT_CODES.INTERRUPTED)
  }
  controller.abort(new InterruptedError())
}

function die(thrown: unknown): void {
  const error = reportable(thrown)
  reportError(error, openTerminal(streams))
  process.exit(exitCodeOf(error))
}

/** `diskloom plan … | head`: whoever read has gone, which is no error. */
function ignoreBrokenPipe(error: Error): void {
  if (errnoOf(error) !== 'EPIPE') die(error)
}

/** Exiting before a pipe has taken everything would cut the output. */
function drain(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve()
    else stream.write('', () => resolve())
  })
}

/**
 * Commands that write nothing have nothing to clean up. They leave the system's own answer to signals, which also ends a
 * long stretch of computing, where a handler of ours would have to wait for its end.
 */
const READERS: ReadonlySet<string | undefined> = new Set([
  ...['attest', 'cat', 'devices', 'inputs', 'inspect', 'lint', 'ls', 'plan', 'schema', 'stat', 'tree'],
])

/** These write something only where a config is built in memory by the host's tools. */
const COMPARERS: ReadonlySet<string | undefined> = new Set(['diff', 'verify'])

function writesNothing([command, ...args]: readonly string[]): boolean {
  if (READERS.has(command)) return true
  return COMPARERS.has(command) && !args.some((arg) => /^--(?:config|rebuild)|\.(?:ya?ml|cfg)$/i.test(arg))
}

if (!writesNothing(process.argv.slice(2))) {
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
}
process.on('uncaughtException', die)
process.on('unhandledRejection', die)
process.stdout.on('error', ignoreBrokenPipe)
process.stderr.on('error', ignoreBrokenPipe)

const exitCode = await runCommandLine(process.argv.slice(2), streams)
await drain(process.stdout)
await drain(process.stderr)
process.exit(exitCode)
