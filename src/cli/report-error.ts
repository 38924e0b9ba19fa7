/** Errors and warnings as text for people, and the exit code that goes with an error. */
import { relative, sep } from 'node:path'
import { DiskloomError, EXIT_CODES, errnoOf, IoError, type Problem, systemReason } from '../errors.js'
import { type OutputStream, type Paint, paintFor, type Terminal } from './terminal.js'

/** A bug of ours (sysexits EX_SOFTWARE). */
export const BUG_EXIT_CODE = 70

/** Which no code of ours can cause: the medium is full or broken. Writes to standard output end in them bare. */
const MACHINE_ERRNOS: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EIO'])

/** What to report for whatever was thrown. */
export function reportable(error: unknown): unknown {
  if (error instanceof DiskloomError || !MACHINE_ERRNOS.has(errnoOf(error))) return error
  return new IoError(`Cannot write the output: ${systemReason(error)}`, { cause: error })
}

export function exitCodeOf(error: unknown): number {
  return error instanceof DiskloomError ? EXIT_CODES[error.code] : BUG_EXIT_CODE
}

/** Everything that is wrong, each with its place and hint; a bug with its stack. */
export function reportError(error: unknown, terminal: Pick<Terminal, 'stderr' | 'environment'>): void {
  const { stderr, environment } = terminal
  const paint = paintFor(stderr, environment)
  if (!(error instanceof DiskloomError)) {
    stderr.write(bugText(error, paint))
    return
  }
  for (const problem of error.problems) stderr.write(problemText(problem, 'error', paint))
  if (error.problems.length > 1) stderr.write(`${paint('bold', `${error.problems.length} errors`)}\n`)
}

export function reportWarnings(warnings: readonly Problem[], stderr: OutputStream, paint: Paint): void {
  for (const warning of warnings) stderr.write(problemText(warning, 'warning', paint))
}

/**
 *   board.yaml:4:12: error: Cannot …
 *     4 |   - { name: kernel, … }
 *       |             ^^^^^^
 *     hint: …
 */
function problemText(problem: Problem, severity: 'error' | 'warning', paint: Paint): string {
  const { message, hint, position, frame } = problem
  const place = position && `${shortPath(position.file)}:${position.line}:${position.column}: `
  const word = paint('bold', paint(severity === 'error' ? 'red' : 'yellow', `${severity}:`))
  const lines = [`${place === undefined ? '' : paint('bold', place)}${word} ${message}`]
  if (frame !== undefined) lines.push(...indent(frame.trimEnd()))
  if (hint !== undefined) lines.push(...indent(`${paint('cyan', 'hint:')} ${hint}`))
  return `${lines.join('\n')}\n`
}

function bugText(error: unknown, paint: Paint): string {
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error)
  const cause = error instanceof Error && error.cause !== undefined ? `\n[cause]: ${String(error.cause)}` : ''
  const word = paint('bold', paint('red', 'bug:'))
  return `${word} ${stack}${cause}\nThis is a mistake in diskloom, not in your config: please report it with these lines and the config.\n`
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => (line === '' ? line : `  ${line}`))
}

/** Relative to the working directory where that is below it, as people type it. */
export function shortPath(path: string): string {
  const below = relative(process.cwd(), path)
  return below !== '' && !below.startsWith(`..${sep}`) && below !== '..' ? below : path
}
