/**
 * Group descriptors: the table stands in the blocks after each superblock copy. 32 bytes, or 64 with the feature 64bit,
 * whose second half holds the upper parts. Little-endian.  [EXT4 disk layout, block group descriptors]
 */

import { type Infer, reserved, struct, u16le, u32le } from '../../../bytes/struct.js'
import { fromHalves, fromShorts, highHalf, highShort, lowHalf, lowShort } from './halves.js'

/** bg_flags: inode table and bitmap are not initialised; nothing there is read. */
export const EXT4_BG_INODE_UNINIT = 0x0001
/** The block bitmap is not initialised; what it would say follows from the geometry. */
export const EXT4_BG_BLOCK_UNINIT = 0x0002
/** The unused part of the inode table is zeros. */
export const EXT4_BG_INODE_ZEROED = 0x0004

const LOWER_FIELDS = {
  bg_block_bitmap_lo: [0x00, u32le],
  bg_inode_bitmap_lo: [0x04, u32le],
  bg_inode_table_lo: [0x08, u32le],
  bg_free_blocks_count_lo: [0x0c, u16le],
  bg_free_inodes_count_lo: [0x0e, u16le],
  bg_used_dirs_count_lo: [0x10, u16le],
  bg_flags: [0x12, u16le],
  _bg_exclude_bitmap_lo: [0x14, reserved(4)],
  bg_block_bitmap_csum_lo: [0x18, u16le],
  bg_inode_bitmap_csum_lo: [0x1a, u16le],
  bg_itable_unused_lo: [0x1c, u16le],
  bg_checksum: [0x1e, u16le],
} as const

export const Ext4GroupDesc32 = struct('ext4_group_desc', 32, LOWER_FIELDS)

export const Ext4GroupDesc64 = struct('ext4_group_desc', 64, {
  ...LOWER_FIELDS,
  bg_block_bitmap_hi: [0x20, u32le],
  bg_inode_bitmap_hi: [0x24, u32le],
  bg_inode_table_hi: [0x28, u32le],
  bg_free_blocks_count_hi: [0x2c, u16le],
  bg_free_inodes_count_hi: [0x2e, u16le],
  bg_used_dirs_count_hi: [0x30, u16le],
  bg_itable_unused_hi: [0x32, u16le],
  _bg_exclude_bitmap_hi: [0x34, reserved(4)],
  bg_block_bitmap_csum_hi: [0x38, u16le],
  bg_inode_bitmap_csum_hi: [0x3a, u16le],
  _bg_reserved: [0x3c, reserved(4)],
})
export type Ext4GroupDesc64 = Infer<typeof Ext4GroupDesc64>

/** Byte offset and length of bg_checksum, which its own computation leaves out or takes as zero. */
export const BG_CHECKSUM = Ext4GroupDesc32.FIELDS.bg_checksum!

/** One group as the rest of the code sees it: whole numbers, checksums of 32 bits. */
export interface GroupDescriptor {
  readonly blockBitmap: number
  readonly inodeBitmap: number
  readonly inodeTable: number
  readonly freeBlocks: number
  readonly freeInodes: number
  readonly directories: number
  readonly flags: number
  /** Inodes at the end of the table that were never used. */
  readonly unusedInodes: number
  readonly blockBitmapChecksum: number
  readonly inodeBitmapChecksum: number
}

/** Writes the descriptor without its own checksum. `sizeBytes` is 32 or 64. */
export function encodeGroupDescriptor(
  target: Uint8Array,
  offset: number,
  group: GroupDescriptor,
  sizeBytes: number,
): void {
  // One literal for both sizes: spreading it would take most of the time of a large volume.
  const record = {
    bg_block_bitmap_lo: lowHalf(group.blockBitmap),
    bg_inode_bitmap_lo: lowHalf(group.inodeBitmap),
    bg_inode_table_lo: lowHalf(group.inodeTable),
    bg_free_blocks_count_lo: lowShort(group.freeBlocks),
    bg_free_inodes_count_lo: lowShort(group.freeInodes),
    bg_used_dirs_count_lo: lowShort(group.directories),
    bg_flags: group.flags,
    bg_block_bitmap_csum_lo: lowShort(group.blockBitmapChecksum),
    bg_inode_bitmap_csum_lo: lowShort(group.inodeBitmapChecksum),
    bg_itable_unused_lo: lowShort(group.unusedInodes),
    bg_checksum: 0,
    bg_block_bitmap_hi: highHalf(group.blockBitmap),
    bg_inode_bitmap_hi: highHalf(group.inodeBitmap),
    bg_inode_table_hi: highHalf(group.inodeTable),
    bg_free_blocks_count_hi: highShort(group.freeBlocks),
    bg_free_inodes_count_hi: highShort(group.freeInodes),
    bg_used_dirs_count_hi: highShort(group.directories),
    bg_itable_unused_hi: highShort(group.unusedInodes),
    bg_block_bitmap_csum_hi: highShort(group.blockBitmapChecksum),
    bg_inode_bitmap_csum_hi: highShort(group.inodeBitmapChecksum),
  }
  if (sizeBytes === Ext4GroupDesc32.SIZE) Ext4GroupDesc32.encodeInto(target, offset, record)
  else Ext4GroupDesc64.encodeInto(target, offset, record)
}

/** The descriptor at `offset`. Of 32 bytes, it has only the lower halves. */
export function decodeGroupDescriptor(source: Uint8Array, offset: number, sizeBytes: number): GroupDescriptor {
  const low = Ext4GroupDesc32.decode(source, offset)
  const high = sizeBytes === Ext4GroupDesc32.SIZE ? NO_UPPER_HALVES : Ext4GroupDesc64.decode(source, offset)
  return {
    blockBitmap: fromHalves(low.bg_block_bitmap_lo, high.bg_block_bitmap_hi),
    inodeBitmap: fromHalves(low.bg_inode_bitmap_lo, high.bg_inode_bitmap_hi),
    inodeTable: fromHalves(low.bg_inode_table_lo, high.bg_inode_table_hi),
    freeBlocks: fromShorts(low.bg_free_blocks_count_lo, high.bg_free_blocks_count_hi),
    freeInodes: fromShorts(low.bg_free_inodes_count_lo, high.bg_free_inodes_count_hi),
    directories: fromShorts(low.bg_used_dirs_count_lo, high.bg_used_dirs_count_hi),
    flags: low.bg_flags,
    unusedInodes: fromShorts(low.bg_itable_unused_lo, high.bg_itable_unused_hi),
    blockBitmapChecksum: fromShorts(low.bg_block_bitmap_csum_lo, high.bg_block_bitmap_csum_hi),
    inodeBitmapChecksum: fromShorts(low.bg_inode_bitmap_csum_lo, high.bg_inode_bitmap_csum_hi),
  }
}

const NO_UPPER_HALVES = {
  bg_block_bitmap_hi: 0,
  bg_inode_bitmap_hi: 0,
  bg_inode_table_hi: 0,
  bg_free_blocks_count_hi: 0,
  bg_free_inodes_count_hi: 0,
  bg_used_dirs_count_hi: 0,
  bg_itable_unused_hi: 0,
  bg_block_bitmap_csum_hi: 0,
  bg_inode_bitmap_csum_hi: 0,
} as const
