/** The warnings of one run over a config: those that it accepts are marked, and with `--strict` the others fail. */
import type { AcceptSpec, LoadedConfig } from '../config/spec.js'
import type { ConfigPath, Warning } from '../errors.js'
import { isCertain } from '../findings.js'
import { HeldWarnings } from './held-warnings.js'
import { locateProblem } from './located-error.js'

export interface WarningDeskOptions {
  /** Warnings that are not accepted are an error. */
  readonly strict?: boolean | undefined
  /** Called as soon as a warning is known: it may explain why the work then fails. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
}

export class WarningDesk {
  readonly #config: LoadedConfig
  readonly #accepts: readonly AcceptSpec[]
  readonly #used = new Set<AcceptSpec>()
  readonly #all: Warning[] = []
  readonly #held: HeldWarnings

  constructor(config: LoadedConfig, { strict = false, onWarning = () => {} }: WarningDeskOptions) {
    this.#config = config
    this.#accepts = config.spec.accept ?? []
    this.#held = new HeldWarnings(strict, onWarning)
  }

  /** In the order in which they were found, accepted ones with their reason. */
  get warnings(): readonly Warning[] {
    return this.#all
  }

  add(found: readonly Warning[]): void {
    for (const warning of found) {
      const judged = locateProblem(this.#judge(warning), this.#config)
      this.#all.push(judged)
      this.#held.take(judged)
    }
  }

  /**
   * Ends the collection, before anything is written: adds a warning for every `accept:` that matches
   * nothing, and throws LayoutError where `strict` finds any that is not accepted.
   */
  close(): void {
    const unused = this.#accepts.filter((accept) => !this.#used.has(accept) && isCertain(accept.finding))
    this.add(
      unused.map(({ finding, configPath }) => ({
        finding: 'accept-unused',
        message: `The config accepts "${finding}", and nothing of that kind is found`,
        hint: 'Remove the entry',
        path: configPath,
      })),
    )
    this.assertNone()
  }

  /** Adds what is only known when the results are in their places: it is reported, and fails nothing any more. */
  addLate(found: readonly Warning[]): void {
    this.add(found)
    this.release()
  }

  /** As `close`, where only a part of the config was judged. */
  assertNone(): void {
    this.#held.assertNone()
  }

  /** Gives on what `strict` holds: the work fails for another reason. */
  release(): void {
    this.#held.release()
  }

  #judge(warning: Warning): Warning {
    const accept = this.#accepts.find(
      ({ finding, scope }) => finding === warning.finding && isWithin(warning.path ?? [], scope),
    )
    if (accept === undefined) return warning
    this.#used.add(accept)
    return { ...warning, accepted: accept.reason }
  }
}

function isWithin(path: ConfigPath, scope: ConfigPath): boolean {
  return scope.every((step, index) => path[index] === step)
}
