/** Changes to a payload tree that the config asks for: what stays, what goes, what is called otherwise, single nodes. */
import { appendAll } from '../bytes/append-all.js'
import { type ByteString, byteString, compareBytes, displayName } from '../bytes/text.js'
import { type ConfigPath, FormatError, type Problem } from '../errors.js'
import { type Account, accountIds, readAccountNames } from './account-names.js'
import { cloneTree } from './clone-tree.js'
import type { DirectoryNode, FileNode, FileTree, NodeAttributes } from './file-tree.js'
import type { Owner } from './ownership.js'
import { compileGlob, type PathMatcher } from './path-glob.js'
import { splitPayloadPath, TreeBuilder } from './tree-builder.js'
import { settleUnkept } from './unkept.js'
import { followPath, nodeBehindLinks } from './volume-links.js'

export type TreeEdit = {
  /** The config value that asked for it, for errors. */
  readonly configPath?: ConfigPath
} & (
  | { readonly kind: 'include' | 'remove' | 'exclude'; readonly patterns: readonly string[] }
  /** `from`: a path, or a pattern that exactly one path matches. */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** Mode and owner of everything that matches. */
  | { readonly kind: 'set'; readonly patterns: readonly string[]; readonly attributes: EditAttributes }
  /**
   * `node` at `path`, in the place of what is there, but never of a folder; where both are folders the one that is there
   * stays as it is. Links above it are followed. `attributes` on top.
   */
  | { readonly kind: 'put'; readonly path: string; readonly node: FileNode; readonly attributes: EditAttributes }
)

export interface EditAttributes {
  readonly mode?: number
  readonly owner?: Account
}

/**
 * The edits in order, on a copy. `include`: only what matches stays, with the folders above it and all below. `remove`:
 * what matches goes, with all below; `exclude` too, and need not match anything. FormatError with all edits that find
 * nothing (a pattern that matches nothing is a typing error more often than not) or have no place.
 */
export function editTree(tree: FileTree, edits: readonly TreeEdit[]): FileTree {
  let edited = cloneTree(tree)
  const problems: Problem[] = []
  for (const edit of edits) {
    try {
      edited = applyEdit(edited, edit)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const { configPath: path } = edit
      appendAll(
        problems,
        error.problems.map((problem) => (path === undefined ? problem : { path, ...problem })),
      )
    }
  }
  if (problems.length > 0) throw new FormatError(problems)
  return edited
}

function applyEdit(tree: FileTree, edit: TreeEdit): FileTree {
  switch (edit.kind) {
    case 'include':
      return { ...tree, children: kept(tree, matchers(edit.patterns, tree), '') }
    case 'remove':
      removeMatching(tree, matchers(edit.patterns, tree), '')
      return tree
    case 'exclude':
      removeMatching(tree, edit.patterns.map(compileGlob), '')
      return tree
    case 'rename':
      return rename(tree, edit.from, edit.to)
    case 'put':
      return put(tree, edit)
    case 'set': {
      const wanted = matchers(edit.patterns, tree)
      const attributes = nodeAttributes(edit.attributes, tree)
      for (const [path, node] of everyPath(tree, '')) {
        if (wanted.some((matches) => matches(path))) setAttributes(node, attributes)
      }
      return tree
    }
  }
}

type SetAttributes = Partial<Pick<NodeAttributes, 'mode' | 'uid' | 'gid'>>

/** Names are those of the tree as it is now. */
function nodeAttributes({ mode, owner }: EditAttributes, tree: FileTree): SetAttributes {
  return { ...(mode !== undefined && { mode }), ...(owner && accountIds(owner, readAccountNames(tree))) }
}

function setAttributes(node: FileNode, attributes: SetAttributes): void {
  const { mode, ...owner } = attributes
  // A symlink's mode is not for anybody to set.
  Object.assign(node, node.type === 'symlink' ? owner : attributes)
  settleUnkept(node, attributes)
  if (node.type === 'directory') delete node.implied
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
      .map((pattern) => ({
        message: `Cannot apply the pattern "${pattern}": it matches nothing in the tree`,
        ...hintOfLink(pattern, tree),
      })),
  )
}

