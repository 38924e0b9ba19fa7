/** Makes a tree from a list of paths, as archives and lists give them: later entries win, missing folders are made. */
import { type ByteString, displayName } from '../bytes/text.js'
import { FormatError, type Problem } from '../errors.js'
import {
  type DirectoryNode,
  emptyTree,
  type FileNode,
  type FileTree,
  MAX_TREE_DEPTH,
  type Timestamp,
} from './file-tree.js'
import { followToFolder, type LinkProblem, nodeBehindLinks } from './volume-links.js'

/** Names between slashes, `.` and empty ones left out; undefined where one is `..`, which would leave the tree. */
export function splitPayloadPath(path: string): ByteString[] | undefined {
  const names = path.split('/').filter((name) => name !== '' && name !== '.') as ByteString[]
  return names.includes('..' as ByteString) ? undefined : names
}

/** What stands at `path`, or undefined. */
export function nodeAtPath(tree: DirectoryNode, path: string): FileNode | undefined {
  let node: FileNode | undefined = tree
  for (const name of splitPayloadPath(path) ?? ['..' as ByteString]) {
    if (node?.type !== 'directory') return undefined
    node = node.children.get(name)
  }
  return node
}

export class TreeBuilder {
  #root: DirectoryNode
  readonly #source: string
  readonly #problems: Problem[] = []

  /** `source`: what the tree comes from, for messages: `"rootfs.tar"`. */
  constructor(source: string, rootTime: Timestamp) {
    this.#source = source
    this.#root = { ...emptyTree(rootTime), implied: true }
  }

  /** Goes on with a tree, which is changed. */
  static over(tree: FileTree, source: string): TreeBuilder {
    const builder = new TreeBuilder(source, tree.mtime)
    builder.#root = tree
    return builder
  }

  /** The tree as far as it is. */
  get root(): FileTree {
    return this.#root
  }

  /**
   * Puts `node` at `path`. Links above it are followed, as a program follows them that unpacks an archive. A folder over a
   * folder gives it new attributes and keeps what is in it; over a link to a folder it changes nothing. Anything else
   * takes the place of what was there, unless that is a folder with content. Folders above that were not named are 0755,
   * owned by root, with the node's time.
   */
  add(path: string, node: FileNode): void {
    const names = splitPayloadPath(path)
    const name = names?.pop()
    if (names === undefined) {
      this.refuse(path, 'it leads out of the tree, ".." is not accepted')
    } else if (name !== undefined) {
      this.#place(path, names, name, node)
    } else if (node.type === 'directory') {
      this.#root = { ...node, children: this.#root.children }
    } else {
      this.refuse(path, `it is a ${node.type}, the root must be a folder`)
    }
  }

  /** Gives the node at `target` one more name. */
  link(path: string, target: string): void {
    const node = nodeBehindLinks(this.#root, target, 'keep')
    const shown = displayName(target as ByteString)
    if (node === undefined) this.refuse(path, `it is a hard link to "${shown}", which does not come before it`)
    else if (node.type === 'directory') this.refuse(path, `it is a hard link to "${shown}", which is a folder`)
    else this.add(path, node)
  }

  refuse(path: string, why: string): void {
    this.#problems.push({
      message: `Cannot put "${displayName(path as ByteString)}" of ${this.#source} into a tree: ${why}`,
    })
  }

  /** What was refused since the last call; `finish` no longer tells it. */
  takeProblems(): Problem[] {
    return this.#problems.splice(0)
  }

  /** FormatError with all that was refused. */
  finish(): FileTree {
    if (this.#problems.length > 0) throw new FormatError(this.#problems)
    return this.#root
  }

  #place(path: string, folders: readonly ByteString[], name: ByteString, node: FileNode): void {
    const folder = this.#folder(folders, node.mtime)
    if ('why' in folder) {
      this.refuse(path, folder.why)
      return
    }
    const before = folder.children.get(name)
    if (node.type === 'directory') {
      if (before?.type === 'symlink') {
        const behind = followToFolder(this.#root, [...folders, name])
        if ('why' in behind) this.refuse(path, `it is a folder, and a link of that name is there: ${behind.why}`)
        return
      }
      folder.children.set(name, before?.type === 'directory' ? { ...node, children: before.children } : node)
    } else if (before?.type === 'directory' && before.children.size > 0) {
      this.refuse(path, `it is a ${node.type}, and a folder with content is there`)
    } else {
      folder.children.set(name, node)
    }
  }

  #folder(names: readonly ByteString[], mtime: Timestamp): DirectoryNode | LinkProblem {
    let folder = this.#root
    let depth = 0
    for (const [index, name] of names.entries()) {
      depth++
      if (depth >= MAX_TREE_DEPTH) return { why: `it is more than ${MAX_TREE_DEPTH} folders deep` }
      let next = folder.children.get(name)
      if (next === undefined) {
        next = { ...emptyTree(mtime), implied: true }
        folder.children.set(name, next)
      }
      if (next.type === 'symlink') {
        const behind = followToFolder(this.#root, names.slice(0, index + 1))
        if ('why' in behind) return behind
        next = behind.node
        depth = behind.names.length
      }
      if (next.type !== 'directory') {
        const shown = displayName(names.slice(0, index + 1).join('/') as ByteString)
        return { why: `a part of its path is no folder: "/${shown}" is a ${next.type}` }
      }
      folder = next
    }
    return folder
  }
}
