/** The whole volume as a tree, or the way to one node of it. */
import type { ByteString } from '../../../bytes/text.js'
import type { DirectoryNode, FileNode, FileTree } from '../../../tree/file-tree.js'
import { EXT4_ROOT_INO } from '../disklayout/inode.js'
import { type DirectoryEntry, readDirectory } from './read-directory.js'
import { type InodeRecord, readInode } from './read-inode.js'
import { readNode } from './read-node.js'
import { type InodeXattrs, XattrReader } from './read-xattrs.js'
import type { Reading } from './reading.js'

/** Twice what a path of PATH_MAX bytes can name: only a damaged volume has deeper folders. */
const MAX_DEPTH = 4096

/** A node with the inode that it came from. */
export interface Located {
  readonly node: FileNode
  readonly inode: InodeRecord
  readonly found: InodeXattrs
}

/** Makes one node of each inode. `reading` must throw what is reported. */
export class TreeReader {
  readonly #reading: Reading
  readonly #xattrs: XattrReader
  readonly #nodes = new Map<number, FileNode>()

  constructor(reading: Reading) {
    this.#reading = reading
    this.#xattrs = new XattrReader(reading)
  }

  root(): Located {
    const root = this.#located(EXT4_ROOT_INO)
    if (root.node.type !== 'directory') {
      const { offset } = root.inode
      this.#refuse('the root (inode 2)', offset, 'i_mode', root.node.type, 'a directory')
    }
    return root
  }

  /** Follows names from the root. Directories on the way are read; the one found has its children, they have none. */
  find(path: readonly ByteString[]): Located | undefined {
    let at: Located = this.root()
    for (const name of path) {
      if (at.node.type !== 'directory') return undefined
      const entry = this.#entries(at).find((each) => each.name === name)
      if (entry === undefined) return undefined
      at = this.#located(entry.inode)
    }
    return at
  }

  /** Fills in the children of a directory and gives those that are directories. */
  fill({ node, inode, found }: Located): Located[] {
    const directories: Located[] = []
    if (node.type !== 'directory') return directories
    const { children } = node as DirectoryNode
    for (const { name, inode: number, offset } of this.#entries({ node, inode, found })) {
      if (children.has(name)) {
        this.#refuse(`directory inode ${inode.number}`, offset, 'name', `"${name}" again`, 'a name that it has once')
      }
      const child = this.#located(number)
      children.set(name, child.node)
      if (child.node.type === 'directory') directories.push(child)
    }
    return directories
  }

  tree(): FileTree {
    const root = this.root()
    const seen = new Set<FileNode>([root.node])
    const waiting: { located: Located; depth: number }[] = [{ located: root, depth: 0 }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { located, depth } = next
      if (depth > MAX_DEPTH) {
        const { number, offset } = located.inode
        this.#refuse(`inode ${number}`, offset, 'its depth', depth, `at most ${MAX_DEPTH} folders above`)
      }
      for (const child of this.fill(located).reverse()) {
        if (seen.has(child.node)) {
          const { number, offset } = child.inode
          this.#refuse(`inode ${number}`, offset, 'its names', 'a second one', 'one in a directory')
        }
        seen.add(child.node)
        waiting.push({ located: child, depth: depth + 1 })
      }
    }
    return root.node as FileTree
  }

  #entries({ inode, found }: Located): readonly DirectoryEntry[] {
    return readDirectory(this.#reading, inode, found).entries
  }

  #located(number: number): Located {
    const inode = readInode(this.#reading, number)
    const found = this.#xattrs.of(inode)
    const node = this.#nodes.get(number) ?? readNode(this.#reading, inode, found)!
    this.#nodes.set(number, node)
    return { node, inode, found }
  }

  #refuse(structure: string, offset: number, field: string, found: string | number, expected: string): void {
    this.#reading.report({ structure, offset, field, found, expected })
  }
}
