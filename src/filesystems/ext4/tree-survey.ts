/**
 * The tree as numbered nodes: one for each inode, in tree order (a directory, then what it holds, names in bytewise
 * order), so that a hard link's file counts where its first name stands. Independent of block size and volume size.
 */
import { type ByteString, byteString, displayName } from '../../bytes/text.js'
import { FormatError, type Problem } from '../../errors.js'
import type { DirectoryNode, FileNode, FileTree, Timestamp } from '../../tree/file-tree.js'
import { EXT4_NAME_LEN } from './disklayout/directory.js'
import { EXT4_GOOD_OLD_FIRST_INO, EXT4_LINK_MAX, EXT4_ROOT_INO } from './disklayout/inode.js'

export interface SurveyedDirectory {
  /** Index of its node, and of the node that holds it (the root holds itself). */
  readonly node: number
  readonly parent: number
  /** Sorted; `children[i]` is the node that `names[i]` names. */
  readonly names: readonly ByteString[]
  readonly children: readonly number[]
}

export interface TreeSurvey {
  /** The root is 0; lost+found, where there is one, is 1. */
  readonly nodes: readonly FileNode[]
  /** By node: names of a file; of a directory its own two and one for each directory inside. */
  readonly linkCounts: Uint32Array
  /** In the order of their nodes. */
  readonly directories: readonly SurveyedDirectory[]
  readonly hasLostAndFound: boolean
  /** For messages. Cost grows with the tree. */
  pathOf(node: number): string
}

export interface SurveyOptions {
  readonly lostAndFound: boolean
  /** Of a lost+found that is not in the payload. */
  readonly time: Timestamp
  /** Feature dir_nlink: a directory may have more directories than a link count can say. */
  readonly anyNumberOfDirectories: boolean
}

const LOST_AND_FOUND = byteString('lost+found')
const FORBIDDEN = /[/\0]/

/** The inode number of a node. Ten inodes are the file system's own. */
export function inodeNumberOf(node: number): number {
  return node === 0 ? EXT4_ROOT_INO : EXT4_GOOD_OLD_FIRST_INO - 1 + node
}

/** The other way round; undefined for the file system's own. Beyond the last node there are none, which nobody checks here. */
export function nodeOfInode(number: number): number | undefined {
  if (number === EXT4_ROOT_INO) return 0
  return number < EXT4_GOOD_OLD_FIRST_INO ? undefined : number - (EXT4_GOOD_OLD_FIRST_INO - 1)
}

/** Throws FormatError with everything in the tree that no ext file system can hold. */
export function surveyTree(tree: FileTree, options: SurveyOptions): TreeSurvey {
  const survey = new Survey()
  survey.addRoot(withLostAndFound(tree, options), options.lostAndFound)
  return survey.finish(options)
}

function withLostAndFound(tree: FileTree, { lostAndFound, time }: SurveyOptions): FileTree {
  if (!lostAndFound) return tree
  const found = tree.children.get(LOST_AND_FOUND)
  if (found?.type === 'directory') return tree
  if (found !== undefined) {
    throw new FormatError(`Cannot make the directory "lost+found": the payload has a ${found.type} of that name`)
  }
  const made: DirectoryNode = { type: 'directory', mode: 0o700, uid: 0, gid: 0, mtime: time, children: new Map() }
  return { ...tree, children: new Map(tree.children).set(LOST_AND_FOUND, made) }
}

interface Frame extends SurveyedDirectory {
  readonly directory: DirectoryNode
  readonly children: number[]
}

class Survey {
  readonly #nodes: FileNode[] = []
  readonly #indexes = new Map<FileNode, number>()
  readonly #links: number[] = []
  readonly #directories: Frame[] = []
  readonly #badNames: [directory: number, name: ByteString][] = []
  readonly #repeated: number[] = []
  #hasLostAndFound = false

  addRoot(root: DirectoryNode, lostAndFound: boolean): void {
    const frame = this.#open(root, this.#number(root), 0)
    const found = lostAndFound ? root.children.get(LOST_AND_FOUND) : undefined
    if (found?.type === 'directory') {
      this.#hasLostAndFound = true
      this.#walk(this.#open(found, this.#number(found), 0))
    }
    this.#walk(frame)
  }

