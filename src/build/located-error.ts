import type { LoadedConfig } from '../config/spec.js'
import { ConfigError, DiskloomError, FormatError, IoError, LayoutError, type Problem } from '../errors.js'

/** Adds file, line, column and code frame to every problem that names a config value. */
export function locateProblem<Found extends Problem>(problem: Found, config: LoadedConfig): Found {
  if (problem.position !== undefined || problem.path === undefined) return problem
  const place = config.locate(problem.path)
  return place === undefined ? problem : { ...problem, position: place.position, frame: place.frame }
}

const CLASSES = { CONFIG: ConfigError, LAYOUT: LayoutError, FORMAT: FormatError, IO: IoError } as const

/** The same error with its problems located; anything else as it is. */
export function locateError(error: unknown, config: LoadedConfig): unknown {
  if (!(error instanceof DiskloomError) || !(error.code in CLASSES)) return error
  const problems = error.problems.map((problem) => locateProblem(problem, config))
  const located = new CLASSES[error.code as keyof typeof CLASSES](problems, {
    details: error.details,
    cause: error.cause,
  })
  if (error.stack !== undefined) located.stack = error.stack
  return located
}
