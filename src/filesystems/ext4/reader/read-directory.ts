/**
 * Directories as lists of names. A hash tree's inner nodes dress up as unused entries, so a linear walk meets every name
 * whether there is a tree or not; the checker looks at the tree itself (check-hash-tree.ts).
 * [EXT4 disk layout, directory entries, hash tree directories]
 */
import { alignUp } from '../../../bytes/align.js'
import { type ByteString, byteString } from '../../../bytes/text.js'
import { blockChecksum, hashNodeChecksum } from '../checksums.js'
import {
  DIRENT_ALIGN_BYTES,
  DX_NODE_ENTRIES_OFFSET,
  DX_ROOT_ENTRIES_OFFSET,
  DxCountLimit,
  DxEntry,
  DxTail,
  EXT4_FT_DIR_CSUM,
  Ext4DirEntry2,
  Ext4DirEntryTail,
} from '../disklayout/directory.js'
import { EXT4_CASEFOLD_FL, EXT4_ENCRYPT_FL, EXT4_INDEX_FL, I_BLOCK_BYTES, I_BLOCK_OFFSET } from '../disklayout/inode.js'
import { readBlockMap } from './block-map.js'
import { noKeyName } from './encrypted-name.js'
import type { BlockMap } from './map-collector.js'
import { hasherOf } from './name-hash.js'
import { hasFlag, type InodeRecord, isInline } from './read-inode.js'
import type { InodeXattrs } from './read-xattrs.js'
import type { Reading } from './reading.js'
import type { VolumeShape } from './volume-shape.js'
import { hex } from './volume-shape.js'

export interface DirectoryEntry {
  readonly name: ByteString
  readonly inode: number
  /** EXT4_FT_DIR and the like; 0 without the feature filetype. */
  readonly fileType: number
  /** Byte of the volume. */
  readonly offset: number
}

export interface DirectoryContent {
  /** In the order of the disk, without `.` and `..`. */
  readonly entries: readonly DirectoryEntry[]
  /** What `..` says; undefined where it is missing. */
  readonly parent: number | undefined
  /** Blocks of the volume in the order of the directory; none of inline ones. */
  readonly blocks: readonly number[]
  /** undefined where the directory has no blocks. */
  readonly map: BlockMap | undefined
}

/** Length that a block's first entry has when it hides a node of the hash tree. */
export function recordLength(rec_len: number, blockSize: number): number {
  if (blockSize < LARGEST_BLOCK) return rec_len
  // 64 KiB do not fit in 16 bits: the largest value, or none, stands for the whole block.
  return rec_len === WHOLE_BLOCK || rec_len === 0 ? blockSize : rec_len
}
const LARGEST_BLOCK = 1 << 16
const WHOLE_BLOCK = 0xffff
/** An entry with a name of one byte. */
const MIN_RECORD_BYTES = 12
const INLINE_PARENT_BYTES = 4
const WORD_BYTES = 4
const DOT = byteString('.')
const DOT_DOT = byteString('..')

export function hasHashTree(shape: VolumeShape, inode: InodeRecord): boolean {
  return shape.features.has('dir_index') && hasFlag(inode, EXT4_INDEX_FL) && !isInline(inode)
}

/** What a directory holds. What cannot be followed is reported and left out. */
export function readDirectory(reading: Reading, inode: InodeRecord, xattrs: InodeXattrs): DirectoryContent {
  if (isInline(inode)) return readInlineDirectory(reading, inode, xattrs)
  const map = readBlockMap(reading, inode)
  const blocks = directoryBlocks(reading, inode, map)
  const chain = new EntryChain(reading, inode)
  blocks.forEach((block, index) => {
    if (block === undefined) return
    const bytes = reading.disk.block(block, `directory block ${index} of inode ${inode.number}`)
    if (inode.seed !== undefined) checkBlockChecksum(reading, inode, { block, index, bytes, seed: inode.seed })
    chain.add(bytes, block * bytes.length, `directory block ${index} of inode ${inode.number}`)
  })
  const [self, parent, ...others] = chain.entries
  checkDots(reading, inode, self, parent)
  const isWhole = self?.name === DOT && parent?.name === DOT_DOT
  return {
    entries: withoutDots(reading, inode, isWhole ? others : chain.entries),
    parent: chain.entries.find(({ name }) => name === DOT_DOT)?.inode,
    blocks: blocks.filter((block) => block !== undefined),
    map,
  }
}

/** Physical blocks in the order of the directory; undefined for one that is missing. */
function directoryBlocks(
  { disk, report }: Reading,
  inode: InodeRecord,
  { runs }: BlockMap,
): readonly (number | undefined)[] {
  const { blockSize } = disk.shape
  const { number, offset, sizeBytes } = inode
  const structure = `inode ${number}`
  const blocks: (number | undefined)[] = []
  for (const { logical, physical, blocks: count, isUnwritten } of runs) {
    if (logical > blocks.length || isUnwritten) {
      const found = isUnwritten ? `block ${logical} unwritten` : `a hole from block ${blocks.length} to ${logical - 1}`
      report({ structure, offset, field: 'the blocks of the directory', found, expected: 'no hole' })
      // Holes are not filled up: a damaged number would make billions of them.
      break
    }
    for (let index = 0; index < count; index++) blocks.push(physical + index)
  }
  if (sizeBytes !== blocks.length * blockSize || blocks.length === 0) {
    const expected = `${blocks.length * blockSize}, the bytes of its ${blocks.length} blocks, at least one`
    report({ structure, offset, field: 'i_size', found: sizeBytes, expected })
  }
  return blocks.slice(0, Math.ceil(sizeBytes / blockSize))
}

