/** Inodes as the rest of the reader sees them: whole numbers, times, the raw bytes where extended attributes begin. */
import { isZero } from '../../../bytes/zeros.js'
import type { Timestamp } from '../../../tree/file-tree.js'
import { inodeChecksum, inodeSeed } from '../checksums.js'
import { fromHalves, fromShorts } from '../disklayout/halves.js'
import {
  EXT4_EXTENTS_FL,
  EXT4_GOOD_OLD_INODE_SIZE,
  EXT4_HUGE_FILE_FL,
  EXT4_INLINE_DATA_FL,
  Ext4Inode,
  Ext4InodeBase,
  I_BLOCK_BYTES,
  I_BLOCK_OFFSET,
  I_BLOCKS_UNIT_BYTES,
  S_IFMT,
  S_IFREG,
} from '../disklayout/inode.js'
import { decodeTime } from '../inode-time.js'
import type { Reading } from './reading.js'
import { hex } from './volume-shape.js'

export interface InodeRecord {
  readonly number: number
  /** Byte of the volume at which it begins. */
  readonly offset: number
  /** S_IFREG and the like. */
  readonly type: number
  /** 0 to 0o7777. */
  readonly permissions: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
  readonly links: number
  /** Bytes that i_blocks says it takes. */
  readonly allocatedBytes: number
  readonly flags: number
  /** i_block. */
  readonly block: Uint8Array
  /** Block of extended attributes, 0 for none. */
  readonly xattrBlock: number
  readonly mtime: Timestamp
  readonly dtime: number
  readonly generation: number
  /** l_i_version. */
  readonly version: number
  /** Where the fields end and extended attributes may begin, from its first byte; its size where it has no room for them. */
  readonly xattrsStart: number
  /** The whole inode. */
  readonly bytes: Uint8Array
  /** Of the checksums of its extent and directory blocks; undefined without metadata_csum. */
  readonly seed: number | undefined
}

export function hasFlag(inode: InodeRecord, flag: number): boolean {
  return Math.floor(inode.flags / flag) % 2 === 1
}

/** Whether i_block is the root of an extent tree. */
export function usesExtents(inode: InodeRecord): boolean {
  return hasFlag(inode, EXT4_EXTENTS_FL)
}

export function isInline(inode: InodeRecord): boolean {
  return hasFlag(inode, EXT4_INLINE_DATA_FL)
}