  #number(node: FileNode): number {
    const index = this.#nodes.push(node) - 1
    this.#indexes.set(node, index)
    this.#links.push(0)
    return index
  }

  #open(directory: DirectoryNode, node: number, parent: number): Frame {
    // The default order of strings is by character code, and these hold one byte per character.
    const names = [...directory.children.keys()].sort()
    const frame: Frame = { directory, node, parent, names, children: [] }
    this.#directories.push(frame)
    this.#links[node] = 2
    return frame
  }

  /** Depth first, without recursion: trees may be deeper than the stack. */
  #walk(top: Frame): void {
    const stack = [top]
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const position = frame.children.length
      if (position === frame.names.length) {
        stack.pop()
        continue
      }
      const opened = this.#addEntry(frame, frame.names[position]!)
      if (opened !== undefined) stack.push(opened)
    }
  }

  #addEntry(frame: Frame, name: ByteString): Frame | undefined {
    if (name === '' || name.length > EXT4_NAME_LEN || FORBIDDEN.test(name) || name === '.' || name === '..') {
      this.#badNames.push([frame.node, name])
    }
    const node = frame.directory.children.get(name)!
    const known = this.#indexes.get(node)
    const index = known ?? this.#number(node)
    frame.children.push(index)
    if (node.type !== 'directory') {
      this.#links[index]!++
      return undefined
    }
    this.#links[frame.node]!++
    if (known === undefined) return this.#open(node, index, frame.node)
    const isLostAndFound = this.#hasLostAndFound && known === 1 && frame.node === 0
    if (!isLostAndFound) this.#repeated.push(index)
    return undefined
  }

  finish(options: SurveyOptions): TreeSurvey {
    const directories = this.#directories.sort((a, b) => a.node - b.node)
    const survey: TreeSurvey = {
      nodes: this.#nodes,
      linkCounts: Uint32Array.from(this.#links),
      directories: directories.map(({ node, parent, names, children }) => ({ node, parent, names, children })),
      hasLostAndFound: this.#hasLostAndFound,
      pathOf: (node) => findPath(directories, node),
    }
    const problems = [...this.#nameProblems(survey), ...this.#linkProblems(survey, options)]
    if (problems.length > 0) throw new FormatError(problems)
    return survey
  }

  #nameProblems(survey: TreeSurvey): Problem[] {
    return this.#badNames.map(([directory, name]) => ({
      message:
        `Cannot write the name "${displayName(name)}" in "/${survey.pathOf(directory)}": ${name.length} bytes, ` +
        `accepted are 1 to ${EXT4_NAME_LEN} bytes without "/" and NUL, not "." or ".."`,
    }))
  }

  #linkProblems(survey: TreeSurvey, { anyNumberOfDirectories }: SurveyOptions): Problem[] {
    const problems = this.#repeated.map((node) => ({
      message: `Cannot write "${survey.pathOf(node)}": the directory has a second name, which ext does not allow`,
    }))
    this.#links.forEach((links, node) => {
      const isDirectory = this.#nodes[node]!.type === 'directory'
      if (links <= EXT4_LINK_MAX || (isDirectory && anyNumberOfDirectories)) return
      const hint = isDirectory ? ' (with the feature dir_nlink any number)' : ''
      problems.push({
        message: `Cannot write "${survey.pathOf(node)}": ${links} links, at most ${EXT4_LINK_MAX}${hint}`,
      })
    })
    return problems
  }
}

/** The path of a node's first name, `etc/fstab`; '' for the root. */
function findPath(directories: readonly SurveyedDirectory[], node: number): string {
  const parts: string[] = []
  for (let at = node; at !== 0; ) {
    const holder = directories.find(({ children }) => children.includes(at))!
    parts.unshift(displayName(holder.names[holder.children.indexOf(at)]!))
    at = holder.node
  }
  return parts.join('/')
}
