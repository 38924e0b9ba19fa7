/**
 * Every failure that somebody outside this code can act on is a DiskloomError; the subclass says who must act.
 * A bug of ours is not one of them: `invariant` throws a plain Error.
 *
 * Text of a problem: "Cannot ⟨do X to Y⟩: ⟨what is⟩, ⟨what is accepted⟩".
 */

import type { FindingId } from './findings.js'

/** A place in a config file; lines and columns count from 1. */
export interface Position {
  file: string
  line: number
  column: number
}

/** Where in the config a value stands, as keys and indexes: `['partitions', 2, 'fs']`. */
export type ConfigPath = readonly (string | number)[]

/** One thing that is wrong (in an error) or noteworthy (as a warning). */
export interface Problem {
  message: string
  hint?: string
  /** The config value that caused it; `build` turns it into a position. */
  path?: ConfigPath
  position?: Position
  /** The lines of the config around the position, with carets under the value. */
  frame?: string
  /** Of a warning: the stable id by which a config accepts it, such as `owners-dropped`. */
  finding?: FindingId
  /** The config accepts this warning, for this reason. */
  accepted?: string
}

/** A problem that does not stop the work, unless `--strict` asks for it. */
export interface Warning extends Problem {
  finding: FindingId
}

export type ErrorCode = 'DIFFERENCE' | 'USAGE' | 'CONFIG' | 'LAYOUT' | 'FORMAT' | 'IO' | 'INTERRUPTED'

/** Exit codes of the command line, by error code (docs/DESIGN.md, "Exit codes"). */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  DIFFERENCE: 1,
  USAGE: 2,
  CONFIG: 3,
  LAYOUT: 4,
  FORMAT: 5,
  IO: 6,
  INTERRUPTED: 130,
}

export interface DiskloomErrorOptions {
  hint?: string
  details?: Record<string, unknown>
  cause?: unknown
}

/** The base class. `problems` always holds at least one entry, and all of them at once where several were found. */
export class DiskloomError extends Error {
  readonly code: ErrorCode
  readonly problems: readonly Problem[]
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, problems: string | Problem | readonly Problem[], options: DiskloomErrorOptions = {}) {
    const list = toProblems(problems, options.hint)
    super(list.map((problem) => problem.message).join('\n'), { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.problems = list
    this.details = options.details ?? {}
  }

  get hint(): string | undefined {
    return this.problems[0]?.hint
  }
}

function toProblems(problems: string | Problem | readonly Problem[], hint: string | undefined): readonly Problem[] {
  if (typeof problems === 'string') return [hint === undefined ? { message: problems } : { message: problems, hint }]
  return Array.isArray(problems) ? problems : [problems as Problem]
}

/** What was checked is not what it should be: every finding is a problem. Exit code 1. */
export class DifferenceError extends DiskloomError {
  constructor(problems: string | Problem | readonly Problem[], options?: DiskloomErrorOptions) {
    super('DIFFERENCE', problems, options)
  }
}

/** The command line was wrong. Exit code 2. */
export class UsageError extends DiskloomError {
  constructor(problems: string | Problem | readonly Problem[], options?: DiskloomErrorOptions) {
    super('USAGE', problems, options)
  }
}

/** Whoever wrote the config must act: syntax, unknown keys, values out of their grammar. Exit code 3. */
export class ConfigError extends DiskloomError {
  constructor(problems: string | Problem | readonly Problem[], options?: DiskloomErrorOptions) {
    super('CONFIG', problems, options)
  }
}

/** Config or payload must change: the parts do not fit the disk, or a payload does not fit its volume. Exit code 4. */
export class LayoutError extends DiskloomError {
  constructor(problems: string | Problem | readonly Problem[], options?: DiskloomErrorOptions) {
    super('LAYOUT', problems, options)
  }
}

/** A format cannot represent what was asked, or what was read is not of the format. Exit code 5. */
export class FormatError extends DiskloomError {
  constructor(problems: string | Problem | readonly Problem[], options?: DiskloomErrorOptions) {
    super('FORMAT', problems, options)
  }
}

/** The machine must change: a path, a permission, a full disk. `details` holds path, byte offset, errno. Exit code 6. */
export class IoError extends DiskloomError {
  constructor(problems: string | Problem | readonly Problem[], options?: DiskloomErrorOptions) {
    super('IO', problems, options)
  }
}

/** SIGINT or an AbortSignal. Exit code 130. */
export class InterruptedError extends DiskloomError {
  constructor(message = 'Interrupted: nothing was written') {
    super('INTERRUPTED', message)
  }
}

/** Throws a plain Error: the condition can only be false by a bug of ours. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`)
}

/** Returns the same error with changed problems: its class, details, cause and stack stay. */
export function remapProblems<E extends DiskloomError>(error: E, change: (problem: Problem) => Problem): E {
  const Kind = error.constructor as new (problems: readonly Problem[], options: DiskloomErrorOptions) => E
  const changed = new Kind(error.problems.map(change), { details: error.details, cause: error.cause })
  if (error.stack !== undefined) changed.stack = error.stack
  return changed
}

/** Runs `make`, and changes the problems of its LayoutError or FormatError: formats do not know what is around them. */
export function withProblems<T>(change: (problem: Problem) => Problem, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof FormatError || error instanceof LayoutError) throw remapProblems(error, change)
    throw error
  }
}

/** The errno name (`ENOENT`) of a system error, if it is one. */
export function errnoOf(error: unknown): string | undefined {
  // The code of our errors is no errno.
  if (error instanceof DiskloomError) return undefined
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'its path is longer than this system takes',
  ELOOP: 'its symlinks run in a circle',
  EMFILE: 'this process has too many files open',
}

/** Why something failed: in words where the errno is a usual one, else as Node says it. `here`: what some mean where it happened. */
export function systemReason(error: unknown, here: Readonly<Record<string, string>> = {}): string {
  const errno = errnoOf(error)
  const words = errno === undefined ? undefined : (here[errno] ?? SYSTEM_REASONS[errno])
  return words ?? (error instanceof Error ? error.message : String(error))
}
