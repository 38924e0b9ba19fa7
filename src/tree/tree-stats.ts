import { compareTimestamps, type DirectoryNode, type FileNode, type FileTree, type Timestamp } from './file-tree.js'

/** A tree in figures. A file with several names counts once. */
export interface TreeStats {
  readonly files: number
  /** The root included. */
  readonly directories: number
  /** Symlinks, devices, fifos, sockets. */
  readonly others: number
  /** Lengths of all files, holes included. */
  readonly bytes: number
  /** The latest mtime of any node, the root included. */
  readonly newest: Timestamp
}

export function measureTree(tree: FileTree): TreeStats {
  const stats = { files: 0, directories: 0, others: 0, bytes: 0, newest: tree.mtime }
  const seen = new Set<FileNode>()
  const pending: DirectoryNode[] = [tree]
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    stats.directories++
    if (compareTimestamps(directory.mtime, stats.newest) > 0) stats.newest = directory.mtime
    for (const node of directory.children.values()) {
      if (node.type === 'directory') {
        pending.push(node)
        continue
      }
      if (seen.has(node)) continue
      seen.add(node)
      if (compareTimestamps(node.mtime, stats.newest) > 0) stats.newest = node.mtime
      if (node.type === 'file') {
        stats.files++
        stats.bytes += node.content.sizeBytes
      } else {
        stats.others++
      }
    }
  }
  return stats
}
