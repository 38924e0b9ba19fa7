/** Gathers what several attempts refuse, so that one error reports all of it. */
import { type ConfigPath, FormatError, LayoutError, type Problem } from './errors.js'

export class ProblemCollector {
  readonly #problems: Problem[] = []
  /** The first error that was gathered. Its numbers and its cause go on with the error that reports everything. */
  #first: LayoutError | FormatError | undefined
  /** True while only formats have refused. */
  #onlyFormats = true

  get isEmpty(): boolean {
    return this.#problems.length === 0
  }

  /** A problem of the layout. */
  add(problem: Problem): void {
    this.#onlyFormats = false
    this.#problems.push(problem)
  }

  /** Returns the result of `action`, or undefined where it refused. `path`: of problems that name no place themselves. */
  async attempt<T>(action: () => T | Promise<T>, path?: ConfigPath): Promise<T | undefined> {
    try {
      return await action()
    } catch (error) {
      this.#gather(error, (problem) => withPath(problem, path))
      return undefined
    }
  }

  /** The same for an action that returns at once; `change` adds what the caller knows to each problem. */
  attemptNow<T>(action: () => T, change: (problem: Problem) => Problem): T | undefined {
    try {
      return action()
    } catch (error) {
      this.#gather(error, change)
      return undefined
    }
  }

  #gather(error: unknown, change: (problem: Problem) => Problem): void {
    if (!(error instanceof LayoutError || error instanceof FormatError)) throw error
    if (error instanceof LayoutError) this.#onlyFormats = false
    this.#first ??= error
    for (const problem of error.problems) this.#problems.push(change(problem))
  }

  /** Throws a LayoutError with all problems, or a FormatError where formats alone refused. */
  throwIfAny(): void {
    if (this.isEmpty) return
    const Kind = this.#onlyFormats ? FormatError : LayoutError
    throw new Kind(this.#problems, { details: { ...this.#first?.details }, cause: this.#first })
  }
}

function withPath(problem: Problem, path: ConfigPath | undefined): Problem {
  return path === undefined || problem.path !== undefined || problem.position !== undefined
    ? problem
    : { ...problem, path }
}
