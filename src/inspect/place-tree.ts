/**
 * A tree of a volume put into the host's file system. Names and links come from an image that anybody may have made, so nothing
 * is followed: everything is made below a folder that is new, each name once, under names that hold no slash and are not `..`,
 * and a symlink is never on the way to anything. Folders are private until everything in them is complete: owners, modes and
 * times come last, from the innermost folder outwards, and those of the outermost one when it is in its place (`handOver`).
 * What this user may not make or keep is told, not passed over.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type ByteString, byteString, displayName, toHostPath } from '../bytes/text.js'
import { FormatError, InterruptedError, IoError, systemReason, type Warning } from '../errors.js'
import { CHUNK_BYTES } from '../image/chunks.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { CommandRunner } from '../tree/command-runner.js'
import {
  type DeviceNode,
  type DirectoryNode,
  type FileNode,
  type RegularFileNode,
  type SpecialNode,
  sortedEntries,
  type Timestamp,
} from '../tree/file-tree.js'
import { LeftOut } from './left-out.js'
import { restoreXattrs, type XattrHolder } from './restore-xattrs.js'

export interface PlaceOptions {
  /** Runs mknod and setfattr. */
  readonly runner: CommandRunner
  /** The path that messages name in place of `path`. */
  readonly shownAs?: string
  readonly signal?: AbortSignal | undefined
}

export interface Placed {
  /** Without the folders. */
  readonly entries: number
  readonly folders: number
  /** Bytes of content that were written. */
  readonly bytes: number
  /** What could not be made or kept, a problem for each kind. */
  readonly notes: readonly Warning[]
  /** Gives a folder at `path` its owner, mode and time, by its descriptor, wherever it was moved. Call it once. */
  handOver(): void
  /** Lets the descriptor go where `handOver` is not called. Safe to call after it. */
  release(): void
}

/**
 * Makes `node` at `path` (absolute), where there is nothing yet, in a folder that nobody else can enter. Throws FormatError for
 * names that no file can have, IoError, or InterruptedError; what was made stays then, for the caller to remove.
 */
export async function placeNode(node: FileNode, path: string, options: PlaceOptions): Promise<Placed> {
  const placing = new Placing(path, options)
  try {
    await placing.node(byteString(path), node)
    return await placing.finish(node)
  } finally {
    placing.close()
  }
}

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600
const SET_ID_BITS = 0o6000

class Placing {
  readonly #options: PlaceOptions
  readonly #isRoot = process.geteuid?.() === 0
  readonly #user = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  readonly #reader = new PayloadReader()
  readonly #buffer = new Uint8Array(CHUNK_BYTES)
  readonly #first = new Map<FileNode, ByteString>()
  readonly #holders: XattrHolder[] = []
  /** Files and folders whose modes and times wait for their attributes and content, parents before children. */
  readonly #waiting: { readonly path: ByteString; readonly node: FileNode }[] = []
  readonly #left = new LeftOut()
  readonly #counts = { entries: 0, folders: 0, bytes: 0 }

  readonly #root: string

  constructor(root: string, options: PlaceOptions) {
    this.#root = root
    this.#options = options
  }

  async node(path: ByteString, node: FileNode): Promise<void> {
    if (this.#options.signal?.aborted) throw new InterruptedError()
    if (node.type === 'directory') {
      await this.#directory(path, node)
      return
    }
    this.#counts.entries++
    const first = this.#first.get(node)
    if (first !== undefined) {
      this.#attempt(path, () => linkSync(toHostPath(first), toHostPath(path)))
      return
    }
    const isMade =
      node.type === 'file' || node.type === 'symlink' ? this.#plain(path, node) : await this.#special(path, node)
    if (isMade) this.#first.set(node, path)
    else this.#counts.entries--
  }

  /** Owners, then attributes, which a change of the owner would clear, then modes, and times, which everything else changes. */
  async finish(node: FileNode): Promise<Placed> {
    const top = node.type === 'directory' ? this.#openTop() : undefined
    try {
      const innermostFirst = this.#waiting.toReversed().filter((each) => each.node !== node || top === undefined)
      for (const each of innermostFirst) {
        if (this.#isRoot)
          this.#attempt(each.path, () => lchownSync(toHostPath(each.path), each.node.uid, each.node.gid))
      }
      await restoreXattrs(this.#holders, dirname(this.#root), {
        ...this.#options,
        isRoot: this.#isRoot,
        left: this.#left,
      })
      for (const each of innermostFirst) {
        this.#attempt(each.path, () => {
          chmodSync(toHostPath(each.path), this.#modeOf(each.node))
          utimesSync(toHostPath(each.path), timeOf(each.node.mtime), timeOf(each.node.mtime))
        })
      }
      // Counts the top's set-id bits too, which it has not got yet.
      const mode = this.#modeOf(node)
      const release = (): void => top?.close()
      const handOver = (): void => {
        if (top !== undefined) this.#attempt(byteString(this.#root), () => this.#setTop(top.fd, node, mode))
        release()
      }
      return { ...this.#counts, notes: this.#left.notes(), handOver, release }
    } catch (error) {
      top?.close()
      throw error
    }
  }

  #openTop(): { readonly fd: number; close(): void } {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
    const fd = this.#attempt(byteString(this.#root), () => openSync(this.#root, flags))
    let isOpen = true
    return {
      fd,
      close() {
        if (isOpen) closeSync(fd)
        isOpen = false
      },
    }
  }

  #setTop(fd: number, node: FileNode, mode: number): void {
    if (this.#isRoot) fchownSync(fd, node.uid, node.gid)
    fchmodSync(fd, mode)
    futimesSync(fd, timeOf(node.mtime), timeOf(node.mtime))
  }