/** `number` is 1 to `inodeCount`. A wrong checksum is reported; the fields are then what they are. */
export function readInode({ disk, report }: Reading, number: number): InodeRecord {
  const { inodeSize, checksumSeed, features, blockSize } = disk.shape
  const offset = disk.inodeOffset(number, report)
  const bytes = disk.view.read(offset, inodeSize, `inode ${number}`)
  const isLarge = inodeSize > EXT4_GOOD_OLD_INODE_SIZE
  const large: Ext4Inode | undefined = isLarge ? Ext4Inode.decode(bytes) : undefined
  const base: Ext4InodeBase = large ?? Ext4InodeBase.decode(bytes)
  const extraSize = large === undefined ? 0 : usableExtraSize(large.i_extra_isize, inodeSize)
  const fieldsEnd = EXT4_GOOD_OLD_INODE_SIZE + extraSize
  const seed = checksumSeed === undefined ? undefined : inodeSeed(checksumSeed, number, base.i_generation)

  if (seed !== undefined) {
    const hasHigh = extraSize >= CHECKSUM_HI_END
    const stored = fromShorts(base.l_i_checksum_lo, hasHigh ? large!.i_checksum_hi : 0)
    const expected = inodeChecksum(bytes, seed, hasHigh)
    // An inode that was never used is all zeros, its checksum too.
    if (stored !== expected && !isZero(bytes)) {
      report({
        structure: `inode ${number}`,
        offset,
        field: 'i_checksum',
        found: hex(stored),
        expected: hex(expected),
      })
    }
  }
  const hasBlocksHigh = features.has('huge_file')
  const blocks = fromHalves(base.i_blocks_lo, hasBlocksHigh ? base.l_i_blocks_high : 0)
  const isHuge = hasBlocksHigh && Math.floor(base.i_flags / EXT4_HUGE_FILE_FL) % 2 === 1
  const type = base.i_mode & S_IFMT
  // i_size_high was i_dir_acl once, and is a size only where files or directories may be large.
  const mayBeLarge = type === S_IFREG || features.has('large_dir')
  return {
    number,
    offset,
    type,
    permissions: base.i_mode & ~S_IFMT,
    uid: fromShorts(base.i_uid, base.l_i_uid_high),
    gid: fromShorts(base.i_gid, base.l_i_gid_high),
    sizeBytes: fromHalves(base.i_size_lo, mayBeLarge ? base.i_size_high : 0),
    links: base.i_links_count,
    allocatedBytes: blocks * (isHuge ? blockSize : I_BLOCKS_UNIT_BYTES),
    flags: base.i_flags,
    block: bytes.subarray(I_BLOCK_OFFSET, I_BLOCK_OFFSET + I_BLOCK_BYTES),
    xattrBlock: fromHalves(base.i_file_acl_lo, features.has('64bit') ? base.l_i_file_acl_high : 0),
    mtime: decodeTime(base.i_mtime, extraOf(large, 'i_mtime_extra', fieldsEnd)),
    dtime: base.i_dtime,
    generation: base.i_generation,
    version: base.l_i_version,
    // An i_extra_isize of 0 is a small inode in a large place: what follows is not used.
    xattrsStart: extraSize === 0 ? inodeSize : fieldsEnd,
    bytes,
    seed,
  }
}

/** The second word of a time, 0 where the inode ends before it. */
function extraOf(large: Ext4Inode | undefined, field: ExtraTime, fieldsEnd: number): number {
  const [at, length] = Ext4Inode.FIELDS[field]!
  return large !== undefined && at + length <= fieldsEnd ? large[field] : 0
}
type ExtraTime = 'i_mtime_extra' | 'i_atime_extra' | 'i_ctime_extra' | 'i_crtime_extra'

export interface OtherTimes {
  readonly atime: Timestamp
  readonly ctime: Timestamp
  /** Of birth; undefined where the inode has no place for it. */
  readonly crtime: Timestamp | undefined
}

/** Those that no tree has, and few ask for. */
export function otherTimes({ bytes }: InodeRecord): OtherTimes {
  const large: Ext4Inode | undefined = bytes.length > EXT4_GOOD_OLD_INODE_SIZE ? Ext4Inode.decode(bytes) : undefined
  const base: Ext4InodeBase = large ?? Ext4InodeBase.decode(bytes)
  const fieldsEnd =
    EXT4_GOOD_OLD_INODE_SIZE + (large === undefined ? 0 : usableExtraSize(large.i_extra_isize, bytes.length))
  const [birthAt, birthLength] = Ext4Inode.FIELDS.i_crtime!
  const hasBirth = large !== undefined && birthAt + birthLength <= fieldsEnd
  return {
    atime: decodeTime(base.i_atime, extraOf(large, 'i_atime_extra', fieldsEnd)),
    ctime: decodeTime(base.i_ctime, extraOf(large, 'i_ctime_extra', fieldsEnd)),
    crtime: hasBirth ? decodeTime(large.i_crtime, extraOf(large, 'i_crtime_extra', fieldsEnd)) : undefined,
  }
}

/** i_extra_isize that covers itself and i_checksum_hi. */
const CHECKSUM_HI_END = 4
const EXTRA_SIZE_STEP = 4

/** i_extra_isize, or as much as there is room for where it is damaged; the checker names that. */
function usableExtraSize(extraSize: number, inodeSize: number): number {
  const room = inodeSize - EXT4_GOOD_OLD_INODE_SIZE
  return extraSize > room || extraSize % EXTRA_SIZE_STEP !== 0 ? room : extraSize
}
