import type { LoadedConfig } from '../config/spec.js'
import { DiskloomError, InterruptedError, type Problem, remapProblems } from '../errors.js'

/** Adds file, line, column and code frame to every problem that names a config value. */
export function locateProblem<Found extends Problem>(problem: Found, config: LoadedConfig): Found {
  if (problem.position !== undefined || problem.path === undefined) return problem
  const place = config.locate(problem.path)
  return place === undefined ? problem : { ...problem, position: place.position, frame: place.frame }
}

/** The same error with its problems located; anything else as it is. */
export function locateError(error: unknown, config: LoadedConfig): unknown {
  if (!(error instanceof DiskloomError) || error instanceof InterruptedError) return error
  return remapProblems(error, (problem) => locateProblem(problem, config))
}