/** Patterns see names as they are in the tree, so one that goes through a link matches nothing. */
function hintOfLink(pattern: string, tree: FileTree): { readonly hint: string } | undefined {
  const names = splitPayloadPath(byteString(pattern))
  for (let depth = 1; depth <= (names?.length ?? 0); depth++) {
    const above = names!.slice(0, depth)
    const node = nodeBehindLinks(tree, above.join('/'), 'keep')
    if (node?.type !== 'symlink') continue
    const behind = followPath(tree, above, { last: 'follow' })
    if ('why' in behind) return undefined
    const shown = (path: readonly ByteString[]): string => `/${displayName(path.join('/') as ByteString)}`
    return { hint: `"${shown(above)}" is a link: write "${shown([...behind.names, ...names!.slice(depth)])}"` }
  }
  return undefined
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
  const given = byteString(from)
  const source = nodeBehindLinks(tree, given, 'keep') === undefined ? onlyMatch(tree, from) : given
  const shown = `Cannot rename "${displayName(source)}"`
  const names = [...realPath(tree, source, shown)]
  const name = names.pop()
  const folder = nodeBehindLinks(tree, names.join('/'), 'keep')
  const node = name === undefined || folder?.type !== 'directory' ? undefined : folder.children.get(name)
  if (node === undefined || name === undefined || folder?.type !== 'directory') {
    throw new FormatError(`${shown}: it is the root, accepted is what stands in it`)
  }
  const target = realPath(tree, byteString(to), `${shown} to "${to}"`).join('/') as ByteString
  if (nodeBehindLinks(tree, target, 'keep') !== undefined) {
    throw new FormatError(`${shown} to "${displayName(target)}": that is there already`)
  }
  if (`${target}/`.startsWith(`${[...names, name].join('/')}/`)) {
    throw new FormatError(`${shown} to "${displayName(target)}": that is inside it`)
  }
  folder.children.delete(name)
  const builder = TreeBuilder.over(tree, 'rename')
  builder.add(target, node)
  return builder.finish()
}

/** The names of the same place without a link above it. `what` begins the message where a link leads nowhere. */
function realPath(tree: FileTree, path: ByteString, what: string): readonly ByteString[] {
  const followed = followPath(tree, splitPayloadPath(path) ?? ['..' as ByteString], { last: 'keep' })
  if ('why' in followed) throw new FormatError(`${what}: ${followed.why}`)
  return followed.names
}

const SHOWN_MATCHES = 5

function onlyMatch(tree: FileTree, pattern: string): ByteString {
  const matches = compileGlob(pattern)
  const found = [...everyPath(tree, '')].map(([path]) => path).filter(matches)
  if (found.length === 0) throw new FormatError(`Cannot rename "${pattern}": it does not exist`)
  if (found.length > 1) {
    const shown = found.toSorted(compareBytes).slice(0, SHOWN_MATCHES).map(displayName).join(', ')
    throw new FormatError(`Cannot rename "${pattern}": ${found.length} paths match, one is accepted: ${shown}`)
  }
  return found[0]!
}

function put(tree: FileTree, { path, node, attributes }: Extract<TreeEdit, { kind: 'put' }>): FileTree {
  // A folder is also there where a link leads to one; anything else takes the place of a link.
  const before = nodeBehindLinks(tree, byteString(path), node.type === 'directory' ? 'follow' : 'keep')
  const given = nodeAttributes(attributes, tree)
  if (before?.type === 'directory') {
    if (node.type !== 'directory') throw new FormatError(`Cannot put a ${node.type} at "${path}": a folder is there`)
    if (Object.keys(given).length > 0) setAttributes(before, given)
    return tree
  }
  const builder = TreeBuilder.over(tree, 'the config')
  const placed = { ...node, ...given }
  settleUnkept(placed, given)
  builder.add(byteString(path), placed)
  return builder.finish()
}

/** Gives all that is in a tree to one account; the tree is changed. `root`: the root directory, too. */
export function giveTree(tree: FileTree, owner: Owner, { root }: { root: boolean }): void {
  if (root) setAttributes(tree, owner)
  for (const [, node] of everyPath(tree, '')) setAttributes(node, owner)
}
