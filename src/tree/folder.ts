/**
 * A folder of the host as a payload tree. One lstat a file, no content is read (but for holes). Everything arrives: modes
 * with setuid and sticky bits, symlinks as bytes, hard links, devices, fifos, sockets, times with nanoseconds, names that
 * are not UTF-8.
 *
 * The root directory is not the source folder's twin: its mode is 0755 whatever the umask of the checkout was, unless
 * `owner: keep` asks for the folder as it stands; its owner follows the ownership rule like everybody's. So it is implied:
 * laid over another tree it changes nothing of that one's root.
 */

import { accessSync, type BigIntStats, constants, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { appendAll } from '../bytes/append-all.js'
import { type ByteString, compareBytes, displayName } from '../bytes/text.js'
import { type ConfigPath, LayoutError, type Problem, type Warning } from '../errors.js'
import type { SourceFile } from '../image/extent.js'
import { sourceFileOf } from '../image/source-file.js'
import type { CommandRunner } from './command-runner.js'
import { ZERO_BLOCK_BYTES } from './data-ranges.js'
import { S_IFMT, typeOfMode } from './file-mode.js'
import {
  type DirectoryNode,
  type FileNode,
  type FileTree,
  originAndContent,
  type RegularFileNode,
  type Timestamp,
} from './file-tree.js'
import { FolderHoles, savedBytes } from './folder-holes.js'
import {
  childPath,
  deviceNumbers,
  type FileStatus,
  type FolderLister,
  type FolderListing,
  type HostPath,
  listFolder,
  pathBytes,
  statusOf,
} from './folder-listing.js'
import { FolderMarks, gitMode, type ModeRule } from './folder-marks.js'
import { type FolderWay, wayInto } from './folder-way.js'
import { readFolderXattrs } from './folder-xattrs.js'
import { sortXattrs, type XattrRule } from './kept-xattrs.js'
import { type Ownership, ownerInVolume } from './ownership.js'
import { problemAt, unreadable } from './payload-problem.js'
import { kindOf, readSourceFile } from './raw-file.js'
import { sizeDisagreement } from './source-size.js'
import { clampTimestamp, timestampFromNs } from './timestamp.js'
import { nodeAtPath } from './tree-builder.js'
import { UnreadableEntries } from './unreadable-entries.js'

export interface FolderOptions {
  readonly owner: Ownership
  /**
   * What becomes a hole of a file: nothing; what the source has as one (st_blocks says that there are some, a search for
   * blocks of zeros where); every aligned block of zeros in files of 1 MiB and more.
   */
  readonly holes: 'none' | 'host' | 'all'
  /** Which extended attributes are kept; `auto` and `name` read them where getfattr is installed. */
  readonly xattrs: XattrRule
  /** Missing: the host's. */
  readonly modes?: ModeRule
  /** Symlinks are read as what they lead to. */
  readonly links?: 'follow'
  /** SOURCE_DATE_EPOCH: later times become this one. */
  readonly clampTo?: Timestamp
  /** Runs getfattr; needed unless `xattrs` is `none`. */
  readonly runner?: CommandRunner
  /** Shares the walk over a large folder. */
  readonly lister?: FolderLister
  readonly signal?: AbortSignal
  /** The config value that named the folder, for errors. */
  readonly configPath?: ConfigPath
}

export interface FolderReading {
  readonly tree: FileTree
  readonly warnings: readonly Warning[]
  /** Files that the host stores with holes, and what those save there: for the message when a volume is too small. */
  readonly sparseAtSource: { readonly files: number; readonly bytes: number }
  /** Whether nodes are marked with what they do not carry (`Unkept`). */
  readonly isMarked: boolean
}

const OWNER_MAY_READ = 0o400

/** LayoutError with everything that is missing or unreadable, all at once. */
export async function readFolder(path: string, options: FolderOptions): Promise<FolderReading> {
  const root = statRoot(path, options.configPath)
  const xattrs = readFolderXattrs(path, options)
  // A failure of getfattr during the walk must not count as unhandled.
  xattrs.catch(() => undefined)
  const walk = new FolderWalk(path, options)
  const tree = await walk.root(path, statusOf(root))
  if (walk.problems.length > 0) throw new LayoutError(walk.problems)
  for (const [file, values] of await xattrs) {
    const node = nodeAtPath(tree, file)
    if (node !== undefined) setXattrs(node, values, walk.marks, options)
  }
  return { tree, warnings: [], sparseAtSource: walk.sparse, isMarked: walk.marks.count > 0 }
}

/** One file of the host, symlinks followed, as a folder would have it. LayoutError when it is missing or unreadable. */
export async function readFolderFile(
  path: string,
  options: FolderOptions,
): Promise<Pick<FolderReading, 'sparseAtSource' | 'isMarked'> & { readonly node: RegularFileNode }> {
  readSourceFile(path, options.configPath)
  const walk = new FolderWalk(dirname(path), options)
  const node = walk.file(path, statusOf(statSync(path, { bigint: true })))
  await walk.findHoles()
  if (walk.problems.length > 0) throw new LayoutError(walk.problems)
  const real = realpathSync(path)
  const [xattrs] = (await readFolderXattrs(dirname(real), options, `./${basename(real)}`)).values()
  if (xattrs !== undefined) setXattrs(node, xattrs, walk.marks, options)
  return { node, sparseAtSource: walk.sparse, isMarked: walk.marks.count > 0 }
}

function setXattrs(
  node: FileNode,
  xattrs: ReadonlyMap<string, Uint8Array>,
  marks: FolderMarks,
  { xattrs: rule, modes = 'host' }: FolderOptions,
): void {
  const { kept, leftOut } = sortXattrs(xattrs, rule, modes)
  if (kept.size > 0) node.xattrs = kept
  if (leftOut.length > 0) marks.xattrs(node, leftOut)
}

function statRoot(path: string, configPath: ConfigPath | undefined): BigIntStats {
  const accepted = 'a folder that this user can read is accepted'
  let root: BigIntStats
  try {
    root = statSync(path, { bigint: true })
  } catch (error) {
    throw new LayoutError(unreadable(`folder "${path}"`, error, accepted, configPath), { cause: error })
  }
  if (root.isDirectory()) return root
  const hint = root.isFile() ? 'fs: PATH, without a type, copies a file as it is' : undefined
  throw new LayoutError(
    problemAt(`Cannot read folder "${path}": it is ${kindOf(root as never)}, ${accepted}`, configPath, hint),
  )
}

interface Waiting {
  readonly path: HostPath
  readonly children: Map<ByteString, FileNode>
  /** Where links are followed: the folders on the way, as a link may lead back to one of them. */
  readonly way: FolderWay | undefined
}

/** A name of a file that has several. */
interface LinkedName extends Waiting {
  readonly name: ByteString
  readonly status: FileStatus
}

/** Before this many entries are known, a folder is read sooner than a thread has started. */
const SHARED_MINIMUM_ENTRIES = 4096
/** Some thousand files: what is asked of another thread at once. */
const FOLDERS_AT_ONCE = 16
/** Links that lead to folders with links to folders can make a few inodes a tree without end. */
const MAX_FOLLOWED_FOLDERS = 100_000

/** Reads one folder, the folders in it one after the other; two at a time where there is a thread to share them with. */
class FolderWalk {
  readonly #problems: Problem[] = []
  readonly #unreadables = new UnreadableEntries()
  readonly sparse = { files: 0, bytes: 0 }
  readonly marks: FolderMarks
  readonly #options: FolderOptions
  readonly #follows: boolean
  #followedFolders = 0
  readonly #user = process.geteuid?.() ?? 0
  /** Folders that nobody has listed yet, from `#shared` on; those before it another thread has got. */
  readonly #waiting: Waiting[] = []
  #shared = 0
  /** Batches of folders that another thread lists, and what is to be done with those that it has listed. */
  readonly #asked = new Set<Promise<void>>()
  readonly #answers: (() => void)[] = []
  readonly #linked: LinkedName[] = []
  readonly #holes: FolderHoles
  #entries = 0

  constructor(root: string, options: FolderOptions) {
    this.#holes = new FolderHoles(options.holes)
    this.#options = options
    this.marks = new FolderMarks(root, options)
    this.#follows = options.links === 'follow'
  }

  async root(path: string, status: FileStatus): Promise<DirectoryNode> {
    const node = this.#directory(path, status, undefined)
    await this.#walk()
    this.#nameLinked()
    await this.findHoles()
    this.#problems.sort((a, b) => (a.message < b.message ? -1 : 1))
    if (this.#options.owner.kind === 'keep') return node
    // It does not speak for itself, so there is nothing of it to miss.
    const { unkept: _, ...root } = node
    return { ...root, mode: 0o755, implied: true }
  }

  /** Also for one that a link names. Spelt out, as each node here: there is one for each file, and spreading costs more than lstat. */
  file(path: HostPath, status: FileStatus): RegularFileNode {
    const { mode, uid, gid, mtime } = this.#attributes(status)
    const file = this.#source(path, status)
    const { content, origin } = originAndContent(file)
    const node: RegularFileNode =
      origin === undefined
        ? { type: 'file', mode, uid, gid, mtime, content }
        : { type: 'file', mode, uid, gid, mtime, content, origin }
    const marked = this.marks.node(node, status)
    this.#holes.add({ path, node: marked, file, status })
    return marked
  }

  /** Finds the holes of the files that are to have some. */
  findHoles(): Promise<void> {
    return this.#holes.find(this.#options, (path, action) => this.#attempt(path, action))
  }

  async #walk(): Promise<void> {
    for (;;) {
      for (const enter of this.#answers.splice(0)) enter()
      this.#share()
      const folder = this.#waiting.length > this.#shared ? this.#waiting.pop() : undefined
      if (folder !== undefined) this.#listHere(folder)
      else if (this.#asked.size > 0) await Promise.race(this.#asked)
      else if (this.#answers.length === 0) return
      // What the other thread has to say comes in here.
      if (this.#asked.size > 0) await nextTurn()
    }
  }

  /** Hands the folders that wait longest to another thread, as long as it takes some and enough are left. */
  #share(): void {
    const { lister } = this.#options
    if (lister === undefined || this.#entries < SHARED_MINIMUM_ENTRIES) return
    while (this.#waiting.length - this.#shared >= 2 * FOLDERS_AT_ONCE) {
      const folders = this.#waiting.slice(this.#shared, this.#shared + FOLDERS_AT_ONCE)
      const listings = lister.list(folders.map(({ path }) => path))
      if (listings === undefined) return
      this.#shared += FOLDERS_AT_ONCE
      const asked: Promise<void> = listings
        .then(
          (found) => folders.map((folder, index) => () => this.#enter(folder, found[index]!)),
          // Whatever went wrong there goes wrong here too, and as the error that it is.
          () => folders.map((folder) => () => this.#listHere(folder)),
        )
        .then((answers) => {
          appendAll(this.#answers, answers)
          this.#asked.delete(asked)
        })
      this.#asked.add(asked)
    }
  }

  #listHere(folder: Waiting): void {
    try {
      this.#enter(folder, listFolder(folder.path))
    } catch (error) {
      this.#unreadable('folder', folder.path, error)
    }
  }

  #enter({ path, children, way }: Waiting, listing: FolderListing): void {
    this.#entries += listing.entries.length
    for (const { name, status } of listing.entries)
      this.#add({ path: childPath(path, name), children, way, name, status })
    for (const name of listing.refused) {
      const child = childPath(path, name)
      this.#attempt(child, () => {
        this.#add({ path: child, children, way, name, status: statusOf(lstatSync(child, { bigint: true })) })
      })
    }
  }

  #add(entry: LinkedName): void {
    const { path, children, name, status, way } = entry
    if (this.#follows && typeOfMode(status.mode) === 'symlink') {
      this.#attempt(path, () => children.set(name, this.#followed(path, way)))
    } else if (status.linkCount === 1 || typeOfMode(status.mode) === 'directory') {
      this.#attempt(path, () => children.set(name, this.#node(path, status, way)))
    } else {
      this.#linked.push(entry)
    }
  }

  /** In the order of their paths, so that what stands for all of them does not depend on who was first. */
  #nameLinked(): void {
    const known = new Map<string, FileNode>()
    const sorted = this.#linked.map((entry) => ({ ...entry, order: pathBytes(entry.path) }))
    for (const { path, children, name, status } of sorted.sort((a, b) => compareBytes(a.order, b.order))) {
      this.#attempt(path, () => {
        const key = `${status.dev}:${status.ino}`
        const node = known.get(key) ?? this.#node(path, status, undefined)
        known.set(key, node)
        children.set(name, node)
      })
    }
  }

  #node(path: HostPath, status: FileStatus, way: FolderWay | undefined): FileNode {
    const type = typeOfMode(status.mode)
    switch (type) {
      case 'directory':
        return this.#directory(path, status, way)
      case 'file':
        return this.file(path, status)
      case 'symlink': {
        const target = readlinkSync(path, { encoding: 'latin1' }) as ByteString
        const node = this.marks.node({ type, ...this.#attributes(status), target }, status)
        return this.marks.link(node, pathBytes(path))
      }
      case 'char':
      case 'block':
        return this.marks.node({ type, ...this.#attributes(status), ...deviceNumbers(status.rdev) }, status)
      default:
        return this.marks.node({ type: type ?? 'socket', ...this.#attributes(status) }, status)
    }
  }

  /** Empty as yet. `above`: the folders on the way, where links are followed. */
  #directory(path: HostPath, status: FileStatus, above: FolderWay | undefined): DirectoryNode {
    const children = new Map<ByteString, FileNode>()
    this.#waiting.push({ path, children, way: this.#follows ? wayInto(path, status, above) : undefined })
    return this.marks.node({ type: 'directory', ...this.#attributes(status), children }, status)
  }

  /** What a symlink leads to. Throws what stat throws, and LayoutError where it is neither a file nor a folder. */
  #followed(path: HostPath, way: FolderWay | undefined): FileNode {
    const stats = statSync(path, { bigint: true })
    const status = statusOf(stats)
    if (stats.isFile()) return this.file(path, status)
    if (!stats.isDirectory()) {
      throw this.#refusal('follow', path, `it leads to ${kindOf(stats as never)}, a file or a folder is accepted`)
    }
    if (++this.#followedFolders > MAX_FOLLOWED_FOLDERS) {
      const accepted = `${MAX_FOLLOWED_FOLDERS} folders were reached through links, no more are followed`
      throw this.#refusal('follow', path, accepted)
    }
    return this.#directory(path, status, way)
  }

  #attributes({ mode, uid, gid, mtimeNs }: FileStatus) {
    const owner = ownerInVolume(this.#options.owner, { uid, gid })
    return {
      mode: this.#options.modes === 'git' ? gitMode(mode) : mode & ~S_IFMT,
      uid: owner.uid,
      gid: owner.gid,
      mtime: clampTimestamp(timestampFromNs(mtimeNs), this.#options.clampTo),
    }
  }

  #source(path: HostPath, status: FileStatus): SourceFile {
    const { uid, mode, sizeBytes } = status
    // access() costs as much as lstat(): the owner's read bit settles it for nearly every file.
    if (uid !== this.#user || (mode & OWNER_MAY_READ) === 0) accessSync(path, constants.R_OK)
    const wrong = sizeDisagreement(path, status)
    if (wrong !== undefined) throw this.#refusal('read', path, `${wrong}, a file whose size is true is accepted`)
    const saved = savedBytes(status)
    if (saved >= ZERO_BLOCK_BYTES) {
      this.sparse.files++
      this.sparse.bytes += saved
    }
    return sourceFileOf(path, sizeBytes, status)
  }

  #attempt(path: HostPath, action: () => void): void {
    try {
      action()
    } catch (error) {
      const { configPath: at } = this.#options
      if (error instanceof LayoutError)
        appendAll(
          this.#problems,
          error.problems.map((it) => (at ? { path: at, ...it } : it)),
        )
      else this.#unreadable('file', path, error)
    }
  }

  /** Everything that is wrong, once the walk has ended. */
  get problems(): readonly Problem[] {
    return [...this.#problems, ...this.#unreadables.problems(this.#options.configPath)]
  }

  #refusal(act: 'read' | 'follow', path: HostPath, why: string): LayoutError {
    const what = act === 'read' ? 'file' : 'link'
    const message = `Cannot ${act} ${what} "${displayName(pathBytes(path))}": ${why}`
    return new LayoutError(problemAt(message, this.#options.configPath))
  }

  #unreadable(kind: 'file' | 'folder', path: HostPath, error: unknown): void {
    this.#unreadables.add(kind, displayName(pathBytes(path)), error)
  }
}
