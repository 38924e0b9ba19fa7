/**
 * Directory blocks. A linear block is a chain of entries whose rec_len covers the block; with metadata_csum its last
 * twelve bytes look like an unused entry and hold the checksum. The blocks of a hash tree (dir_index) dress up as
 * empty entries for readers that know only chains. Little-endian.  [EXT4 disk layout, directory entries, hash tree directories]
 */
import { reserved, struct, u8, u16le, u32le } from '../../../bytes/struct.js'

/** The part of an entry before its name; rec_len rounds the whole up to DIRENT_ALIGN_BYTES. */
export const Ext4DirEntry2 = struct('ext4_dir_entry_2', 8, {
  inode: [0, u32le],
  rec_len: [4, u16le],
  name_len: [6, u8],
  file_type: [7, u8],
})
export const DIRENT_ALIGN_BYTES = 4
export const EXT4_NAME_LEN = 255

/** Values of file_type. */
export const EXT4_FT_REG_FILE = 1
export const EXT4_FT_DIR = 2
export const EXT4_FT_CHRDEV = 3
export const EXT4_FT_BLKDEV = 4
export const EXT4_FT_FIFO = 5
export const EXT4_FT_SOCK = 6
export const EXT4_FT_SYMLINK = 7
/** What det_reserved_ft holds, so that no reader takes the tail for an entry. */
export const EXT4_FT_DIR_CSUM = 0xde

export const Ext4DirEntryTail = struct('ext4_dir_entry_tail', 12, {
  det_reserved_zero1: [0, u32le],
  det_rec_len: [4, u16le],
  det_reserved_zero2: [6, u8],
  det_reserved_ft: [7, u8],
  det_checksum: [8, u32le],
})

export const DxRootInfo = struct('dx_root_info', 8, {
  _reserved_zero: [0, reserved(4)],
  hash_version: [4, u8],
  info_length: [5, u8],
  indirect_levels: [6, u8],
  unused_flags: [7, u8],
})

/** Overlies the hash of a node's first entry, which is below every other and needs none. */
export const DxCountLimit = struct('dx_countlimit', 4, { limit: [0, u16le], count: [2, u16le] })
export const DxEntry = struct('dx_entry', 8, { hash: [0, u32le], block: [4, u32le] })
export const DxTail = struct('dx_tail', 8, { dt_reserved: [0, u32le], dt_checksum: [4, u32le] })

/** Where a root's and an inner node's entries begin: after `.`, `..` and the root info, or after one empty entry. */
export const DX_ROOT_ENTRIES_OFFSET = 32
export const DX_NODE_ENTRIES_OFFSET = 8
/** Length of `.` and `..` entries: 8 bytes and a name of 1 to 4. */
export const DOT_ENTRY_BYTES = 12
