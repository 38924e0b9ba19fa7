/**
 * A tree as nodes, in the order of the tree: a directory entry, then what it names. Every node of an inode repeats its attributes,
 * and versions count up within an inode. A directory's own node has the highest version of all that name it as their parent, since
 * the kernel otherwise takes the directory's time from its last entry.
 */
import { type ByteString, byteStringToBytes } from '../../bytes/text.js'
import type { DiskImage } from '../../image/extent.js'
import { PayloadReader } from '../../image/payload-reader.js'
import { TYPE_BITS } from '../../tree/file-mode.js'
import {
  type DirectoryNode,
  type FileNode,
  type FileTree,
  type RegularFileNode,
  sortedEntries,
} from '../../tree/file-tree.js'
import { jffs2Crc } from './crc.js'
import { encodeDevice } from './device-number.js'
import {
  JFFS2_COMPR_NONE,
  JFFS2_COMPR_ZERO,
  JFFS2_LAYOUTS,
  JFFS2_MIN_DATA_LEN,
  JFFS2_ROOT_INO,
  type Layouts,
} from './disklayout.js'
import { filePartsOf, storedData } from './file-pages.js'
import { NodeEncoder } from './node-encode.js'
import { NodeStream } from './node-stream.js'
import type { Jffs2Settings } from './options.js'
import { encodePage } from './page-codec.js'
import { xattrOf } from './xattr.js'

export interface WrittenTree {
  /** Whole erase blocks. */
  readonly image: DiskImage
  /** Up to the end of the last node. */
  readonly usedBytes: number
  readonly inodes: number
  readonly nodes: number
}

/** Reads and compresses every file. `tree`: as `assertHolds` accepts it. IoError as PayloadReader. */
export function writeTree(tree: FileTree, settings: Jffs2Settings): WrittenTree {
  const reader = new PayloadReader()
  try {
    const writer = new TreeWriter(settings, reader)
    writer.root(tree)
    return writer.finish()
  } catch (error) {
    reader.abandon()
    throw error
  } finally {
    reader.close()
  }
}

/** Stretch of a file that one node holds. */
interface Piece {
  readonly offset: number
  readonly dsize: number
  readonly compr: number
  /** What data_crc is over. */
  readonly data: Uint8Array
}

const NO_DATA = new Uint8Array(0)
const DIRENT_TYPE_SHIFT = 12
/** Linux has no other. */
const SYMLINK_MODE = 0o777

class TreeWriter {
  readonly #settings: Jffs2Settings
  readonly #layouts: Layouts
  readonly #encoder: NodeEncoder
  readonly #stream: NodeStream
  readonly #reader: PayloadReader
  readonly #inodes = new Map<FileNode, number>()
  /** Attributes that several inodes share, by all they are. */
  readonly #xattrs = new Map<string, number>()
  #lastIno = JFFS2_ROOT_INO
  #xseqno = 0
  #nodes = 0

  constructor(settings: Jffs2Settings, reader: PayloadReader) {
    this.#settings = settings
    this.#layouts = JFFS2_LAYOUTS[settings.byte_order]
    this.#encoder = new NodeEncoder(this.#layouts)
    this.#stream = new NodeStream(settings.erase_block, settings.cleanmarkers ? this.#encoder.cleanmarker() : NO_DATA)
    this.#reader = reader
  }

  root(tree: FileTree): void {
    this.#inode(tree, JFFS2_ROOT_INO)
  }

  finish(): WrittenTree {
    return { ...this.#stream.finish(), inodes: this.#lastIno, nodes: this.#nodes }
  }

  #node(record: Uint8Array, data?: Uint8Array | DiskImage): void {
    this.#stream.node(record, data)
    this.#nodes++
  }