  close(): void {
    this.#reader.abandon()
  }

  async #directory(path: ByteString, node: DirectoryNode): Promise<void> {
    this.#attempt(path, () => mkdirSync(toHostPath(path), PRIVATE_FOLDER))
    this.#counts.folders++
    this.#waiting.push({ path, node })
    this.#noteXattrs(path, node)
    this.#noteOwner(node)
    for (const [name, child] of sortedEntries(node)) {
      assertName(name, this.#shown(path))
      await this.node(`${path}/${name}` as ByteString, child)
    }
  }

  #plain(path: ByteString, node: FileNode): boolean {
    this.#noteOwner(node)
    if (node.type === 'file') this.#file(path, node)
    else if (node.type === 'symlink') {
      this.#attempt(path, () => {
        symlinkSync(toHostPath(node.target), toHostPath(path))
        if (this.#isRoot) lchownSync(toHostPath(path), node.uid, node.gid)
        lutimesSync(toHostPath(path), timeOf(node.mtime), timeOf(node.mtime))
      })
      this.#noteXattrs(path, node)
    }
    return true
  }

  #file(path: ByteString, node: RegularFileNode): void {
    const fd = this.#attempt(path, () => openSync(toHostPath(path), 'wx', PRIVATE_FILE))
    try {
      this.#write(fd, path, node)
      this.#attempt(path, () => {
        if (this.#isRoot) fchownSync(fd, node.uid, node.gid)
        if (this.#noteXattrs(path, node)) {
          this.#waiting.push({ path, node })
          return
        }
        fchmodSync(fd, this.#modeOf(node))
        futimesSync(fd, timeOf(node.mtime), timeOf(node.mtime))
      })
    } finally {
      closeSync(fd)
    }
  }

  /** Holes stay holes. */
  #write(fd: number, path: ByteString, { content }: RegularFileNode): void {
    let end = 0
    for (const { offset, length } of content.extents) {
      for (let at = offset; at < offset + length; at += this.#buffer.length) {
        const part = this.#buffer.subarray(0, Math.min(this.#buffer.length, offset + length - at))
        readImage(content, at, part, this.#reader)
        this.#attempt(path, () => writeFully(fd, part, at))
      }
      end = offset + length
      this.#counts.bytes += length
    }
    if (end < content.sizeBytes) this.#attempt(path, () => ftruncateSync(fd, content.sizeBytes))
  }

  async #special(path: ByteString, node: FileNode): Promise<boolean> {
    if (node.type === 'socket') {
      this.#left.add('sockets')
      return false
    }
    const isDevice = node.type === 'char' || node.type === 'block'
    if (isDevice && !this.#isRoot) {
      this.#left.add('devices')
      return false
    }
    const host = toHostPath(path)
    const made = typeof host === 'string' && (await this.#makeNode(host, node as DeviceNode | SpecialNode))
    if (!made) {
      this.#left.add(isDevice ? 'devices' : 'fifos')
      return false
    }
    this.#noteOwner(node)
    this.#attempt(path, () => {
      if (this.#isRoot) lchownSync(host, node.uid, node.gid)
      chmodSync(host, this.#modeOf(node))
      utimesSync(host, timeOf(node.mtime), timeOf(node.mtime))
    })
    return true
  }

  async #makeNode(path: string, node: DeviceNode | SpecialNode): Promise<boolean> {
    const { runner, signal } = this.#options
    if (runner.locate('mknod') === undefined) return false
    const kind =
      node.type === 'fifo'
        ? ['p']
        : [node.type === 'char' ? 'c' : 'b', String((node as DeviceNode).major), String((node as DeviceNode).minor)]
    const { status } = await runner.run(
      'mknod',
      ['-m', '600', '--', `./${path.slice(dirname(this.#root).length + 1)}`, ...kind],
      { cwd: dirname(this.#root), ...(signal && { signal }) },
    )
    return status === 0
  }

  #noteXattrs(path: ByteString, node: FileNode): boolean {
    if (node.xattrs === undefined || node.xattrs.size === 0) return false
    this.#holders.push({ path, node })
    return true
  }

  #noteOwner(node: FileNode): void {
    if (!this.#isRoot && (node.uid !== this.#user.uid || node.gid !== this.#user.gid)) this.#left.add('owners')
  }

  /** A program that runs as its owner must not run as another one. */
  #modeOf(node: FileNode): number {
    const hasOwner = this.#isRoot || (node.uid === this.#user.uid && node.gid === this.#user.gid)
    if (hasOwner || (node.mode & SET_ID_BITS) === 0) return node.mode
    this.#left.add('set-id')
    return node.mode & ~SET_ID_BITS
  }

  /** The path as the user knows it. */
  #shown(path: ByteString): string {
    const { shownAs } = this.#options
    if (shownAs === undefined) return displayName(path)
    return `${shownAs}${displayName(path.slice(byteString(this.#root).length) as ByteString)}`
  }

  #attempt<T>(path: ByteString, action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw new IoError(`Cannot extract to "${this.#shown(path)}": ${systemReason(error)}`, {
        details: { path: this.#shown(path) },
        cause: error,
      })
    }
  }
}

function assertName(name: ByteString, folder: string): void {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return
  throw new FormatError(`Cannot extract "${displayName(name)}" into "${folder}": no file can have that name`)
}

/**
 * For utimes: access and modification, to a microsecond, which a number just holds. Node takes a negative one for "now"; a Date
 * holds milliseconds.
 */
function timeOf({ seconds, nanoseconds }: Timestamp): number | Date {
  const time = seconds + Math.floor(nanoseconds / 1000) / 1e6
  return time >= 0 ? time : new Date(Math.floor(time * 1000))
}

function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}
