/** How much the folders of a tree hold, as far as a picture has room for them. */
import { displayName } from '../bytes/text.js'
import type { DirectoryNode, FileNode, FileTree } from '../tree/file-tree.js'
import type { FolderSize } from './disk-picture.js'

/** Levels below the root. */
const MAX_DEPTH = 3
/** Of one folder. */
const MAX_FOLDERS = 12
/** A smaller share of the volume's files is not seen. */
const LEAST_SHARE = 1 / 400

/** Lengths of the files, holes included. O(nodes). */
export function folderSizes(tree: FileTree): FolderSize {
  const whole = measure(tree, { name: '/', path: '/', depth: 0, seen: new Set() })
  return prune(whole, whole.bytes * LEAST_SHARE)
}

interface FolderPlace {
  readonly name: string
  readonly path: string
  readonly depth: number
  readonly seen: Set<FileNode>
}

function measure(directory: DirectoryNode, { name, path, depth, seen }: FolderPlace): FolderSize {
  let bytes = 0
  let files = 0
  const folders: FolderSize[] = []
  for (const [childName, node] of directory.children) {
    if (node.type === 'directory') {
      const text = displayName(childName)
      const below = `${path === '/' ? '' : path}/${text}`
      const folder = measure(node, { name: text, path: below, depth: depth + 1, seen })
      bytes += folder.bytes
      files += folder.files
      if (depth < MAX_DEPTH) folders.push(folder)
    } else if (node.type === 'file' && !seen.has(node)) {
      seen.add(node)
      bytes += node.content.sizeBytes
      files++
    }
  }
  return { name, path, bytes, files, folders }
}

function prune(folder: FolderSize, leastBytes: number): FolderSize {
  const folders = folder.folders
    .filter(({ bytes }) => bytes > 0 && bytes >= leastBytes)
    .sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
    .slice(0, MAX_FOLDERS)
    .map((each) => prune(each, leastBytes))
  return { ...folder, folders }
}
