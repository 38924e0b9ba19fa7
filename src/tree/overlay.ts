/** Trees laid over one another, as the layers of a payload: what the upper one has wins, folders merge. */
import type { ByteString } from '../bytes/text.js'
import { displayName } from '../bytes/text.js'
import type { Problem } from '../errors.js'
import type { DirectoryNode, FileNode, FileTree } from './file-tree.js'

export interface Overlay {
  readonly tree: FileTree
  /** Where a folder and something else met under one name: seldom meant, often `lib` beside a symlink `lib → usr/lib`. */
  readonly warnings: readonly Problem[]
}

/** Neither argument changes; nodes that only one of them has are shared with the result. */
export function overlayTrees(lower: FileTree, upper: FileTree): Overlay {
  const warnings: Problem[] = []
  return { tree: overlayDirectories(lower, upper, '' as ByteString, warnings), warnings }
}

function overlayDirectories(
  lower: DirectoryNode,
  upper: DirectoryNode,
  path: ByteString,
  warnings: Problem[],
): DirectoryNode {
  const children = new Map(lower.children)
  for (const [name, node] of upper.children) {
    const below = children.get(name)
    const childPath = (path === '' ? name : `${path}/${name}`) as ByteString
    if (below?.type === 'directory' && node.type === 'directory') {
      children.set(name, overlayDirectories(below, node, childPath, warnings))
      continue
    }
    if (below !== undefined && (below.type === 'directory' || node.type === 'directory')) {
      warnings.push({
        message: `"${displayName(childPath)}": a ${nameOf(node)} of a later source takes the place of a ${nameOf(below)}`,
      })
    }
    children.set(name, node)
  }
  return upper.implied && !lower.implied ? { ...lower, children } : { ...upper, children }
}

function nameOf(node: FileNode): string {
  switch (node.type) {
    case 'directory':
      return 'folder'
    case 'char':
    case 'block':
      return `${node.type} device`
    default:
      return node.type
  }
}
