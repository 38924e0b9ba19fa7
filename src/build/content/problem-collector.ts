import { type ConfigPath, FormatError, LayoutError, type Problem } from '../../errors.js'

/** Gathers what is wrong with payloads, so that all of it is told at once. */
export class ProblemCollector {
  readonly #problems: Problem[] = []
  /** True while nothing but formats has refused. */
  #onlyFormats = true

  /** What `action` gives; undefined where it refused. `path`: of problems that name no place themselves. */
  async attempt<T>(action: () => T | Promise<T>, path?: ConfigPath): Promise<T | undefined> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof LayoutError || error instanceof FormatError)) throw error
      if (error instanceof LayoutError) this.#onlyFormats = false
      this.#problems.push(...error.problems.map((problem) => withPath(problem, path)))
      return undefined
    }
  }

  throwIfAny(): void {
    if (this.#problems.length === 0) return
    throw this.#onlyFormats ? new FormatError(this.#problems) : new LayoutError(this.#problems)
  }
}

function withPath(problem: Problem, path: ConfigPath | undefined): Problem {
  return path === undefined || problem.path !== undefined || problem.position !== undefined
    ? problem
    : { ...problem, path }
}
