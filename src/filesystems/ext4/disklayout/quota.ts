/**
 * Quota files in the format of version 2, revision 1 ("vfsv1"): a header, a tree over the id's bytes in blocks of 1 KiB, and
 * blocks of entries. Little-endian.  [Linux 6.1 fs/quota/quotaio_v2.h, fs/quota/quotaio_v1.h]
 */
import { reserved, struct, u32le, u64le } from '../../../bytes/struct.js'

/** dqh_magic */
export const QUOTA_MAGIC = { user: 0xd9c0_1f11, group: 0xd9c0_1927, project: 0xd9c0_3f14 } as const
/** dqh_version: entries of 72 bytes. */
export const QUOTA_VERSION = 1

export const QuotaHeader = struct('v2_disk_dqheader', 8, {
  dqh_magic: [0x00, u32le],
  dqh_version: [0x04, u32le],
})

export const QuotaEntry = struct('v2r1_disk_dqblk', 72, {
  dqb_id: [0x00, u32le],
  _dqb_pad: [0x04, reserved(4)],
  _dqb_inode_limits: [0x08, reserved(16)],
  dqb_curinodes: [0x18, u64le],
  _dqb_block_limits: [0x20, reserved(16)],
  dqb_curspace: [0x30, u64le],
  _dqb_times: [0x38, reserved(16)],
})
