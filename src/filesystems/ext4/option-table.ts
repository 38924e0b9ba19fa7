import * as z from 'zod'
import { guid } from '../../schema/identifiers.js'
import { byteChoice, byteCount, choice, decimal, flag, integer, leaf } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'

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

/** btrfs has hyphens. */
const FEATURE = /^\^?[a-z0-9_-]+$/

/** One text as after `mke2fs -O`, or the items of a list. */
function features() {
  return leaf(
    (value): readonly string[] | Refusal => {
      const words = value.split(',').map((word) => word.trim())
      const wrong = words.find((word) => !FEATURE.test(word))
      if (wrong === undefined) return words
      return new Refusal(
        `"${wrong}" is no feature`,
        'accepted are names as after -O of its mkfs, with ^ before one to switch off',
      )
    },
    { type: 'string' },
  )
}

/** Keys of `options:` for ext2, ext3 and ext4. What is missing follows mke2fs 1.47.0 of Debian 12. */
export const extOptions = {
  // Of ext 1 to 4 KiB; other families have others. What the volume's own family takes is checked with it.
  block_size: byteChoice([1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576])
    .describe(
      'Bytes of a block. ext: 1024, 2048, 4096, default 1024 below 512 MiB, 4096 above; squashfs: 4KiB to 1MiB, default 128KiB; xfs: 1024, 2048, 4096, default 4096',
    )
    .exactOptional(),
  inode_size: byteChoice([128, 256, 512, 1024, 2048, 4096])
    .describe(
      'Bytes of an inode. ext: default 256; 128 has no nanoseconds and ends in 2038. xfs: 512 to 2048, default 512',
    )
    .exactOptional(),
  bytes_per_inode: byteCount({ minimum: MIN_BYTES_PER_INODE, maximum: MAX_BYTES_PER_INODE })
    .describe('ext: one inode for so many bytes. Default: 4096 below 512 MiB, 16384 above')
    .exactOptional(),
  inodes: integer({ minimum: MIN_INODES, maximum: MAX_U32 })
    .describe('ext: number of inodes, instead of bytes_per_inode')
    .exactOptional(),
  reserved_percent: decimal({ minimum: 0, maximum: MAX_RESERVED_PERCENT })
    .describe('ext: blocks reserved for root. Default: 5')
    .exactOptional(),
  journal_size: byteCount({ minimum: 0, maximum: MAX_JOURNAL_BYTES })
    .describe('ext: size of the journal, such as 16MiB; 0 for none. Default: by the size of the volume')
    .exactOptional(),
  profile: choice(EXT_PROFILES)
    .describe('ext: a pinned set of features. Default: what mke2fs 1.47.0 of Debian 12 makes')
    .exactOptional(),
  features: z
    .union([features(), z.array(features()).transform((lists) => lists.flat())])
    .describe(
      'Single features. ext: on top of the profile, as after mke2fs -O: ^metadata_csum,uninit_bg; btrfs and f2fs: as after -O of their mkfs',
    )
    .exactOptional(),
  lazy_itable_init: flag()
    .describe('ext: leave unused inode tables to the kernel to clear. Default: false, they are zeros in the image')
    .exactOptional(),
  lost_and_found: flag().describe('ext: make the folder lost+found. Default: true').exactOptional(),
  hash_seed: guid()
    .describe('ext: seed of the folder hashes. Default: derived from the seed of the image')
    .exactOptional(),
} satisfies z.ZodRawShape
