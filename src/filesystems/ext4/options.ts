/** What an ext2, ext3 or ext4 volume may be asked to be. A missing option follows mke2fs 1.47.0 of Debian 12. */
import type { Guid } from '../../bytes/guid.js'

export type ExtType = 'ext2' | 'ext3' | 'ext4'

export interface ExtFormatOptions {
  readonly type: ExtType
  /** At most 16 bytes of UTF-8. */
  readonly label?: string
  /** Bytes. */
  readonly block_size?: 1024 | 2048 | 4096
  /** Bytes: a power of two from 128 to the block size. */
  readonly inode_size?: number
  readonly bytes_per_inode?: number
  /** At least as many; rounded up to fill the inode tables' blocks. */
  readonly inodes?: number
  /** Of all blocks, 0 to 50, kept for root. */
  readonly reserved_percent?: number
  /** Bytes; 0 = no journal. */
  readonly journal_size?: number
  /** A name of `PROFILES` (features.ts). */
  readonly profile?: string
  /** Single features on top of the profile, as mke2fs -O: `['^metadata_csum', 'uninit_bg']`. */
  readonly features?: readonly string[]
  /** Inode tables that are not in use stay unspecified, and the kernel zeroes them after the first mount. */
  readonly lazy_itable_init?: boolean
  /** Default true. */
  readonly lost_and_found?: boolean
  /** Seed of the directory hash; default derived from the volume's UUID. */
  readonly hash_seed?: Guid
  /** Blocks of one RAID chunk (mke2fs -E stride). */
  readonly stride?: number
  /** Blocks of one RAID stripe (mke2fs -E stripe_width). */
  readonly stripe_width?: number
}
