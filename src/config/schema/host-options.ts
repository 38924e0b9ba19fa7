import type * as z from 'zod'
import { byteChoice, choice, decimal, flag, integer } from '../../schema/leaf.js'

export const COMPRESSIONS = ['none', 'zlib', 'gzip', 'lzo', 'lz4', 'lz4hc', 'xz', 'zstd'] as const

/** Of zstd; the others have fewer. */
const MAX_LEVEL = 22
const MAX_OVERPROVISION_PERCENT = 50

/** mkfs.ubifs 2.1.5 takes no fewer, whatever their size. */
const MIN_UBIFS_LEBS = 22

/** Keys of `options:` for swap and for what the host's tools write. What is missing follows the tool. */
export const hostOptions = {
  compression: choice(COMPRESSIONS)
    .describe(
      'JFFS2: zlib (default), none; squashfs: gzip (default), lzo, lz4, lz4hc, xz, zstd, none; erofs: none (default), lz4, lz4hc; ubifs: lzo (default), zlib, zstd, none',
    )
    .exactOptional(),
  level: integer({ maximum: MAX_LEVEL })
    .describe('Effort of the compression. squashfs: gzip and lzo 1 to 9, zstd 1 to 22; erofs: lz4hc 0 to 12')
    .exactOptional(),
  metadata: choice(['single', 'dup'])
    .describe('btrfs: copies of the metadata. Default: what mkfs.btrfs takes for one device, dup')
    .exactOptional(),
  mixed: flag()
    .describe('btrfs: data and metadata in the same chunks, for volumes below 109 MiB. Default: false')
    .exactOptional(),
  overprovision_percent: decimal({ minimum: 1, maximum: MAX_OVERPROVISION_PERCENT })
    .describe('f2fs: what is kept for cleaning. Default: by the size of the volume')
    .exactOptional(),
  page_size: byteChoice([4096, 8192, 16384, 32768, 65536])
    .describe('swap: bytes of a page of the kernel that uses it. Default: 4096')
    .exactOptional(),
  max_leb_count: integer({ minimum: MIN_UBIFS_LEBS })
    .describe('ubifs: logical erase blocks that it can ever grow to. Default: all of the UBI partition')
    .exactOptional(),
  space_fixup: flag()
    .describe(
      'ubifs: its first mount erases what is free once more, for images that are written with all their 0xFF. Default: true',
    )
    .exactOptional(),
} satisfies z.ZodRawShape
