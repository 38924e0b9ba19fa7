/**
 * Inodes: 128 bytes, and in larger ones the fields from i_extra_isize on, as many as that says; xattrs fill the rest.
 * They stand in the inode table of their group, number 1 first. Little-endian.  [EXT4 disk layout, index nodes]
 */
import { bytes, type Infer, reserved, struct, u16le, u32le } from '../../../bytes/struct.js'

export const EXT4_GOOD_OLD_INODE_SIZE = 128
/** What i_extra_isize says in this writer's inodes: everything up to i_projid. */
export const EXTRA_ISIZE = 32

/** Inodes with a fixed purpose; payload begins at EXT4_GOOD_OLD_FIRST_INO. */
export const EXT4_ROOT_INO = 2
export const EXT4_RESIZE_INO = 7
export const EXT4_JOURNAL_INO = 8
export const EXT4_GOOD_OLD_FIRST_INO = 11

/** i_flags. */
export const EXT4_ENCRYPT_FL = 0x0000_0800
export const EXT4_INDEX_FL = 0x0000_1000
/** i_blocks counts whole blocks. */
export const EXT4_HUGE_FILE_FL = 0x0004_0000
export const EXT4_EXTENTS_FL = 0x0008_0000
/** Metadata of fs-verity stands behind i_size. */
export const EXT4_VERITY_FL = 0x0010_0000
/** The inode is the value of an extended attribute. */
export const EXT4_EA_INODE_FL = 0x0020_0000
/** Content stands in i_block, and what has no room there in the attribute system.data. */
export const EXT4_INLINE_DATA_FL = 0x1000_0000
/** Names are compared without case, and their hashes are of the folded name. */
export const EXT4_CASEFOLD_FL = 0x4000_0000

/** Type bits of i_mode. */
export const S_IFIFO = 0x1000
export const S_IFCHR = 0x2000
export const S_IFDIR = 0x4000
export const S_IFBLK = 0x6000
export const S_IFREG = 0x8000
export const S_IFLNK = 0xa000
export const S_IFSOCK = 0xc000
export const S_IFMT = 0xf000

/** More names than this a file cannot have; a directory's count becomes 1 (feature dir_nlink). */
export const EXT4_LINK_MAX = 65000

/** i_block: fifteen block numbers, or an extent tree's root, or a short symlink, or a device number. */
export const I_BLOCK_BYTES = 60
/** i_blocks counts in these, whatever the block size. */
export const I_BLOCKS_UNIT_BYTES = 512

const BASE_FIELDS = {
  i_mode: [0x00, u16le],
  i_uid: [0x02, u16le],
  i_size_lo: [0x04, u32le],
  i_atime: [0x08, u32le],
  i_ctime: [0x0c, u32le],
  i_mtime: [0x10, u32le],
  /** When it was deleted; in an orphan the number of the next one. */
  i_dtime: [0x14, u32le],
  i_gid: [0x18, u16le],
  i_links_count: [0x1a, u16le],
  i_blocks_lo: [0x1c, u32le],
  i_flags: [0x20, u32le],
  l_i_version: [0x24, u32le],
  i_block: [0x28, bytes(I_BLOCK_BYTES)],
  /** Part of the checksums' seed. */
  i_generation: [0x64, u32le],
  i_file_acl_lo: [0x68, u32le],
  i_size_high: [0x6c, u32le],
  _i_obso_faddr: [0x70, reserved(4)],
  l_i_blocks_high: [0x74, u16le],
  l_i_file_acl_high: [0x76, u16le],
  l_i_uid_high: [0x78, u16le],
  l_i_gid_high: [0x7a, u16le],
  l_i_checksum_lo: [0x7c, u16le],
  _l_i_reserved: [0x7e, reserved(2)],
} as const

export const Ext4InodeBase = struct('ext4_inode', EXT4_GOOD_OLD_INODE_SIZE, BASE_FIELDS)
export type Ext4InodeBase = Infer<typeof Ext4InodeBase>

export const Ext4Inode = struct('ext4_inode', EXT4_GOOD_OLD_INODE_SIZE + EXTRA_ISIZE, {
  ...BASE_FIELDS,
  i_extra_isize: [0x80, u16le],
  i_checksum_hi: [0x82, u16le],
  i_ctime_extra: [0x84, u32le],
  i_mtime_extra: [0x88, u32le],
  i_atime_extra: [0x8c, u32le],
  i_crtime: [0x90, u32le],
  i_crtime_extra: [0x94, u32le],
  _i_version_hi: [0x98, reserved(4)],
  i_projid: [0x9c, u32le],
})
export type Ext4Inode = Infer<typeof Ext4Inode>

export const I_BLOCK_OFFSET = Ext4Inode.FIELDS.i_block![0]
export const I_CHECKSUM_LO_OFFSET = Ext4Inode.FIELDS.l_i_checksum_lo![0]
export const I_CHECKSUM_HI_OFFSET = Ext4Inode.FIELDS.i_checksum_hi![0]