function readInlineDirectory(
  { disk, report, budget }: Reading,
  inode: InodeRecord,
  xattrs: InodeXattrs,
): DirectoryContent {
  const chain = new EntryChain({ disk, report, budget }, inode)
  const structure = `inline directory of inode ${inode.number}`
  const view = new DataView(inode.block.buffer, inode.block.byteOffset, I_BLOCK_BYTES)
  chain.add(inode.block.subarray(INLINE_PARENT_BYTES), inode.offset + I_BLOCK_OFFSET + INLINE_PARENT_BYTES, structure)
  const rest = xattrs.inlineData
  const size = I_BLOCK_BYTES + (rest?.bytes.length ?? 0)
  if (inode.sizeBytes !== size) {
    report({ structure, offset: inode.offset, field: 'i_size', found: inode.sizeBytes, expected: `${size}` })
  }
  if (rest !== undefined && rest.bytes.length > 0) chain.add(rest.bytes, rest.offset, structure)
  const reading = { disk, report, budget }
  const entries = withoutDots(reading, inode, chain.entries)
  return { entries, parent: view.getUint32(0, true), blocks: [], map: undefined }
}

function checkDots(
  { report }: Reading,
  inode: InodeRecord,
  self: DirectoryEntry | undefined,
  parent: DirectoryEntry | undefined,
): void {
  const refuse = (field: string, found: string, expected: string): void =>
    report({
      structure: `directory block 0 of inode ${inode.number}`,
      offset: self?.offset ?? inode.offset,
      field,
      found,
      expected,
    })
  if (self?.name !== DOT) {
    refuse('the first entry', self === undefined ? 'missing' : `"${self.name}"`, '"."')
  } else if (self.inode !== inode.number) {
    refuse('inode of "."', `${self.inode}`, `${inode.number}`)
  }
  if (parent?.name !== DOT_DOT) {
    refuse('the second entry', parent === undefined ? 'missing' : `"${parent.name}"`, '".."')
  }
}

/** `.` and `..` have their place; elsewhere they would lead out of the directory whoever takes them for names. */
function withoutDots(
  { report }: Reading,
  inode: InodeRecord,
  entries: readonly DirectoryEntry[],
): readonly DirectoryEntry[] {
  return entries.filter(({ name, offset }) => {
    if (name !== DOT && name !== DOT_DOT) return true
    const structure = `directory inode ${inode.number}`
    report({ structure, offset, field: 'name', found: `"${name}"`, expected: 'a name of its own' })
    return false
  })
}

/** Collects the used entries of chains. */
class EntryChain {
  readonly entries: DirectoryEntry[] = []
  readonly #reading: Reading
  readonly #isEncrypted: boolean
  readonly #isCasefolded: boolean

  constructor(reading: Reading, inode: InodeRecord) {
    this.#reading = reading
    this.#isEncrypted = hasFlag(inode, EXT4_ENCRYPT_FL)
    this.#isCasefolded = hasFlag(inode, EXT4_CASEFOLD_FL)
  }

