import { formatSize } from '../bytes/format-size.js'
import { type ByteString, compareBytes } from '../bytes/text.js'
import { type FileNode, type FileTree, walkTree } from '../tree/file-tree.js'
import { showPath } from './path-list.js'

const LISTED = 5

/**
 * What takes the room, for messages: `; the largest are Image (12 MiB), rootfs.cpio (8 MiB)`, or nothing. A file with several
 * names counts once. O(files · log files).
 */
export function largestFilesText(tree: FileTree): string {
  const seen = new Set<FileNode>()
  const files: { path: ByteString; bytes: number }[] = []
  for (const [path, node] of walkTree(tree)) {
    if (node.type !== 'file' || node.content.sizeBytes === 0 || seen.has(node)) continue
    seen.add(node)
    files.push({ path, bytes: node.content.sizeBytes })
  }
  if (files.length === 0) return ''
  const largest = files.sort((a, b) => b.bytes - a.bytes || compareBytes(a.path, b.path)).slice(0, LISTED)
  return `; the largest are ${largest.map(({ path, bytes }) => `${showPath(path)} (${formatSize(bytes)})`).join(', ')}`
}
