/** A directory's blocks as bytes: chains of entries, and the nodes of its hash tree. */
import { type ByteString, byteString } from '../../bytes/text.js'
import type { FileNode } from '../../tree/file-tree.js'
import { hashNodeChecksum, leafChecksum } from './checksums.js'
import { type DirectoryFormat, type DirectoryLayout, entryBytes, type HashIndex } from './directory-layout.js'
import {
  DOT_ENTRY_BYTES,
  DX_NODE_ENTRIES_OFFSET,
  DX_ROOT_ENTRIES_OFFSET,
  DxCountLimit,
  DxEntry,
  DxRootInfo,
  DxTail,
  EXT4_FT_BLKDEV,
  EXT4_FT_CHRDEV,
  EXT4_FT_DIR,
  EXT4_FT_DIR_CSUM,
  EXT4_FT_FIFO,
  EXT4_FT_REG_FILE,
  EXT4_FT_SOCK,
  EXT4_FT_SYMLINK,
  Ext4DirEntry2,
  Ext4DirEntryTail,
} from './disklayout/directory.js'
import { DX_HASH_HALF_MD4 } from './disklayout/superblock.js'

/** One directory, by inode numbers. */
export interface DirectoryContent {
  readonly inode: number
  readonly parentInode: number
  readonly names: readonly ByteString[]
  /** Inode number and type of what `names[position]` names. */
  entryOf(position: number): { readonly inode: number; readonly fileType: number }
}

const FILE_TYPES: Readonly<Record<FileNode['type'], number>> = {
  file: EXT4_FT_REG_FILE,
  directory: EXT4_FT_DIR,
  char: EXT4_FT_CHRDEV,
  block: EXT4_FT_BLKDEV,
  fifo: EXT4_FT_FIFO,
  socket: EXT4_FT_SOCK,
  symlink: EXT4_FT_SYMLINK,
}

/** file_type of an entry; 0 without the feature filetype. */
export function fileTypeOf(node: FileNode, format: DirectoryFormat): number {
  return format.hasFileTypes ? FILE_TYPES[node.type] : 0
}

const DOT = byteString('.')
const DOT_DOT = byteString('..')

/**
 * Fills `target`, the directory's blocks, which must be zeros. Blocks beyond the layout's own (lost+found has some to
 * spare) become empty chains. `seed` is the checksum seed of the directory's inode.
 */
export function encodeDirectory(
  target: Uint8Array,
  content: DirectoryContent,
  layout: DirectoryLayout,
  format: DirectoryFormat,
  seed: number,
): void {
  if (layout.index === undefined) encodeLinear(target, content, format, seed)
  else encodeIndexed(target, content, layout.index, format, seed)
}

/** A chain of entries in one block; the last one's rec_len reaches the end. */
class Chain {
  readonly #block: Uint8Array
  readonly #end: number
  #at = 0
  #last = -1

  constructor(block: Uint8Array, end: number) {
    this.#block = block
    this.#end = end
  }

  fits(bytes: number): boolean {
    return this.#at + bytes <= this.#end
  }

  add(name: ByteString, inode: number, fileType: number): void {
    const bytes = entryBytes(name)
    this.#write(this.#at, inode, bytes, name.length, fileType)
    const nameAt = this.#at + Ext4DirEntry2.SIZE
    for (let index = 0; index < name.length; index++) this.#block[nameAt + index] = name.charCodeAt(index)
    this.#last = this.#at
    this.#at += bytes
  }

  #write(at: number, inode: number, rec_len: number, name_len: number, file_type: number): void {
    Ext4DirEntry2.encodeInto(this.#block, at, { inode, rec_len, name_len, file_type })
  }

