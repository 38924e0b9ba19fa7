/**
 * YAML 1.2 text → located nodes. Anchors, aliases and merge keys (`<<`) are followed here; tags and YAML's own number
 * and boolean guesses are not used (see located.ts).  [YAML 1.2.2] [YAML merge]
 */
import { isAlias, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap } from 'yaml'
import type { Problem } from '../errors.js'
import { type Located, type LocatedEntry, locatedList, locatedMap } from './located.js'
import { MAX_DEPTH, parseYaml, TOO_DEEP } from './parse-yaml.js'
import { problemAt } from './problem-at.js'
import type { SourceText, TextRange } from './source-text.js'

/** Far above any config by hand or by script, far below what a nest of aliases (an "alias bomb") stands for. */
const MAX_NODES = 100_000

const FILE_START = { start: 0, end: 1 }

const NULL_TEXTS = new Set(['', '~', 'null', 'Null', 'NULL'])

/** `root` is missing where the text holds no usable value. Never throws on bad text. */
export function readYaml(source: SourceText): { root?: Located; problems: Problem[] } {
  const { contents, problems } = parseYaml(source)
  if (problems.length > 0) return { problems }
  const reader = new YamlReader(source)
  const root = reader.read(contents, 0)
  if (reader.problems.length > 0) return { problems: reader.problems }
  if (root === undefined || root.kind === 'null') {
    const message = 'Cannot read the config: it is empty, at least "image" and "partitions" are needed'
    const hint = '"diskloom init" writes a commented one to start from'
    return { problems: [{ ...problemAt(source, FILE_START, message), hint }] }
  }
  if (root.weight > MAX_NODES) {
    const message = `Cannot read the config: its aliases stand for more than ${MAX_NODES} values`
    return { problems: [problemAt(source, FILE_START, message)] }
  }
  return { root, problems: [] }
}

/** A map while it is read. */
interface OpenMap {
  /** As written, `<<` among them. */
  readonly names: Set<string>
  readonly entries: Map<string, LocatedEntry>
  readonly merged: LocatedEntry[]
}

class YamlReader {
  readonly problems: Problem[] = []
  /** Finished nodes by anchor; an alias means the latest one before it. */
  readonly #anchored = new Map<string, Located>()
  readonly #open = new Set<string>()
  #mergedKeys = 0

  readonly #source: SourceText

  constructor(source: SourceText) {
    this.#source = source
  }

  read(node: unknown, depth: number): Located | undefined {
    if (depth > MAX_DEPTH) {
      this.problems.push(problemAt(this.#source, rangeOf(node), TOO_DEEP))
      return undefined
    }
    if (isAlias(node)) return this.#follow(node.source, rangeOf(node))
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return undefined
    const { anchor } = node
    if (anchor !== undefined) {
      this.#open.add(anchor)
      this.#anchored.delete(anchor)
    }
    const located = isScalar(node)
      ? this.#scalar(node)
      : isMap(node)
        ? this.#map(node, depth)
        : this.#list(node.items, rangeOf(node), depth)
    if (anchor !== undefined) {
      this.#open.delete(anchor)
      this.#anchored.set(anchor, located)
    }
    return located
  }

  #follow(anchor: string, range: TextRange): Located | undefined {
    const target = this.#anchored.get(anchor)
    if (target !== undefined) return target
    const why = this.#open.has(anchor)
      ? `stands inside its own anchor &${anchor}`
      : `has no anchor &${anchor} before it`
    const hint = 'A text that begins with * must be quoted'
    this.problems.push({ ...problemAt(this.#source, range, `Cannot follow alias *${anchor}: it ${why}`), hint })
    return undefined
  }

  #scalar(node: Scalar): Located {
    const range = rangeOf(node)
    const text = node.source ?? String(node.value)
    if (node.type !== Scalar.PLAIN || !NULL_TEXTS.has(text)) {
      return { kind: 'scalar', source: this.#source, range, text, weight: 1 }
    }
    const hint =
      node.anchor !== undefined && text === ''
        ? `& begins an anchor in YAML: write '&${node.anchor}' in quotes`
        : undefined
    return { kind: 'null', source: this.#source, range, weight: 1, ...(hint !== undefined && { hint }) }
  }

  #list(items: readonly unknown[], range: TextRange, depth: number): Located {
    const located = items.map((item) => this.read(item, depth + 1)).filter((item) => item !== undefined)
    return locatedList(this.#source, range, located)
  }

  #map(map: YAMLMap, depth: number): Located {
    const entries = new Map<string, LocatedEntry>()
    const merged: LocatedEntry[] = []
    const open = { names: new Set<string>(), entries, merged }
    for (const pair of map.items) this.#pair(pair, depth, open)
    for (const entry of merged) this.#merge(entry, entries)
    return locatedMap(this.#source, rangeOf(map), entries)
  }

  #pair({ key, value }: Pair, depth: number, { names, entries, merged }: OpenMap): void {
    const keyRange = rangeOf(key)
    if (!isScalar(key)) {
      this.problems.push(
        problemAt(this.#source, keyRange, 'Cannot read a key: it is a map, list or alias, accepted is a word'),
      )
      return
    }
    const name = key.source ?? String(key.value)
    if (names.has(name)) {
      const problem = problemAt(this.#source, keyRange, 'Cannot read YAML: this key stands twice in one map')
      this.problems.push({ ...problem, hint: 'Remove one of the two' })
    }
    names.add(name)
    const located = this.read(value, depth + 1) ?? this.#nothing(keyRange)
    const entry = { keySource: this.#source, keyRange, value: located }
    if (name === '<<' && key.type === Scalar.PLAIN) merged.push(entry)
    else entries.set(name, located.kind === 'null' ? { ...entry, value: { ...located, range: keyRange } } : entry)
  }

  #nothing(range: TextRange): Located {
    return { kind: 'null', source: this.#source, range, weight: 1 }
  }

  /** Keys written out win over merged ones, and an earlier map of a list over a later one. */
  #merge({ keyRange, value }: LocatedEntry, entries: Map<string, LocatedEntry>): void {
    for (const from of value.kind === 'list' ? value.items : [value]) {
      if (from.kind !== 'map') {
        this.problems.push(
          problemAt(
            this.#source,
            keyRange,
            'Cannot merge with <<: accepted are an alias of a map, a map, or a list of them',
          ),
        )
        continue
      }
      this.#mergedKeys += from.entries.size
      if (this.#mergedKeys > MAX_NODES) {
        const message = `Cannot read the config: its merge keys stand for more than ${MAX_NODES} values`
        // One problem is enough of these.
        if (this.#mergedKeys - from.entries.size <= MAX_NODES) {
          this.problems.push(problemAt(this.#source, keyRange, message))
        }
        return
      }
      for (const [key, entry] of from.entries) if (!entries.has(key)) entries.set(key, entry)
    }
  }
}

function rangeOf(node: unknown): TextRange {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range
  return range ? { start: range[0], end: range[1] } : { start: 0, end: 1 }
}