  /** One block, or a stretch of an inode. `offset` is its place in the volume. */
  add(bytes: Uint8Array, offset: number, structure: string): void {
    const { disk, report } = this.#reading
    const { inodeCount, features } = disk.shape
    const hasFileTypes = features.has('filetype')
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = 0; at < bytes.length; ) {
      const entryOffset = offset + at
      if (at + Ext4DirEntry2.SIZE > bytes.length) {
        const expected = `an end at byte ${bytes.length}`
        report({ structure, offset: entryOffset, field: 'rec_len', found: `an end at byte ${at}`, expected })
        return
      }
      const entry = Ext4DirEntry2.decode(bytes, at)
      const length = recordLength(entry.rec_len, disk.shape.blockSize)
      const nameLength = hasFileTypes ? entry.name_len : entry.name_len + entry.file_type * 0x100
      const least = entry.inode === 0 ? MIN_RECORD_BYTES : alignUp(Ext4DirEntry2.SIZE + nameLength, DIRENT_ALIGN_BYTES)
      if (
        length < Math.max(least, MIN_RECORD_BYTES) ||
        length % DIRENT_ALIGN_BYTES !== 0 ||
        at + length > bytes.length
      ) {
        const expected = `a multiple of 4 from ${Math.max(least, MIN_RECORD_BYTES)} to ${bytes.length - at}`
        report({ structure, offset: entryOffset, field: 'rec_len', found: length, expected })
        return
      }
      if (entry.inode !== 0) {
        const nameAt = at + Ext4DirEntry2.SIZE
        const name = text.toString('latin1', nameAt, nameAt + nameLength) as ByteString
        if (this.#isSound(structure, entryOffset, name, entry.inode, inodeCount)) {
          this.entries.push({
            name: this.#shown(name, bytes, nameAt),
            inode: entry.inode,
            fileType: hasFileTypes ? entry.file_type : 0,
            offset: entryOffset,
          })
        }
      }
      at += length
    }
  }

  /** Of an encrypted directory what Linux shows without the key. With casefold the hashes stand behind the name. */
  #shown(name: ByteString, bytes: Uint8Array, nameAt: number): ByteString {
    if (!this.#isEncrypted || name === DOT || name === DOT_DOT) return name
    const { shape } = this.#reading.disk
    const hashesAt = nameAt + alignUp(name.length, DIRENT_ALIGN_BYTES)
    if (this.#isCasefolded && hashesAt + 2 * WORD_BYTES <= bytes.length) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      return noKeyName(name, view.getUint32(hashesAt, true), view.getUint32(hashesAt + WORD_BYTES, true))
    }
    const hasher = hasherOf(shape, shape.superblock.s_def_hash_version)
    hasher?.hash(name)
    return noKeyName(name, hasher?.major ?? 0, hasher?.minor ?? 0)
  }

  #isSound(structure: string, offset: number, name: ByteString, inode: number, inodeCount: number): boolean {
    const { report } = this.#reading
    if (inode > inodeCount) {
      const field = `inode of "${name}"`
      report({ structure, offset, field, found: inode, expected: `at most ${inodeCount}` })
      return false
    }
    // Encrypted names may hold any byte.
    if (name === '' || (!this.#isEncrypted && (name.includes('/') || name.includes('\0')))) {
      const field = name === '' ? 'name_len' : 'name'
      const expected = name === '' ? 'at least 1' : 'no "/" and no NUL'
      report({ structure, offset, field, found: name === '' ? 0 : JSON.stringify(name), expected })
      return false
    }
    return true
  }
}

interface SignedBlock {
  /** Of the volume. */
  readonly block: number
  /** Of the directory. */
  readonly index: number
  readonly bytes: Uint8Array
  readonly seed: number
}

/** metadata_csum: in a leaf's tail, in an inner node behind its last possible entry. */
function checkBlockChecksum({ disk, report }: Reading, inode: InodeRecord, signed: SignedBlock): void {
  const { block, index, bytes, seed } = signed
  const { blockSize } = disk.shape
  const structure = `directory block ${index} of inode ${inode.number}`
  const offset = block * blockSize
  const entriesAt = hashEntriesOffset(disk.shape, inode, index, bytes)
  if (entriesAt !== undefined) {
    const { limit, count } = DxCountLimit.decode(bytes, entriesAt)
    const tailAt = entriesAt + limit * DxEntry.SIZE
    if (tailAt + DxTail.SIZE > blockSize || count > limit) {
      const expected = `count up to limit, limit up to ${Math.floor((blockSize - DxTail.SIZE - entriesAt) / DxEntry.SIZE)}`
      report({ structure, offset, field: 'limit and count', found: `${limit} and ${count}`, expected })
      return
    }
    const { dt_checksum } = DxTail.decode(bytes, tailAt)
    const expected = hashNodeChecksum(seed, bytes, { usedBytes: entriesAt + count * DxEntry.SIZE, tailAt })
    if (dt_checksum === expected) return
    report({ structure, offset, field: 'dt_checksum', found: hex(dt_checksum), expected: hex(expected) })
    return
  }
  const tailAt = blockSize - Ext4DirEntryTail.SIZE
  const tail = Ext4DirEntryTail.decode(bytes, tailAt)
  if (
    tail.det_reserved_zero1 !== 0 ||
    tail.det_rec_len !== Ext4DirEntryTail.SIZE ||
    tail.det_reserved_zero2 !== 0 ||
    tail.det_reserved_ft !== EXT4_FT_DIR_CSUM
  ) {
    report({ structure, offset, field: 'its checksum', found: 'missing', expected: 'a tail with a checksum' })
    return
  }
  const expected = blockChecksum(seed, bytes, tailAt)
  if (tail.det_checksum === expected) return
  report({ structure, offset, field: 'det_checksum', found: hex(tail.det_checksum), expected: hex(expected) })
}

/** Where the entries of a hash tree's node begin; undefined for a block that is no such node. */
export function hashEntriesOffset(
  shape: VolumeShape,
  inode: InodeRecord,
  index: number,
  bytes: Uint8Array,
): number | undefined {
  if (!hasHashTree(shape, inode)) return undefined
  if (index === 0) return DX_ROOT_ENTRIES_OFFSET
  const first = Ext4DirEntry2.decode(bytes)
  const isNode = first.inode === 0 && recordLength(first.rec_len, shape.blockSize) === shape.blockSize
  return isNode ? DX_NODE_ENTRIES_OFFSET : undefined
}
