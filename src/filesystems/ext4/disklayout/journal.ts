/** The journal's superblock: the first block of inode 8's content. Big-endian, alone in ext4.  [EXT4 disk layout, journal (jbd2)] */
import { bytes, type Infer, reserved, struct, u32be } from '../../../bytes/struct.js'

export const JBD2_MAGIC_NUMBER = 0xc03b3998
export const JBD2_DESCRIPTOR_BLOCK = 1
export const JBD2_COMMIT_BLOCK = 2
export const JBD2_SUPERBLOCK_V1 = 3
export const JBD2_SUPERBLOCK_V2 = 4
export const JBD2_REVOKE_BLOCK = 5
/** s_feature_incompat: block numbers have 64 bits. */
export const JBD2_FEATURE_INCOMPAT_64BIT = 0x0002
/** s_feature_incompat: the superblock and all blocks of the journal have checksums. */
export const JBD2_FEATURE_INCOMPAT_CSUM_V2 = 0x0008
export const JBD2_FEATURE_INCOMPAT_CSUM_V3 = 0x0010
/** The last s_num_fc_blks blocks of the journal are for fast commits. */
export const JBD2_FEATURE_INCOMPAT_FAST_COMMIT = 0x0020
/** s_num_fc_blks where it is 0. */
export const JBD2_DEFAULT_FAST_COMMIT_BLOCKS = 256

export const JournalSuperblock = struct('journal_superblock_s', 1024, {
  h_magic: [0x00, u32be],
  h_blocktype: [0x04, u32be],
  h_sequence: [0x08, u32be],
  s_blocksize: [0x0c, u32be],
  s_maxlen: [0x10, u32be],
  s_first: [0x14, u32be],
  s_sequence: [0x18, u32be],
  /** 0: the journal is empty. */
  s_start: [0x1c, u32be],
  s_errno: [0x20, u32be],
  s_feature_compat: [0x24, u32be],
  s_feature_incompat: [0x28, u32be],
  s_feature_ro_compat: [0x2c, u32be],
  s_uuid: [0x30, bytes(16)],
  s_nr_users: [0x40, u32be],
  _s_dynsuper: [0x44, reserved(4)],
  _s_max_transaction: [0x48, reserved(8)],
  _s_checksum_type: [0x50, reserved(4)],
  s_num_fc_blks: [0x54, u32be],
  _s_head: [0x58, reserved(4)],
  _s_padding: [0x5c, reserved(160)],
  s_checksum: [0xfc, u32be],
  _s_users: [0x100, reserved(768)],
})
export type JournalSuperblock = Infer<typeof JournalSuperblock>

/** The head of every block of the log but copies of metadata. */
export const JournalHeader = struct('journal_header_s', 12, {
  h_magic: [0x00, u32be],
  h_blocktype: [0x04, u32be],
  h_sequence: [0x08, u32be],
})

/** t_flags of the tags in a descriptor block: what the next block of the log is a copy of. */
export const JBD2_FLAG_ESCAPE = 1
export const JBD2_FLAG_SAME_UUID = 2
export const JBD2_FLAG_LAST_TAG = 8
