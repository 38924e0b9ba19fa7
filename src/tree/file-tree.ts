/**
 * The payload as a value: what a volume will hold, wherever it came from. Readers (folder, tar, list) make it, layers
 * change it, formats take it as an argument. Nothing in it depends on the order in which a host lists a folder.
 */
import { type ByteString, compareBytes } from '../bytes/text.js'
import type { ConfigPath } from '../errors.js'
import type { DiskImage, Extent, SourceFile } from '../image/extent.js'

/** Seconds since 1970 (may be negative) and 0 to 999,999,999 nanoseconds after it. */
export interface Timestamp {
  readonly seconds: number
  readonly nanoseconds: number
}

/** What every node has. */
export interface NodeAttributes {
  /** Permission bits with setuid, setgid, sticky: 0 to 0o7777. */
  mode: number
  uid: number
  gid: number
  mtime: Timestamp
  /** Full names (`security.capability`, `user.note`; one character a byte) to values; the POSIX ACLs in the kernel's xattr form. */
  xattrs?: ReadonlyMap<string, Uint8Array>
  /** What the source says and this node does not carry, to be judged when the tree is finished. */
  unkept?: Unkept
}

export interface Unkept {
  /** Ids at the source that became root's, although they are neither root's nor the builder's and no `owner:` is given. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** Names of extended attributes at the source that the rule of `xattrs:` leaves out. */
  readonly xattrs?: readonly string[]
  /** setuid, setgid and sticky bits at the source, under `modes: git`. */
  readonly modeBits?: number
  /** Of a symlink that leads out of its folder: the path of the build machine that exists there. */
  readonly hostTarget?: string
  /** The config value that named the source. */
  readonly configPath?: ConfigPath
}

export interface DirectoryNode extends NodeAttributes {
  type: 'directory'
  /** Insertion order means nothing; formats go through `sortedEntries`. Never holds `.` or `..`. */
  children: Map<ByteString, FileNode>
  /** Nobody said what it is like: it is there for what it holds. Laid over a folder it leaves that one's attributes alone. */
  implied?: true
}

/** A hard link is the same object under several names. */
export interface RegularFileNode extends NodeAttributes {
  type: 'file'
  /** The file's bytes as an image value; what no extent covers is a hole. */
  content: DiskImage
  /** Of the host, where no extent of `content` names it: an empty file, or one that is a single hole. */
  origin?: SourceFile
}

export interface SymlinkNode extends NodeAttributes {
  type: 'symlink'
  target: ByteString
}

export interface DeviceNode extends NodeAttributes {
  type: 'char' | 'block'
  major: number
  minor: number
}

export interface SpecialNode extends NodeAttributes {
  type: 'fifo' | 'socket'
}

export type FileNode = DirectoryNode | RegularFileNode | SymlinkNode | DeviceNode | SpecialNode

/** Folders in one another that a source may have: no path of PATH_MAX (4096) bytes names more. */
export const MAX_TREE_DEPTH = 2048

/** The root directory. */
export type FileTree = DirectoryNode

export const EPOCH_1980: Timestamp = { seconds: 315_532_800, nanoseconds: 0 }

/** An empty root: mode 0755, owned by root. */
export function emptyTree(mtime: Timestamp): FileTree {
  return { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime, children: new Map() }
}

/** The entries of a directory in bytewise order of their names: the order of everything that is written. */
export function sortedEntries(directory: DirectoryNode): [ByteString, FileNode][] {
  return [...directory.children].sort(([a], [b]) => compareBytes(a, b))
}

/** Every node under `root` with its path (`etc/fstab`; the root itself is ''), parents before children, in bytewise order. */
export function* walkTree(root: DirectoryNode, prefix = ''): Generator<readonly [path: ByteString, node: FileNode]> {
  if (prefix === '') yield ['' as ByteString, root]
  // Not by recursion: how deep it goes is the source's to say.
  const open = [{ path: prefix, entries: sortedEntries(root), next: 0 }]
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const entry = at.entries[at.next++]
    if (entry === undefined) {
      open.pop()
      continue
    }
    const [name, node] = entry
    const path = (at.path === '' ? name : `${at.path}/${name}`) as ByteString
    yield [path, node]
    if (node.type === 'directory') open.push({ path, entries: sortedEntries(node), next: 0 })
  }
}

export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds
}

/** What a node of a file of the host has of it. */
export function originAndContent(
  file: SourceFile,
  content = contentOfFile(file),
): Pick<RegularFileNode, 'content' | 'origin'> {
  return content.extents.length === 0 ? { content, origin: file } : { content }
}

/** The whole of a host file as content, without a hole. */
export function contentOfFile(file: SourceFile): DiskImage {
  return file.sizeBytes === 0 ? EMPTY_CONTENT : new WholeFile(file)
}

/** Its one extent is made when somebody asks: kept for each of a hundred thousand files it would be most of the tree's memory. */
class WholeFile implements DiskImage {
  readonly #file: SourceFile

  constructor(file: SourceFile) {
    this.#file = file
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  get extents(): readonly Extent[] {
    const file = this.#file
    return [{ offset: 0, length: file.sizeBytes, source: { kind: 'file', file, offset: 0 } }]
  }
}

export const EMPTY_CONTENT: DiskImage = { sizeBytes: 0, extents: [] }
