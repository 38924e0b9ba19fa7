import { featureList } from '../../schema/feature-list.js'
import { guid } from '../../schema/identifiers.js'
import { byteChoice, byteCount, choice, decimal, flag, integer } from '../../schema/leaf.js'
import type { OptionsOf, OptionTable } from '../file-system.js'

const MIB = 1024 ** 2

/** As mke2fs: a volume has at least its reserved inodes, and an inode for every KiB to one for every 64 MiB. */
const MIN_INODES = 11
const MIN_BYTES_PER_INODE = 1024
const MAX_BYTES_PER_INODE = 64 * MIB
const MAX_U32 = 0xffff_ffff
const MAX_RESERVED_PERCENT = 50
/** 10,240,000 blocks of 4 KiB, mke2fs' own limit. */
const MAX_JOURNAL_BYTES = 10_240_000 * 4096

export const EXT_PROFILES = ['default', 'modern', 'grub-2.04', 'u-boot', 'kernel-3.10', 'ext3', 'ext2'] as const

/** Keys of `options:` for ext2, ext3 and ext4. What is missing follows mke2fs 1.47.0 of Debian 12. */
export const extOptionTable = {
  block_size: byteChoice([1024, 2048, 4096])
    .describe('bytes of a block. Default: 1024 below 512 MiB, 4096 above')
    .exactOptional(),
  inode_size: byteChoice([128, 256, 512, 1024, 2048, 4096])
    .describe('bytes of an inode; 128 has no nanoseconds and ends in 2038. Default: 256')
    .exactOptional(),
  bytes_per_inode: byteCount({ minimum: MIN_BYTES_PER_INODE, maximum: MAX_BYTES_PER_INODE })
    .describe('one inode for so many bytes. Default: 4096 below 512 MiB, 16384 above')
    .exactOptional(),
  inodes: integer({ minimum: MIN_INODES, maximum: MAX_U32 })
    .describe('number of inodes, instead of bytes_per_inode')
    .exactOptional(),
  reserved_percent: decimal({ minimum: 0, maximum: MAX_RESERVED_PERCENT })
    .describe('blocks reserved for root. Default: 5')
    .exactOptional(),
  journal_size: byteCount({ minimum: 0, maximum: MAX_JOURNAL_BYTES })
    .describe('size of the journal, such as 16MiB; 0 for none. Default: by the size of the volume')
    .exactOptional(),
  profile: choice(EXT_PROFILES)
    .describe('a pinned set of features. Default: what mke2fs 1.47.0 of Debian 12 makes')
    .exactOptional(),
  features: featureList()
    .describe('single features on top of the profile, as after mke2fs -O: ^metadata_csum,uninit_bg')
    .exactOptional(),
  lazy_itable_init: flag()
    .describe('leave unused inode tables to the kernel to clear. Default: false, they are zeros in the image')
    .exactOptional(),
  lost_and_found: flag().describe('make the folder lost+found. Default: true').exactOptional(),
  hash_seed: guid().describe('seed of the folder hashes. Default: derived from the seed of the image').exactOptional(),
} satisfies OptionTable

export type ExtOptions = OptionsOf<typeof extOptionTable>
