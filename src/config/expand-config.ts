/** A whole config with its variables expanded: every value, no key. */
import type { Problem } from '../errors.js'
import { expandVariables, type VariableFault } from './expand-variables.js'
import {
  type Located,
  type LocatedEntry,
  type LocatedMap,
  type LocatedScalar,
  locatedList,
  locatedMap,
} from './located.js'
import { problemAt } from './problem-at.js'
import type { TextRange } from './source-text.js'
import type { VariableScope } from './variable-scope.js'

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

/** Far above any config; a long variable in each of many values would fill the memory. */
const MAX_CHARACTERS = 16 * 1024 * 1024

class Expander {
  readonly problems: Problem[] = []
  readonly broken = new Set<Located>()
  readonly #done = new Map<Located, Located>()

  readonly #scope: VariableScope
  /** Of all values with variables in them. */
  #characters = 0

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
    this.#characters += text.length
    if (this.#characters > MAX_CHARACTERS) return this.#tooLong(node)
    const expanded: LocatedScalar = { ...node, text }
    if (faults.length > 0) this.broken.add(expanded)
    for (const fault of faults) this.#report(node, fault)
    const isUnexplained = faults.some(({ is }) => is === undefined)
    const cycle = definedName !== undefined && isUnexplained ? this.#scope.cycleFrom(definedName) : undefined
    if (cycle) {
      const message = `Cannot expand vars.${definedName}: it is defined by itself, ${cycle.join(' → ')}`
      this.problems.push(problemAt(node.source, node.range, message))
    }
    return expanded
  }

  #tooLong(node: LocatedScalar): LocatedScalar {
    const first = this.#characters !== Number.POSITIVE_INFINITY
    this.#characters = Number.POSITIVE_INFINITY
    if (first) {
      const message = `Cannot expand variables: all values together become longer than ${MAX_CHARACTERS} characters`
      this.problems.push(problemAt(node.source, node.range, message))
    }
    const emptied: LocatedScalar = { ...node, text: '' }
    this.broken.add(emptied)
    return emptied
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
