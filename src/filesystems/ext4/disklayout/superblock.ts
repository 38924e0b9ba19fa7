/**
 * The superblock: 1024 bytes at byte 1024 of the volume, and at byte 0 of the first block of every group that holds a
 * backup. Little-endian. Field names are the kernel's.  [EXT4 disk layout, super block]
 */
import { array, bytes, type Infer, reserved, struct, u8, u16le, u32le, u64le } from '../../../bytes/struct.js'

/** Byte offset of the first copy, whatever the block size: the sectors before it belong to boot code. */
export const SUPERBLOCK_OFFSET_BYTES = 1024

export const EXT4_SUPER_MAGIC = 0xef53

/** s_state: unmounted cleanly. Backups lack it, so that a recovery from one begins with a full check. */
export const EXT4_VALID_FS = 0x0001
/** The kernel or e2fsck found errors that nobody has mended yet. */
export const EXT4_ERROR_FS = 0x0002
/** s_errors: carry on. */
export const EXT4_ERRORS_CONTINUE = 1
/** s_rev_level: inode size and features are given. */
export const EXT4_DYNAMIC_REV = 1
/** s_flags: names are hashed as signed characters, as on x86. */
export const EXT2_FLAGS_SIGNED_HASH = 0x0001
export const EXT2_FLAGS_UNSIGNED_HASH = 0x0002
/** s_default_mount_opts. */
export const EXT4_DEFM_XATTR_USER = 0x0004
export const EXT4_DEFM_ACL = 0x0008
/** s_def_hash_version, and hash_version of a hash tree; those of unsigned characters are DX_HASH_UNSIGNED more. */
export const DX_HASH_LEGACY = 0
export const DX_HASH_HALF_MD4 = 1
export const DX_HASH_TEA = 2
export const DX_HASH_UNSIGNED = 3
/** Keyed with the directory's encryption key, which nobody has here. */
export const DX_HASH_SIPHASH = 6
/** s_checksum_type. */
export const EXT4_CRC32C_CHKSUM = 1
/** s_jnl_backup_type: s_jnl_blocks holds i_block and i_size of the journal's inode. */
export const EXT3_JNL_BACKUP_BLOCKS = 1
/** s_max_mnt_count: never check because of the number of mounts. */
export const NO_MOUNT_LIMIT = 0xffff

export const LABEL_BYTES = 16
export const LAST_MOUNTED_BYTES = 64

export const Ext4SuperBlock = struct('ext4_super_block', 1024, {
  s_inodes_count: [0x000, u32le],
  s_blocks_count_lo: [0x004, u32le],
  s_r_blocks_count_lo: [0x008, u32le],
  s_free_blocks_count_lo: [0x00c, u32le],
  s_free_inodes_count: [0x010, u32le],
  s_first_data_block: [0x014, u32le],
  s_log_block_size: [0x018, u32le],
  s_log_cluster_size: [0x01c, u32le],
  s_blocks_per_group: [0x020, u32le],
  s_clusters_per_group: [0x024, u32le],
  s_inodes_per_group: [0x028, u32le],
  s_mtime: [0x02c, u32le],
  s_wtime: [0x030, u32le],
  s_mnt_count: [0x034, u16le],
  s_max_mnt_count: [0x036, u16le],
  s_magic: [0x038, u16le],
  s_state: [0x03a, u16le],
  s_errors: [0x03c, u16le],
  s_minor_rev_level: [0x03e, u16le],
  s_lastcheck: [0x040, u32le],
  s_checkinterval: [0x044, u32le],
  s_creator_os: [0x048, u32le],
  s_rev_level: [0x04c, u32le],
  s_def_resuid: [0x050, u16le],
  s_def_resgid: [0x052, u16le],
  s_first_ino: [0x054, u32le],
  s_inode_size: [0x058, u16le],
  s_block_group_nr: [0x05a, u16le],
  s_feature_compat: [0x05c, u32le],
  s_feature_incompat: [0x060, u32le],
  s_feature_ro_compat: [0x064, u32le],
  s_uuid: [0x068, bytes(16)],
  s_volume_name: [0x078, bytes(LABEL_BYTES)],
  s_last_mounted: [0x088, bytes(LAST_MOUNTED_BYTES)],
  _s_algorithm_usage_bitmap: [0x0c8, reserved(4)],
  _s_prealloc: [0x0cc, reserved(2)],
  s_reserved_gdt_blocks: [0x0ce, u16le],
  _s_journal_uuid: [0x0d0, reserved(16)],
  s_journal_inum: [0x0e0, u32le],
  s_journal_dev: [0x0e4, u32le],
  s_last_orphan: [0x0e8, u32le],
  s_hash_seed: [0x0ec, bytes(16)],
  s_def_hash_version: [0x0fc, u8],
  s_jnl_backup_type: [0x0fd, u8],
  s_desc_size: [0x0fe, u16le],
  s_default_mount_opts: [0x100, u32le],
  s_first_meta_bg: [0x104, u32le],
  s_mkfs_time: [0x108, u32le],
  s_jnl_blocks: [0x10c, array(u32le, 17)],
  s_blocks_count_hi: [0x150, u32le],
  s_r_blocks_count_hi: [0x154, u32le],
  s_free_blocks_count_hi: [0x158, u32le],
  s_min_extra_isize: [0x15c, u16le],
  s_want_extra_isize: [0x15e, u16le],
  s_flags: [0x160, u32le],
  s_raid_stride: [0x164, u16le],
  _s_mmp_update_interval: [0x166, reserved(2)],
  s_mmp_block: [0x168, u64le],
  s_raid_stripe_width: [0x170, u32le],
  s_log_groups_per_flex: [0x174, u8],
  s_checksum_type: [0x175, u8],
  _s_encryption_level: [0x176, reserved(1)],
  _s_reserved_pad: [0x177, reserved(1)],
  s_kbytes_written: [0x178, u64le],
  _s_snapshot: [0x180, reserved(20)],
  s_error_count: [0x194, u32le],
  _s_errors_seen: [0x198, reserved(104)],
  _s_mount_opts: [0x200, reserved(64)],
  s_usr_quota_inum: [0x240, u32le],
  s_grp_quota_inum: [0x244, u32le],
  s_overhead_clusters: [0x248, u32le],
  s_backup_bgs: [0x24c, array(u32le, 2)],
  _s_encrypt: [0x254, reserved(20)],
  _s_lpf_ino: [0x268, reserved(4)],
  s_prj_quota_inum: [0x26c, u32le],
  s_checksum_seed: [0x270, u32le],
  s_wtime_hi: [0x274, u8],
  s_mtime_hi: [0x275, u8],
  s_mkfs_time_hi: [0x276, u8],
  s_lastcheck_hi: [0x277, u8],
  _s_error_times: [0x278, reserved(4)],
  _s_encoding: [0x27c, reserved(4)],
  s_orphan_file_inum: [0x280, u32le],
  _s_reserved: [0x284, reserved(376)],
  s_checksum: [0x3fc, u32le],
})
export type Ext4SuperBlock = Infer<typeof Ext4SuperBlock>
