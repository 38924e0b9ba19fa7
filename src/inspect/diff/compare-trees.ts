/** Two trees, node by node. Contents are streamed side by side; what is the same stretch of the same file is not read at all. */
import { createHash } from 'node:crypto'
import { type ByteString, displayName } from '../../bytes/text.js'
import { InterruptedError } from '../../errors.js'
import { chunksOf } from '../../image/chunks.js'
import type { DiskImage } from '../../image/extent.js'
import { ImageComparer } from '../../image/first-difference.js'
import type { DirectoryNode, FileNode, FileTree, RegularFileNode, Timestamp } from '../../tree/file-tree.js'
import { sortedEntries } from '../../tree/file-tree.js'
import { modeText, timeText } from '../listing.js'
import type { FieldDifference, FieldValue, FileDifference } from './differences.js'
import type { Ignored } from './ignored.js'
import { textChange } from './text-change.js'

export interface TreeComparison {
  readonly ignored: Ignored
  /** Times are compared as a format keeps them; default: as they are. */
  readonly asKept?: (time: Timestamp) => Timestamp
  /** False where a format keeps nothing of the root but its entries. */
  readonly rootAttributes?: boolean
  /** Paths (`lost+found`) that are passed over with all below them. */
  readonly skip?: readonly string[]
  /** Unified diffs of texts. */
  readonly text?: boolean
  readonly signal?: AbortSignal | undefined
}

/** In the order of paths; a folder that only one side has is one difference for each node below it. */
export function* compareTrees(a: FileTree, b: FileTree, options: TreeComparison): Generator<FileDifference> {
  const comparing = new Comparing(options)
  try {
    yield* comparing.directories(a, b, '' as ByteString)
  } finally {
    comparing.close()
  }
}

class Comparing {
  readonly #options: TreeComparison
  readonly #comparer = new ImageComparer()
  #hashedHoles = 0
  /** The first path of every node that has several, on either side. */
  readonly #first = [new Map<FileNode, ByteString>(), new Map<FileNode, ByteString>()] as const

  constructor(options: TreeComparison) {
    this.#options = options
  }

