/** Errors and warnings as text for people, and the exit code that goes with an error. */

import { relative, sep } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { DiskloomError, EXIT_CODES, errnoOf, IoError, type Problem, systemReason, type Warning } from '../errors.js'
import type { FindingId } from '../findings.js'
import { isWeighty } from '../findings.js'
import { type Paint, paintFor, type Terminal } from './terminal.js'

/** A bug of ours (sysexits EX_SOFTWARE). */
export const BUG_EXIT_CODE = 70

/** Which no code of ours can cause: the medium is full or broken. Writes to standard output end in them bare. */
const MACHINE_ERRNOS: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EIO'])

/**
 * Returns what to report for anything that was thrown. What the system says of a path (a loop of links, a folder that
 * may not be searched) is the machine's matter wherever it was met.
 */
export function reportable(error: unknown): unknown {
  if (error instanceof DiskloomError) return error
  const { path, syscall } = (error ?? {}) as { readonly path?: unknown; readonly syscall?: unknown }
  if (errnoOf(error)?.startsWith('E') && typeof path === 'string' && typeof syscall === 'string') {
    return new IoError(`Cannot ${syscall} ${path}: ${systemReason(error)}`, { cause: error })
  }
  if (!MACHINE_ERRNOS.has(errnoOf(error))) return error
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
    stderr.lines(bugLines(error, paint))
    return
  }
  for (const problem of error.problems) stderr.lines(problemLines(problem, 'error', paint))
  if (error.problems.length > 1) stderr.line(paint('bold', `${error.problems.length} errors`))
}

export interface WarningTextOptions {
  /** Also shows the warnings that the config accepts, with their reasons. */
  readonly accepted?: boolean
  /** Leaves out advice: what is lost, left over or not checked is written all the same. */
  readonly quiet?: boolean
}

/** Writes warnings for people. Those that the config accepts are silent, unless they are asked for. */
export function reportWarnings(
  warnings: readonly Warning[],
  { stderr, environment }: Pick<Terminal, 'stderr' | 'environment'>,
  { accepted = false, quiet = false }: WarningTextOptions = {},
): void {
  const paint = paintFor(stderr, environment)
  for (const warning of warnings) {
    if (quiet && !isWeighty(warning.finding)) continue
    if (warning.accepted === undefined) stderr.lines(problemLines(warning, 'warning', paint))
    else if (accepted) {
      stderr.lines([`${paint('bold', 'accepted:')} ${warning.message}`, `  reason: ${warning.accepted}`])
    }
  }
}

/**
 *   board.yaml:4:12: error: Cannot …
 *     4 |   - { name: kernel, … }
 *       |             ^^^^^^
 *     hint: …
 */
function problemLines(problem: Problem, severity: 'error' | 'warning', paint: Paint): string[] {
  const { message, hint, position, frame, finding } = problem
  const place = position && `${shortPath(position.file)}:${position.line}:${position.column}: `
  const word = paint('bold', paint(severity === 'error' ? 'red' : 'yellow', `${severity}:`))
  const lines = [
    `${place === undefined ? '' : paint('bold', place)}${word} ${message}${findingText(finding, severity)}`,
  ]
  if (frame !== undefined) appendAll(lines, indent(frame.trimEnd()))
  if (hint !== undefined) lines.push(`  ${paint('cyan', 'hint:')} ${hint}`)
  return lines
}

/** The id that `accept:` takes; an error has one where `--strict` made it of a warning. */
function findingText(finding: FindingId | undefined, severity: 'error' | 'warning'): string {
  if (finding === undefined) return ''
  return severity === 'error' ? ` [${finding}, --strict]` : ` [${finding}]`
}

function bugLines(error: unknown, paint: Paint): string[] {
  const calls = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line)) : []
  const cause = error instanceof Error && error.cause !== undefined ? [`[cause]: ${String(error.cause)}`] : []
  const word = paint('bold', paint('red', 'bug:'))
  return [
    `${word} ${String(error)}`,
    ...calls,
    ...cause,
    'This is a mistake in diskloom, not in your config: please report it with these lines and the config.',
  ]
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => (line === '' ? line : `  ${line}`))
}

/** Relative to the working directory where that is below it, as people type it. */
export function shortPath(path: string): string {
  const below = relative(process.cwd(), path)
  return below !== '' && !below.startsWith(`..${sep}`) && below !== '..' ? below : path
}