  /** Stretches the last entry, or makes one unused entry of the whole block. Zeros stand from the byte on that it gives. */
  close(): number {
    if (this.#last < 0) {
      this.#write(0, 0, this.#end, 0, 0)
      return Ext4DirEntry2.SIZE
    }
    const entry = Ext4DirEntry2.decode(this.#block, this.#last)
    this.#write(this.#last, entry.inode, this.#end - this.#last, entry.name_len, entry.file_type)
    return this.#at
  }
}

function encodeLinear(target: Uint8Array, content: DirectoryContent, format: DirectoryFormat, seed: number): void {
  const { blockSize, leafBytes } = format
  let position = 0
  for (let at = 0; at < target.length; at += blockSize) {
    const block = target.subarray(at, at + blockSize)
    const chain = new Chain(block, leafBytes)
    if (at === 0) addDots(chain, content, format)
    for (; position < content.names.length; position++) {
      const name = content.names[position]!
      if (!chain.fits(entryBytes(name))) break
      const { inode, fileType } = content.entryOf(position)
      chain.add(name, inode, fileType)
    }
    signLeaf(block, chain.close(), format, seed)
  }
}

function addDots(chain: Chain, content: DirectoryContent, format: DirectoryFormat): void {
  const type = format.hasFileTypes ? EXT4_FT_DIR : 0
  chain.add(DOT, content.inode, type)
  chain.add(DOT_DOT, content.parentInode, type)
}

/** metadata_csum: over the block up to the tail, stored in the tail. */
function signLeaf(
  block: Uint8Array,
  usedBytes: number,
  { hasChecksums, leafBytes }: DirectoryFormat,
  seed: number,
): void {
  if (!hasChecksums) return
  Ext4DirEntryTail.encodeInto(block, leafBytes, {
    det_reserved_zero1: 0,
    det_rec_len: Ext4DirEntryTail.SIZE,
    det_reserved_zero2: 0,
    det_reserved_ft: EXT4_FT_DIR_CSUM,
    det_checksum: leafChecksum(seed, block, usedBytes, leafBytes),
  })
}

function encodeIndexed(
  target: Uint8Array,
  content: DirectoryContent,
  index: HashIndex,
  format: DirectoryFormat,
  seed: number,
): void {
  const { blockSize, leafBytes } = format
  const blockAt = (number: number): Uint8Array => target.subarray(number * blockSize, (number + 1) * blockSize)
  const firstLeaf = encodeInnerNodes(blockAt, content, index, format, seed)
  index.leafStarts.forEach((start, leaf) => {
    const block = blockAt(firstLeaf + leaf)
    const chain = new Chain(block, leafBytes)
    const end = index.leafStarts[leaf + 1] ?? index.order.length
    for (let at = start; at < end; at++) {
      const position = index.order[at]!
      const { inode, fileType } = content.entryOf(position)
      chain.add(content.names[position]!, inode, fileType)
    }
    signLeaf(block, chain.close(), format, seed)
  })
}

/** Root and inner levels; gives the number of the first leaf's block. */
function encodeInnerNodes(
  blockAt: (number: number) => Uint8Array,
  content: DirectoryContent,
  index: HashIndex,
  format: DirectoryFormat,
  seed: number,
): number {
  // From the leaves up: each level's entries are the blocks and lowest hashes of the level below.
  const levelStarts: number[] = []
  let next = 1
  for (const count of index.innerCounts) {
    levelStarts.push(next)
    next += count
  }
  const firstLeaf = next
  let hashes = index.leafHashes
  let childStart = firstLeaf
  for (let level = index.innerCounts.length - 1; level >= 0; level--) {
    const start = levelStarts[level]!
    const upper: number[] = []
    for (let node = 0; node < index.innerCounts[level]!; node++) {
      const from = node * format.nodeLimit
      const part = hashes.slice(from, from + format.nodeLimit)
      const block = blockAt(start + node)
      Ext4DirEntry2.encodeInto(block, 0, { inode: 0, rec_len: format.blockSize, name_len: 0, file_type: 0 })
      encodeDxEntries(block, DX_NODE_ENTRIES_OFFSET, format.nodeLimit, part, childStart + from, format, seed)
      upper.push(part[0]!)
    }
    hashes = upper
    childStart = start
  }
  const root = blockAt(0)
  encodeRootHead(root, content, index, format)
  encodeDxEntries(root, DX_ROOT_ENTRIES_OFFSET, format.rootLimit, hashes, childStart, format, seed)
  return firstLeaf
}

/** `.` and `..`, whose rec_len hides the rest from readers of chains, then the tree's own facts. */
function encodeRootHead(root: Uint8Array, content: DirectoryContent, index: HashIndex, format: DirectoryFormat): void {
  const dots = new Chain(root, format.blockSize)
  addDots(dots, content, format)
  dots.close()
  DxRootInfo.encodeInto(root, 2 * DOT_ENTRY_BYTES, {
    hash_version: DX_HASH_HALF_MD4,
    info_length: DxRootInfo.SIZE,
    indirect_levels: index.innerCounts.length,
    unused_flags: 0,
  })
}

/** The first entry's hash makes room for limit and count. */
function encodeDxEntries(
  block: Uint8Array,
  offset: number,
  limit: number,
  hashes: readonly number[],
  firstChild: number,
  format: DirectoryFormat,
  seed: number,
): void {
  hashes.forEach((hash, entry) => {
    DxEntry.encodeInto(block, offset + entry * DxEntry.SIZE, { hash, block: firstChild + entry })
  })
  DxCountLimit.encodeInto(block, offset, { limit, count: hashes.length })
  if (!format.hasChecksums) return
  const tailAt = offset + limit * DxEntry.SIZE
  const usedBytes = offset + hashes.length * DxEntry.SIZE
  DxTail.encodeInto(block, tailAt, {
    dt_reserved: 0,
    dt_checksum: hashNodeChecksum(seed, block, { usedBytes, tailAt }),
  })
}