  *directories(a: DirectoryNode, b: DirectoryNode, path: ByteString): Generator<FileDifference> {
    if (path !== '' || this.#options.rootAttributes !== false) yield* this.#pair(a, b, path)
    const names = new Set([...sortedEntries(a), ...sortedEntries(b)].map(([name]) => name))
    for (const name of [...names].sort()) {
      const childPath = (path === '' ? name : `${path}/${name}`) as ByteString
      if (this.#options.skip?.includes(childPath) === true) continue
      const [left, right] = [a.children.get(name), b.children.get(name)]
      if (left?.type === 'directory' && right?.type === 'directory') yield* this.directories(left, right, childPath)
      else if (left !== undefined && right !== undefined) yield* this.#pair(left, right, childPath)
      else if (left !== undefined) yield* this.#only('removed', left, childPath)
      else yield* this.#only('added', right!, childPath)
    }
  }

  close(): void {
    this.#comparer.close()
  }

  *#only(kind: 'added' | 'removed', node: FileNode, path: ByteString): Generator<FileDifference> {
    if (this.#options.signal?.aborted) throw new InterruptedError()
    const side = kind === 'added' ? 'b' : 'a'
    const fields = [...this.#fieldsOf(node, path, side)].map(([field, value]) => ({ field, [side]: value }))
    yield { path: shown(path), kind, type: node.type, fields }
    if (node.type !== 'directory') return
    for (const [name, child] of sortedEntries(node)) {
      yield* this.#only(kind, child, (path === '' ? name : `${path}/${name}`) as ByteString)
    }
  }

  *#pair(a: FileNode, b: FileNode, path: ByteString): Generator<FileDifference> {
    if (this.#options.signal?.aborted) throw new InterruptedError()
    if (a.type !== b.type) {
      yield { path: shown(path), kind: 'changed', type: a.type, fields: [{ field: 'type', a: a.type, b: b.type }] }
      return
    }
    const fields = fieldDifferences(this.#fieldsOf(a, path, 'a'), this.#fieldsOf(b, path, 'b'))
    const content = a.type === 'file' && b.type === 'file' ? this.#contents(a, b, path) : undefined
    if (fields.length === 0 && content === undefined) return
    yield {
      path: shown(path),
      kind: 'changed',
      type: a.type,
      ...content,
      fields: [...fields, ...(content?.fields ?? [])],
    }
  }

  #contents(
    { content: a }: RegularFileNode,
    { content: b }: RegularFileNode,
    path: ByteString,
  ): Pick<FileDifference, 'firstDifferentByte' | 'text' | 'fields'> | undefined {
    const firstDifferentByte = this.#comparer.firstDifference(a, b)
    if (firstDifferentByte === undefined) return undefined
    const text = this.#options.text === true ? textChange(displayName(path), a, b) : undefined
    return {
      fields: this.#isHashable(a) && this.#isHashable(b) ? [{ field: 'sha256', a: digestOf(a), b: digestOf(b) }] : [],
      firstDifferentByte,
      ...(text !== undefined && { text }),
    }
  }

  /** Whether the holes of the content can be hashed too, within what all of them may cost. */
  #isHashable({ sizeBytes, extents }: DiskImage): boolean {
    const stored = extents.reduce((sum, { length, source }) => (source.kind === 'fill' ? sum : sum + length), 0)
    const holes = sizeBytes - stored
    if (this.#hashedHoles + holes > MAX_HASHED_HOLES) return false
    this.#hashedHoles += holes
    return true
  }

  /** Everything but a file's content, in the order in which it is shown. */
  *#fieldsOf(
    node: FileNode,
    path: ByteString,
    side: 'a' | 'b',
  ): Generator<readonly [field: string, value: FieldValue]> {
    const { ignored, asKept } = this.#options
    if (!ignored.has('modes') && node.type !== 'symlink') yield ['mode', modeText(node.mode)]
    if (!ignored.has('owners')) {
      yield ['uid', node.uid]
      yield ['gid', node.gid]
    }
    if (!ignored.has('times')) yield ['mtime', timeText(asKept === undefined ? node.mtime : asKept(node.mtime))]
    if (node.type === 'file') yield ['size', node.content.sizeBytes]
    if (node.type === 'symlink') yield ['target', displayName(node.target)]
    if (node.type === 'char' || node.type === 'block') yield ['device', `${node.major}:${node.minor}`]
    if (!ignored.has('links') && node.type !== 'directory') {
      const first = this.#firstPath(node, path, side)
      if (first !== path) yield ['link', shown(first)]
    }
    if (!ignored.has('xattrs')) {
      for (const [name, value] of [...(node.xattrs ?? [])].sort(([x], [y]) => (x < y ? -1 : 1))) {
        yield [displayName(name as ByteString), `0x${Buffer.from(value).toString('hex')}`]
      }
    }
  }

  #firstPath(node: FileNode, path: ByteString, side: 'a' | 'b'): ByteString {
    const known = this.#first[side === 'a' ? 0 : 1]
    const first = known.get(node)
    if (first === undefined) known.set(node, path)
    return first ?? path
  }
}

function shown(path: ByteString): string {
  return `/${displayName(path)}`
}

/**
 * A SHA-256 is over all bytes, zeros of holes too. So many of those are hashed in a comparison, which takes some seconds;
 * files of terabytes may hold next to nothing.
 */
const MAX_HASHED_HOLES = 4 * 2 ** 30

function digestOf(content: DiskImage): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(content)) hash.update(chunk)
  return hash.digest('hex')
}

/** What is not the same in two lists of fields; in the order of `a`, then what only `b` has. */
export function fieldDifferences(
  a: Iterable<readonly [string, FieldValue | undefined]>,
  b: Iterable<readonly [string, FieldValue | undefined]>,
): FieldDifference[] {
  const [left, right] = [new Map(a), new Map(b)]
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((field) => {
    const [before, after] = [left.get(field), right.get(field)]
    if (before === after) return []
    return [{ field, ...(before !== undefined && { a: before }), ...(after !== undefined && { b: after }) }]
  })
}
