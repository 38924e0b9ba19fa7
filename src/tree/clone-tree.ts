import type { DirectoryNode, FileNode, FileTree } from './file-tree.js'

/** A tree whose nodes may be changed without the original noticing; one file's names stay one node. Contents are shared. */
export function cloneTree(tree: FileTree): FileTree {
  const copies = new Map<FileNode, FileNode>()
  const copy = (node: FileNode): FileNode => {
    const known = copies.get(node)
    if (known !== undefined) return known
    const made: FileNode = node.type === 'directory' ? copyDirectory(node) : { ...node }
    copies.set(node, made)
    return made
  }
  const copyDirectory = (node: DirectoryNode): DirectoryNode => {
    const children: DirectoryNode['children'] = new Map()
    for (const [name, child] of node.children) children.set(name, copy(child))
    return { ...node, children }
  }
  return copyDirectory(tree)
}
