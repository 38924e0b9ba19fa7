/**
 * A folder of the host as a payload tree. One lstat a file, no content is read (but for holes): 100,000 files in about
 * half a second. Everything arrives: modes with setuid and sticky bits, symlinks as bytes, hard links, devices, fifos,
 * sockets, times with nanoseconds, names that are not UTF-8.
 *
 * The root directory is not the source folder's twin: its mode is 0755 whatever the umask of the checkout was, unless
 * `owner: keep` asks for the folder as it stands; its owner follows the ownership rule like everybody's. So it is implied:
 * laid over another tree it changes nothing of that one's root.
 */
import {
  accessSync,
  type BigIntStats,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { type ByteString, byteString, decodeUtf8, displayName } from '../bytes/text.js'
import { type ConfigPath, LayoutError, type Problem } from '../errors.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import type { CommandRunner } from './command-runner.js'
import { type DataScanner, makeDataScanner, ZERO_BLOCK_BYTES } from './data-ranges.js'
import { S_IFMT, typeOfMode } from './file-mode.js'
import {
  type DirectoryNode,
  type FileNode,
  type FileTree,
  originAndContent,
  type RegularFileNode,
  type Timestamp,
} from './file-tree.js'
import { readFolderXattrs } from './folder-xattrs.js'
import { type Ownership, ownerInVolume } from './ownership.js'
import { problemAt, unreadable } from './payload-problem.js'
import { kindOf, readSourceFile } from './raw-file.js'
import { clampTimestamp, timestampFromNs } from './timestamp.js'

export interface FolderOptions {
  readonly owner: Ownership
  /**
   * What becomes a hole of a file: nothing; what the source has as one (st_blocks says that there are some, a search for
   * blocks of zeros where); every aligned block of zeros in files of 1 MiB and more.
   */
  readonly holes: 'none' | 'host' | 'all'
  /** `auto`: keep them where getfattr is installed. */
  readonly xattrs: 'none' | 'keep' | 'auto'
  /** SOURCE_DATE_EPOCH: later times become this one. */
  readonly clampTo?: Timestamp
  /** Runs getfattr; needed unless `xattrs` is `none`. */
  readonly runner?: CommandRunner
  readonly signal?: AbortSignal
  /** The config value that named the folder, for errors. */
  readonly configPath?: ConfigPath
}

export interface FolderReading {
  readonly tree: FileTree
  readonly warnings: readonly Problem[]
  /** Files that the host stores with holes, and what those save there: for the message when a volume is too small. */
  readonly sparseAtSource: { readonly files: number; readonly bytes: number }
}

/** Shorter files keep their zeros under `holes: all`. */
const MIN_SPARSE_FILE_BYTES = 1 << 20
const STAT_BLOCK_BYTES = 512

const OWNER_MAY_READ = 0o400

/** LayoutError with everything that is missing or unreadable, all at once. */
export async function readFolder(path: string, options: FolderOptions): Promise<FolderReading> {
  const root = statRoot(path, options.configPath)
  const xattrs = readFolderXattrs(path, options)
  // The walk below is synchronous; a failure of getfattr meanwhile must not count as unhandled.
  xattrs.catch(() => undefined)
  const walk = new FolderWalk(options)
  const tree = walk.root(path, root)
  if (walk.problems.length > 0) throw new LayoutError(walk.problems)
  for (const [file, values] of await xattrs) {
    const node = nodeAt(tree, file)
    if (node !== undefined) node.xattrs = values
  }
  return { tree, warnings: [], sparseAtSource: walk.sparse }
}

/** One file of the host, symlinks followed, as a folder would have it. LayoutError when it is missing or unreadable. */
export async function readFolderFile(
  path: string,
  options: FolderOptions,
): Promise<Pick<FolderReading, 'sparseAtSource'> & { readonly node: RegularFileNode }> {
  readSourceFile(path, options.configPath)
  const walk = new FolderWalk(options)
  const node = walk.file(path, statSync(path, { bigint: true }))
  const real = realpathSync(path)
  const [xattrs] = (await readFolderXattrs(dirname(real), options, `./${basename(real)}`)).values()
  if (xattrs !== undefined) node.xattrs = xattrs
  return { node, sparseAtSource: walk.sparse }
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

/** Reads one folder. Paths are host paths: text, or bytes below the first name that is not UTF-8. */
class FolderWalk {
  readonly problems: Problem[] = []
  readonly sparse = { files: 0, bytes: 0 }
  readonly #options: FolderOptions
  readonly #user = process.geteuid?.() ?? 0
  /** Nodes with several names, by device and inode number. */
  readonly #linked = new Map<string, FileNode>()
  #scanner: DataScanner | undefined

  constructor(options: FolderOptions) {
    this.#options = options
  }

  root(path: string, status: BigIntStats): DirectoryNode {
    const node = this.#directory(path, status)
    if (this.#options.owner.kind === 'keep') return node
    return { ...node, mode: 0o755, implied: true }
  }

  /** Also for one that is named by a link. Spelt out, as each node below: there is one for each file, and spreading costs more than lstat. */
  file(path: string | Buffer, status: BigIntStats): RegularFileNode {
    const { mode, uid, gid, mtime } = this.#attributes(status)
    const { content, origin } = this.#content(path, status)
    if (origin === undefined) return { type: 'file', mode, uid, gid, mtime, content }
    return { type: 'file', mode, uid, gid, mtime, content, origin }
  }

  #directory(path: string | Buffer, status: BigIntStats): DirectoryNode {
    const children = new Map<ByteString, FileNode>()
    let names: string[] = []
    try {
      names = readdirSync(path, { encoding: 'latin1' })
    } catch (error) {
      this.#unreadable('folder', path, error)
    }
    for (const name of names as ByteString[]) {
      const child = this.#node(childPath(path, name))
      if (child !== undefined) children.set(name, child)
    }
    return { type: 'directory', ...this.#attributes(status), children }
  }

  #node(path: string | Buffer): FileNode | undefined {
    try {
      const status = lstatSync(path, { bigint: true })
      if (status.nlink === 1n || status.isDirectory()) return this.#fresh(path, status)
      const key = `${status.dev}:${status.ino}`
      const known = this.#linked.get(key)
      if (known !== undefined) return known
      const node = this.#fresh(path, status)
      this.#linked.set(key, node)
      return node
    } catch (error) {
      this.#unreadable('file', path, error)
      return undefined
    }
  }

  #fresh(path: string | Buffer, status: BigIntStats): FileNode {
    const type = typeOfMode(Number(status.mode))
    switch (type) {
      case 'directory':
        return this.#directory(path, status)
      case 'file':
        return this.file(path, status)
      case 'symlink':
        return { type, ...this.#attributes(status), target: readlinkSync(path, { encoding: 'latin1' }) as ByteString }
      case 'char':
      case 'block':
        return { type, ...this.#attributes(status), ...deviceNumbers(status.rdev) }
      default:
        return { type: type ?? 'socket', ...this.#attributes(status) }
    }
  }

  #attributes(status: BigIntStats) {
    const owner = ownerInVolume(this.#options.owner, { uid: Number(status.uid), gid: Number(status.gid) })
    return {
      mode: Number(status.mode) & ~S_IFMT,
      uid: owner.uid,
      gid: owner.gid,
      mtime: clampTimestamp(timestampFromNs(status.mtimeNs), this.#options.clampTo),
    }
  }

  #content(path: string | Buffer, status: BigIntStats): Pick<RegularFileNode, 'content' | 'origin'> {
    // access() costs as much as lstat(): the owner's read bit settles it for nearly every file.
    if (Number(status.uid) !== this.#user || (Number(status.mode) & OWNER_MAY_READ) === 0) {
      accessSync(path, constants.R_OK)
    }
    const file: SourceFile = { path, sizeBytes: Number(status.size), mtimeNs: status.mtimeNs }
    const saved = file.sizeBytes - Number(status.blocks) * STAT_BLOCK_BYTES
    const isSparse = saved >= ZERO_BLOCK_BYTES
    if (isSparse) {
      this.sparse.files++
      this.sparse.bytes += saved
    }
    const { holes } = this.#options
    const hasHoles = (holes === 'host' && isSparse) || (holes === 'all' && file.sizeBytes >= MIN_SPARSE_FILE_BYTES)
    return originAndContent(file, hasHoles ? this.#sparseContent(file) : undefined)
  }

  #sparseContent(file: SourceFile): DiskImage {
    this.#scanner ??= makeDataScanner()
    const builder = new ImageBuilder(file.sizeBytes)
    for (const [start, end] of this.#scanner.scan(file.path, file.sizeBytes)) {
      builder.file(start, end - start, file, start)
    }
    return builder.finish()
  }

  #unreadable(kind: 'file' | 'folder', path: string | Buffer, error: unknown): void {
    const accepted = 'everything in a payload folder must be readable by this user'
    this.problems.push(unreadable(`${kind} "${displayPath(path)}"`, error, accepted, this.#options.configPath))
  }
}

/** Text as long as every name is UTF-8; bytes from the first other one on. */
function childPath(folder: string | Buffer, name: ByteString): string | Buffer {
  const text = decodeUtf8(name)
  if (typeof folder === 'string' && text !== undefined) return `${folder}/${text}`
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), Buffer.from(name, 'latin1')])
}

function displayPath(path: string | Buffer): string {
  return displayName(typeof path === 'string' ? byteString(path) : (path.toString('latin1') as ByteString))
}

/** As glibc's makedev packs them: minor bits 0-7 and 20-31, major bits 8-19 and 32-63. */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn)),
  }
}

function nodeAt(tree: DirectoryNode, path: ByteString): FileNode | undefined {
  let node: FileNode | undefined = tree
  if (path === '.') return node
  for (const name of path.split('/') as ByteString[]) {
    if (node?.type !== 'directory') return undefined
    node = node.children.get(name)
  }
  return node
}
