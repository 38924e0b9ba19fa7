/** Changes to a payload tree that the config asks for: what stays, what goes, what is called otherwise, small files inline. */
import { type ByteString, byteString, displayName } from '../bytes/text.js'
import { FormatError, type Problem } from '../errors.js'
import { ImageBuilder } from '../image/extent.js'
import { cloneTree } from './clone-tree.js'
import type { DirectoryNode, FileNode, FileTree, Timestamp } from './file-tree.js'
import { compileGlob, type PathMatcher } from './path-glob.js'
import { nodeAtPath, splitPayloadPath, TreeBuilder } from './tree-builder.js'

export type TreeEdit =
  /** Only what matches stays, with the folders above it and all below. */
  | { readonly kind: 'include'; readonly patterns: readonly string[] }
  /** What matches goes, with all below. */
  | { readonly kind: 'remove'; readonly patterns: readonly string[] }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** A file with this content; UTF-8 when it is text. */
  | {
      readonly kind: 'write'
      readonly path: string
      readonly content: string | Uint8Array
      readonly attributes: Partial<EditAttributes>
    }
  /** Mode and owner of everything that matches. */
  | { readonly kind: 'set'; readonly pattern: string; readonly attributes: Partial<EditAttributes> }

export interface EditAttributes {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/**
 * The edits in order, on a copy. `time`: of inline files. FormatError with all edits that find nothing (a pattern that
 * matches nothing is a typing error more often than not) or have no place.
 */
export function editTree(tree: FileTree, edits: readonly TreeEdit[], time: Timestamp): FileTree {
  let edited = cloneTree(tree)
  const problems: Problem[] = []
  for (const edit of edits) {
    try {
      edited = applyEdit(edited, edit, time)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new FormatError(problems)
  return edited
}

function applyEdit(tree: FileTree, edit: TreeEdit, time: Timestamp): FileTree {
  switch (edit.kind) {
    case 'include':
      return { ...tree, children: kept(tree, matchers(edit.patterns, tree), '') }
    case 'remove':
      removeMatching(tree, matchers(edit.patterns, tree), '')
      return tree
    case 'rename':
      return rename(tree, edit.from, edit.to)
    case 'write':
      return write(tree, edit.path, edit, time)
    case 'set': {
      const [matches] = matchers([edit.pattern], tree)
      for (const [path, node] of everyPath(tree, '')) if (matches!(path)) Object.assign(node, edit.attributes)
      return tree
    }
  }
}

/** FormatError naming each pattern that matches nothing. */
function matchers(patterns: readonly string[], tree: FileTree): PathMatcher[] {
  const compiled = patterns.map(compileGlob)
  const unused = new Set(compiled)
  for (const [path] of everyPath(tree, '')) {
    for (const matches of unused) if (matches(path)) unused.delete(matches)
    if (unused.size === 0) return compiled
  }
  throw new FormatError(
    patterns
      .filter((_, index) => unused.has(compiled[index]!))
      .map((pattern) => ({ message: `Cannot apply the pattern "${pattern}": it matches nothing in the tree` })),
  )
}

function* everyPath(directory: DirectoryNode, prefix: string): Generator<[ByteString, FileNode]> {
  for (const [name, node] of directory.children) {
    const path = `${prefix}${name}` as ByteString
    yield [path, node]
    if (node.type === 'directory') yield* everyPath(node, `${path}/`)
  }
}

function kept(directory: DirectoryNode, wanted: readonly PathMatcher[], prefix: string): DirectoryNode['children'] {
  const children: DirectoryNode['children'] = new Map()
  for (const [name, node] of directory.children) {
    const path = `${prefix}${name}` as ByteString
    if (wanted.some((matches) => matches(path))) children.set(name, node)
    else if (node.type === 'directory') {
      const below = kept(node, wanted, `${path}/`)
      if (below.size > 0) children.set(name, { ...node, children: below })
    }
  }
  return children
}

function removeMatching(directory: DirectoryNode, unwanted: readonly PathMatcher[], prefix: string): void {
  for (const [name, node] of directory.children) {
    const path = `${prefix}${name}` as ByteString
    if (unwanted.some((matches) => matches(path))) directory.children.delete(name)
    else if (node.type === 'directory') removeMatching(node, unwanted, `${path}/`)
  }
}

function rename(tree: FileTree, from: string, to: string): FileTree {
  const source = byteString(from)
  const target = byteString(to)
  const names = splitPayloadPath(source) ?? []
  const name = names.pop()
  const folder = nodeAtPath(tree, names.join('/'))
  const node = name === undefined || folder?.type !== 'directory' ? undefined : folder.children.get(name)
  if (node === undefined || name === undefined || folder?.type !== 'directory') {
    throw new FormatError(`Cannot rename "${displayName(source)}": it does not exist`)
  }
  if (nodeAtPath(tree, target) !== undefined) {
    throw new FormatError(`Cannot rename "${displayName(source)}" to "${displayName(target)}": that is there already`)
  }
  folder.children.delete(name)
  const builder = TreeBuilder.over(tree, 'rename')
  builder.add(target, node)
  return builder.finish()
}

const INLINE_MODE = 0o644

function write(
  tree: FileTree,
  path: string,
  { content, attributes }: Extract<TreeEdit, { kind: 'write' }>,
  time: Timestamp,
): FileTree {
  const bytes = typeof content === 'string' ? new Uint8Array(Buffer.from(content, 'utf8')) : content
  const image = new ImageBuilder(bytes.length).bytes(0, bytes).finish()
  const builder = TreeBuilder.over(tree, 'inline files')
  const defaults = { mode: INLINE_MODE, uid: 0, gid: 0, mtime: time }
  builder.add(byteString(path), { type: 'file', ...defaults, ...attributes, content: image })
  return builder.finish()
}
