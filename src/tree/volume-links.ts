/**
 * Paths of a volume as a kernel walks them that has the volume as its root: symbolic links above the last name are
 * followed, absolute ones from the root of the tree.  [path_resolution(7)]
 */
import { type ByteString, displayName } from '../bytes/text.js'
import type { DirectoryNode, FileNode } from './file-tree.js'

/** As Linux counts them in one path (MAXSYMLINKS). */
const MAX_LINKS = 40

export interface FollowedPath {
  /** The same place without a link above it; the last name may be one that does not exist yet. */
  readonly names: readonly ByteString[]
  /** Undefined where nothing has that name. */
  readonly node: FileNode | undefined
}

/** `why`: the end of a sentence that begins with the path. */
export type LinkProblem = { readonly why: string }

export interface FollowOptions {
  /** Whether a link that is the last name is followed too. */
  readonly last: 'follow' | 'keep'
  /** `..` at the root of the tree: a problem (the default), or the root itself, as it is for a kernel. */
  readonly atRoot?: 'refuse' | 'stay'
}

/**
 * Where `path` leads in `root`. Names that do not exist yet may stand at the end of the path itself; a link whose target
 * does not exist, leads out of the tree or goes in circles is a LinkProblem.
 */
export function followPath(
  root: DirectoryNode,
  path: readonly ByteString[],
  { last, atRoot = 'refuse' }: FollowOptions,
): FollowedPath | LinkProblem {
  /** Names still to go, the next one last; `link` is the link that each comes from, if any. */
  const rest: { readonly name: ByteString; readonly link?: string }[] = path.map((name) => ({ name })).reverse()
  const above: { readonly name: ByteString; readonly folder: DirectoryNode }[] = []
  let links = 0
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { name, link } = next
    if (name === '..') {
      if (above.pop() === undefined && atRoot === 'refuse') return { why: `${link ?? 'it'} leads out of the volume` }
      continue
    }
    const folder = above.at(-1)?.folder ?? root
    const child = folder.children.get(name)
    const names = (): ByteString[] => [...above.map((step) => step.name), name]
    if (child?.type === 'symlink' && (rest.length > 0 || last === 'follow')) {
      const shown = `"/${displayName(names().join('/') as ByteString)}" is a link to "${displayName(child.target)}" and`
      if (++links > MAX_LINKS) return { why: `${shown} part of a loop of links` }
      if (child.target.startsWith('/')) above.length = 0
      for (const part of splitTarget(child.target).reverse()) rest.push({ name: part, link: shown })
      continue
    }
    if (child === undefined) {
      if (link !== undefined) return { why: `${link} leads to nothing` }
      return { names: [...names(), ...rest.map((step) => step.name).reverse()], node: undefined }
    }
    if (child.type === 'directory') {
      above.push({ name, folder: child })
    } else if (rest.length > 0) {
      const shown = displayName(names().join('/') as ByteString)
      return {
        why: `${link === undefined ? '' : `${link} leads to `}"/${shown}"${link === undefined ? ' is' : ','} a ${child.type}`,
      }
    } else {
      return { names: names(), node: child }
    }
  }
  return { names: above.map((step) => step.name), node: above.at(-1)?.folder ?? root }
}

/** The folder behind a link, or why there is none. `path`: the link's. */
export function followToFolder(
  root: DirectoryNode,
  path: readonly ByteString[],
): { readonly names: readonly ByteString[]; readonly node: DirectoryNode } | LinkProblem {
  const followed = followPath(root, path, { last: 'follow' })
  if ('why' in followed) return followed
  const { names, node } = followed
  if (node?.type === 'directory') return { names, node }
  const what = node === undefined ? 'nothing' : `"/${displayName(names.join('/') as ByteString)}", a ${node.type}`
  return { why: `it leads to ${what}` }
}

/** What stands at `path` when links above it are followed, or undefined; `follow` takes a link at its end as well. */
export function nodeBehindLinks(root: DirectoryNode, path: string, last: FollowOptions['last']): FileNode | undefined {
  const names = splitTarget(path)
  if (names.includes('..' as ByteString)) return undefined
  const followed = followPath(root, names, { last })
  return 'why' in followed ? undefined : followed.node
}

function splitTarget(target: string): ByteString[] {
  return target.split('/').filter((name) => name !== '' && name !== '.') as ByteString[]
}
