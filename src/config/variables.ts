/**
 * Variables of a whole config. A name stands for what `--set` gives, else what `vars:` gives, else the environment: what
 * the command line says is meant for this build, and what the config says must not change with the machine. A config that
 * wants the environment to win says so: `vars: { VERSION: '${VERSION:-1.0}' }` (inside its own definition a name means
 * the environment's).
 */
import type { Problem } from '../errors.js'
import { expandVariables, type VariableFault, type VariableValue } from './expand-variables.js'
import {
  type Located,
  type LocatedEntry,
  type LocatedMap,
  type LocatedScalar,
  locatedList,
  locatedMap,
} from './located.js'
import { didYouMean } from './nearest.js'
import { problemAt } from './problem-at.js'
import type { TextRange } from './source-text.js'

export interface VariableSources {
  readonly set: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

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
    if (!this.#resolved.has(name)) this.#resolved.set(name, this.#define(name, definition.text))
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
    const chain: string[] = []
    const visit = (current: string): boolean => {
      const definition = this.#definitions?.entries.get(current)?.value
      if (definition?.kind !== 'scalar' || Object.hasOwn(this.#sources.set, current)) return false
      if (chain.includes(current)) return current === name
      chain.push(current)
      const found = namesIn(definition.text).some((next) => next !== current && (next === name || visit(next)))
      if (!found) chain.pop()
      return found
    }
    return visit(name) ? [...chain, name] : undefined
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
    return faults.length > 0 ? 'failed' : { text: expanded }
  }

  #fromEnvironment(name: string): VariableValue {
    // Not its prototype's: ${constructor} is as unset as any other name.
    const text = Object.hasOwn(this.#sources.environment, name) ? this.#sources.environment[name] : undefined
    return text === undefined ? undefined : { text }
  }
}

function namesIn(text: string): string[] {
  const names: string[] = []
  expandVariables(text, (name) => {
    names.push(name)
    return undefined
  })
  return names
}

/** A config with its variables expanded. */
export interface ExpandedConfig {
  readonly root: Located
  readonly problems: readonly Problem[]
  /** Scalars that could not be expanded; what else is wrong with their values is only an echo. */
  readonly broken: ReadonlySet<Located>
}

/** Expands every scalar value; keys stay. Shared nodes stay shared. */
export function expandConfig(root: Located, scope: VariableScope): ExpandedConfig {
  const expander = new Expander(scope)
  return { root: expander.top(root), problems: expander.problems, broken: expander.broken }
}

class Expander {
  readonly problems: Problem[] = []
  readonly broken = new Set<Located>()
  readonly #done = new Map<Located, Located>()

  readonly #scope: VariableScope

  constructor(scope: VariableScope) {
    this.#scope = scope
  }

  top(root: Located): Located {
    if (root.kind !== 'map') return this.#expand(root)
    const { source, range } = root
    return locatedMap(
      source,
      range,
      this.#entries(root, (key, value) => (key === 'vars' ? this.#vars(value) : this.#expand(value))),
    )
  }

  #vars(vars: Located): Located {
    if (vars.kind !== 'map') return this.#expand(vars)
    const entries = this.#entries(vars, (name, value) =>
      value.kind === 'scalar' ? this.#scalar(value, name) : this.#expand(value),
    )
    return locatedMap(vars.source, vars.range, entries)
  }

  #entries(map: LocatedMap, expand: (key: string, value: Located) => Located): Map<string, LocatedEntry> {
    return new Map([...map.entries].map(([key, entry]) => [key, { ...entry, value: expand(key, entry.value) }]))
  }

  #expand(node: Located): Located {
    const before = this.#done.get(node)
    if (before !== undefined) return before
    const expanded = this.#expandOnce(node)
    this.#done.set(node, expanded)
    return expanded
  }

  #expandOnce(node: Located): Located {
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node)
      case 'null':
        return node
      case 'list':
        return locatedList(
          node.source,
          node.range,
          node.items.map((item) => this.#expand(item)),
        )
      case 'map':
        return locatedMap(
          node.source,
          node.range,
          this.#entries(node, (_, value) => this.#expand(value)),
        )
    }
  }

  /** `definedName`: the scalar is this variable's definition under `vars:`. */
  #scalar(node: LocatedScalar, definedName?: string): LocatedScalar {
    if (!node.text.includes('$')) return node
    const { text, faults } =
      definedName === undefined
        ? expandVariables(node.text, (name) => this.#scope.lookup(name))
        : this.#scope.expandDefinition(definedName, node.text)
    const expanded: LocatedScalar = { ...node, text }
    if (faults.length > 0) this.broken.add(expanded)
    for (const fault of faults) this.#report(node, fault)
    const cycle = definedName !== undefined && faults.length > 0 ? this.#scope.cycleFrom(definedName) : undefined
    if (cycle) {
      const message = `Cannot expand vars.${definedName}: it is defined by itself, ${cycle.join(' → ')}`
      this.problems.push(problemAt(node.source, node.range, message))
    }
    return expanded
  }

  #report(node: LocatedScalar, fault: VariableFault): void {
    if (fault.is === undefined) return
    const problem = problemAt(node.source, rangeInSource(node, fault), `Cannot expand variables: ${fault.is}`)
    this.problems.push(fault.hint === undefined ? problem : { ...problem, hint: fault.hint })
  }
}

/** A stretch of the scalar's value as a stretch of the file: escapes and folded lines make them differ, so it is looked for. */
function rangeInSource({ source, range, text }: LocatedScalar, fault: VariableFault): TextRange {
  const part = text.slice(fault.start, fault.end)
  // Quotes and block indicators stand before the value, so that it can only have moved to the right.
  const at = source.text.indexOf(part, range.start + fault.start)
  return at >= 0 && at + part.length <= range.end ? { start: at, end: at + part.length } : range
}

/** A `--set` that nothing uses is most often a slip of the pen. */
export function unusedSettingWarnings(scope: VariableScope): Problem[] {
  return scope.unusedSettings().map((name) => {
    const hint = didYouMean(name, scope.knownNames())
    const message = `--set ${name}=… is not used: nothing in the config asks for \${${name}}`
    return hint === undefined ? { message } : { message, hint }
  })
}