  #inode(node: FileNode, ino: number): void {
    switch (node.type) {
      case 'directory':
        this.#piece(node, ino, node.children.size + 1)
        break
      case 'file':
        this.#file(node, ino)
        break
      case 'symlink':
        this.#content(node, ino, byteStringToBytes(node.target))
        break
      case 'char':
      case 'block':
        this.#content(node, ino, encodeDevice(node, this.#layouts))
        break
      default:
        this.#piece(node, ino, 1)
    }
    this.#xattrsOf(node, ino)
    if (node.type === 'directory') this.#entries(node, ino)
  }

  #entries(directory: DirectoryNode, pino: number): void {
    for (const [index, [name, node]] of sortedEntries(directory).entries()) {
      const known = this.#inodes.get(node)
      const ino = known ?? ++this.#lastIno
      this.#dirent(directory, { pino, version: index + 1, ino, type: TYPE_BITS[node.type] >>> DIRENT_TYPE_SHIFT }, name)
      if (known !== undefined) continue
      this.#inodes.set(node, ino)
      this.#inode(node, ino)
    }
  }

  #dirent(
    { mtime }: DirectoryNode,
    entry: { pino: number; version: number; ino: number; type: number },
    name: ByteString,
  ): void {
    this.#node(this.#encoder.dirent({ ...entry, mctime: mtime.seconds }, byteStringToBytes(name)))
  }

  /** Of a link or device: stored as it is, since the kernel reads it so. */
  #content(node: FileNode, ino: number, data: Uint8Array): void {
    this.#piece(node, ino, 1, { offset: 0, dsize: data.length, compr: JFFS2_COMPR_NONE, data })
  }

  #file(node: RegularFileNode, ino: number): void {
    let version = 0
    for (const part of filePartsOf(node.content, this.#reader)) {
      if (part.kind === 'zeros') {
        const { offset, length: dsize } = part
        this.#piece(node, ino, ++version, { offset, dsize, compr: JFFS2_COMPR_ZERO, data: NO_DATA })
      } else {
        for (const piece of this.#pieces(part.offset, part.bytes)) this.#piece(node, ino, ++version, piece)
      }
    }
    if (version === 0) this.#piece(node, ino, 1)
  }

  /** A page as one node; at the end of an erase block in smaller and smaller pieces, while the room is worth it. */
  *#pieces(offset: number, bytes: Uint8Array): Generator<Piece> {
    const { compr, data } = encodePage(bytes, this.#settings.compression)
    const nodeBytes = this.#layouts.rawInode.SIZE + data.length
    const isWorthIt = this.#stream.room >= this.#layouts.rawInode.SIZE + JFFS2_MIN_DATA_LEN
    if (nodeBytes <= this.#stream.room || !isWorthIt || bytes.length <= JFFS2_MIN_DATA_LEN) {
      yield { offset, dsize: bytes.length, compr, data }
      return
    }
    const half = bytes.length >>> 1
    yield* this.#pieces(offset, bytes.subarray(0, half))
    yield* this.#pieces(offset + half, bytes.subarray(half))
  }

  #piece(
    node: FileNode,
    ino: number,
    version: number,
    { offset, dsize, compr, data }: Piece = { offset: 0, dsize: 0, compr: JFFS2_COMPR_NONE, data: NO_DATA },
  ): void {
    const { seconds } = node.mtime
    const record = this.#encoder.inode({
      ino,
      version,
      mode: TYPE_BITS[node.type] | (node.type === 'symlink' ? SYMLINK_MODE : node.mode),
      uid: node.uid,
      gid: node.gid,
      isize: isizeOf(node, dsize),
      atime: seconds,
      mtime: seconds,
      ctime: seconds,
      offset,
      csize: data.length,
      dsize,
      compr,
      usercompr: 0,
      flags: 0,
      data_crc: jffs2Crc(data),
    })
    if (data.length === 0) this.#node(record)
    else if (node.type === 'file' && compr === JFFS2_COMPR_NONE)
      this.#node(record, storedData(node.content, offset, data))
    else this.#node(record, data)
  }

  #xattrsOf(node: FileNode, ino: number): void {
    const attributes = [...(node.xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, value] of attributes) {
      const xattr = xattrOf(name, value, this.#layouts)!
      const { xprefix, nameBytes: name_len, valueBytes: value_len, data } = xattr
      const key = `${xprefix} ${Buffer.from(data).toString('latin1')}`
      let xid = this.#xattrs.get(key)
      if (xid === undefined) {
        xid = this.#xattrs.size + 1
        this.#xattrs.set(key, xid)
        this.#node(this.#encoder.xattr({ xid, version: 1, xprefix, name_len, value_len }, data))
      }
      // Odd ones take a reference back.
      this.#xseqno += 2
      this.#node(this.#encoder.xref({ ino, xid, xseqno: this.#xseqno }))
    }
  }
}

/** A special file has none, but a link's or device's is its content. */
function isizeOf(node: FileNode, dsize: number): number {
  return node.type === 'file' ? node.content.sizeBytes : node.type === 'directory' ? 0 : dsize
}
