/**
 * Extent trees: a header and up to four entries in i_block, further nodes in blocks of their own with a checksum behind
 * the last possible entry. Leaves hold extents, inner nodes indexes. Little-endian.  [EXT4 disk layout, extent tree]
 */
import { struct, u16le, u32le } from '../../../bytes/struct.js'

export const EXT4_EXT_MAGIC = 0xf30a
/** ee_len above this means an extent that is allocated but reads as zeros. */
export const EXT_INIT_MAX_LEN = 32768

export const Ext4ExtentHeader = struct('ext4_extent_header', 12, {
  eh_magic: [0, u16le],
  eh_entries: [2, u16le],
  eh_max: [4, u16le],
  eh_depth: [6, u16le],
  eh_generation: [8, u32le],
})

export const Ext4Extent = struct('ext4_extent', 12, {
  ee_block: [0, u32le],
  ee_len: [4, u16le],
  ee_start_hi: [6, u16le],
  ee_start_lo: [8, u32le],
})

export const Ext4ExtentIdx = struct('ext4_extent_idx', 12, {
  ei_block: [0, u32le],
  ei_leaf_lo: [4, u32le],
  ei_leaf_hi: [8, u16le],
  ei_unused: [10, u16le],
})

export const Ext4ExtentTail = struct('ext4_extent_tail', 4, { et_checksum: [0, u32le] })
