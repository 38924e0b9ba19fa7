/**
 * A config as written: maps, lists and scalars, each with its place in its file. A scalar is its *text*; what it means
 * (a number, a size, a type byte) is for the schema to say, since YAML's own guess turns `0x1e3` into 483, `123e4567`
 * into Infinity and the type `0xC` into 12.
 *
 * Nodes are shared where YAML has aliases, so this is a DAG; nothing in it is changed after it was made.
 */
import type { ConfigPath } from '../errors.js'
import type { SourceText, TextRange } from './source-text.js'

interface LocatedNode {
  readonly source: SourceText
  readonly range: TextRange
  /** Nodes of the tree that this stands for, aliases written out. */
  readonly weight: number
}

export interface LocatedScalar extends LocatedNode {
  readonly kind: 'scalar'
  readonly text: string
}

/** A key without a value, `~` or `null`. `hint`: what probably went wrong. */
export interface LocatedNull extends LocatedNode {
  readonly kind: 'null'
  readonly hint?: string
}

export interface LocatedList extends LocatedNode {
  readonly kind: 'list'
  readonly items: readonly Located[]
}

export interface LocatedEntry {
  /** Place of the key. */
  readonly keySource: SourceText
  readonly keyRange: TextRange
  readonly value: Located
}

export interface LocatedMap extends LocatedNode {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, LocatedEntry>
}

export type Located = LocatedScalar | LocatedNull | LocatedList | LocatedMap

export function locatedList(source: SourceText, range: TextRange, items: readonly Located[]): LocatedList {
  return { kind: 'list', source, range, items, weight: items.reduce((sum, item) => sum + item.weight, 1) }
}

export function locatedMap(
  source: SourceText,
  range: TextRange,
  entries: ReadonlyMap<string, LocatedEntry>,
): LocatedMap {
  let weight = 1
  for (const { value } of entries.values()) weight += value.weight
  return { kind: 'map', source, range, entries, weight }
}

/** The node at `path`, or its nearest parent. `exact` tells which. */
export function nodeAt(root: Located, path: ConfigPath): { node: Located; exact: boolean } {
  let node = root
  for (const step of path) {
    const child = childOf(node, step)
    if (child === undefined) return { node, exact: false }
    node = child
  }
  return { node, exact: true }
}

export function childOf(node: Located, step: string | number): Located | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))?.value
  if (node.kind === 'list' && typeof step === 'number') return node.items[step]
  return undefined
}

/** Stands for a value that is known to be wrong already; no schema takes it. */
export const UNREADABLE = Symbol('unreadable')

/**
 * Plain values for the schema: scalars as their text, those of `broken` as UNREADABLE. Maps have no prototype, so that
 * `__proto__` is a key like others.
 */
export function toPlain(node: Located, broken: ReadonlySet<Located>): unknown {
  switch (node.kind) {
    case 'scalar':
      return broken.has(node) ? UNREADABLE : node.text
    case 'null':
      return null
    case 'list':
      return node.items.map((item) => toPlain(item, broken))
    case 'map': {
      const plain: Record<string, unknown> = Object.create(null)
      for (const [key, { value }] of node.entries) plain[key] = toPlain(value, broken)
      return plain
    }
  }
}
