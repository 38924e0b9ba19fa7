/**
 * Variables of a whole config. A name stands for what `--set` gives, else what `vars:` gives, else the environment: what
 * the command line says is meant for this build, and what the config says must not change with the machine. A config that
 * wants the environment to win says so: `vars: { VERSION: '${VERSION:-1.0}' }` (inside its own definition a name means
 * the environment's).
 */

import { didYouMean } from '../bytes/nearest.js'
import type { Warning } from '../errors.js'
import { expandVariables, type VariableFault, type VariableValue } from './expand-variables.js'
import type { Located, LocatedMap } from './located.js'

export interface VariableSources {
  readonly set: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Far above any variable that is defined by others. */
const MAX_CHAIN = 64

/** Resolves names; a definition under `vars:` is expanded when it is first asked for. */
export class VariableScope {
  readonly #sources: VariableSources
  readonly #definitions: LocatedMap | undefined
  readonly #resolved = new Map<string, VariableValue>()
  /** Names under `vars:` whose expansion is under way, in order. */
  readonly #expanding: string[] = []
  readonly #used: Set<string>

  /** `root`: whose `vars:` count. `used`: where the names that are asked for are noted. */
  constructor(sources: VariableSources, root: Located | undefined, used: Set<string> = new Set()) {
    this.#sources = sources
    this.#used = used
    const definitions = root?.kind === 'map' ? root.entries.get('vars')?.value : undefined
    this.#definitions = definitions?.kind === 'map' ? definitions : undefined
  }

  lookup(name: string): VariableValue {
    this.#used.add(name)
    if (Object.hasOwn(this.#sources.set, name)) return { text: this.#sources.set[name]! }
    const definition = this.#definitions?.entries.get(name)?.value
    if (definition?.kind !== 'scalar' || this.#expanding.at(-1) === name) return this.#fromEnvironment(name)
    if (this.#expanding.includes(name)) return 'failed'
    if (!this.#resolved.has(name)) {
      if (this.#expanding.length >= MAX_CHAIN) return 'too deep'
      this.#resolved.set(name, this.#define(name, definition.text))
    }
    return this.#resolved.get(name)
  }

  /** `text` as the value of `vars: { name: … }`, in which `name` itself means the environment's. */
  expandDefinition(name: string, text: string): { text: string; faults: VariableFault[] } {
    this.#expanding.push(name)
    try {
      return expandVariables(text, (inner) => this.lookup(inner))
    } finally {
      this.#expanding.pop()
    }
  }

  /** The names that lead from `name` back to it through `vars:`, when they do. */
  cycleFrom(name: string): string[] | undefined {
    // Breadth first, and each name once: variables that use each other twice have exponentially many ways.
    const cameFrom = new Map<string, string>([[name, name]])
    for (const current of cameFrom.keys()) {
      const definition = this.#definitions?.entries.get(current)?.value
      if (definition?.kind !== 'scalar' || Object.hasOwn(this.#sources.set, current)) continue
      for (const next of namesIn(definition.text)) {
        if (next === current) continue
        if (next === name) return [...wayTo(current, cameFrom), name]
        if (!cameFrom.has(next)) cameFrom.set(next, current)
      }
    }
    return undefined
  }

  /** Names given with `--set` that nothing asked for. */
  unusedSettings(): string[] {
    return Object.keys(this.#sources.set).filter(
      (name) => !this.#used.has(name) && !this.#definitions?.entries.has(name),
    )
  }

  /** Names that the config asked for or defines. */
  knownNames(): Set<string> {
    return new Set([...this.#used, ...(this.#definitions?.entries.keys() ?? [])])
  }

  #define(name: string, text: string): VariableValue {
    const { text: expanded, faults } = this.expandDefinition(name, text)
    // The one who asked first has no other place where it would be reported.
    if (faults.some(({ tooDeep }) => tooDeep)) return 'too deep'
    return faults.length > 0 ? 'failed' : { text: expanded }
  }

  #fromEnvironment(name: string): VariableValue {
    // Not its prototype's: ${constructor} is as unset as any other name.
    const text = Object.hasOwn(this.#sources.environment, name) ? this.#sources.environment[name] : undefined
    return text === undefined ? undefined : { text }
  }
}

/** The names from the first one to `last`, which came there from one another. */
function wayTo(last: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [last]
  for (let at = cameFrom.get(last)!; at !== way[0]; at = cameFrom.get(at)!) way.unshift(at)
  return way
}

function namesIn(text: string): string[] {
  const names: string[] = []
  expandVariables(text, (name) => {
    names.push(name)
    return undefined
  })
  return names
}

/** A `--set` that nothing uses is most often a slip of the pen. */
export function unusedSettingWarnings(scope: VariableScope): Warning[] {
  return scope.unusedSettings().map((name) => {
    const hint = didYouMean(name, scope.knownNames())
    const message = `--set ${name}=… is not used: nothing in the config asks for \${${name}}`
    return { finding: 'unused-setting' as const, message, ...(hint !== undefined && { hint }) }
  })
}
