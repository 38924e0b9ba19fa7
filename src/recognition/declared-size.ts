/**
 * How long a volume says that it is, from the fields of its superblock; nothing else of it is read.
 */
import { crc32 } from '../bytes/crc32.js'
import { Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES } from '../filesystems/ext4/disklayout/superblock.js'
import { decodeBootSector } from '../filesystems/fat/boot-regions.js'
import { BOOT_RECORD_BYTES } from '../filesystems/fat/disklayout.js'
import type { ImageView } from '../image/image-view.js'

type Read = (offset: number, length: number) => Buffer

const EXT_FEATURE_64BIT = 0x80
const SWAP_PAGE_BYTES = 4096
const ISO_DESCRIPTOR_AT = 32_768
const BTRFS_SUPERBLOCK_AT = 65_536
const U_BOOT_HEADER_BYTES = 64

/**
 * In bytes, by the format's word in known-formats.ts. Sources: squashfs_super_block.bytes_used,
 * erofs_super_block.blocks, xfs_dsb.sb_dblocks, f2fs_super_block.block_count, btrfs
 * dev_item.total_bytes, swap_header.last_page [LINUX]; the boot sectors of NTFS and exFAT; ih_size
 * of U-Boot's legacy header; totalsize of a flattened tree.
 */
const SIZES: Readonly<Record<string, (read: Read) => number | bigint>> = {
  squashfs: (read) => read(40, 8).readBigUInt64LE(),
  erofs: (read) => read(1024 + 36, 4).readUInt32LE() * 2 ** Math.min(32, read(1024 + 12, 1)[0]!),
  btrfs: (read) => read(BTRFS_SUPERBLOCK_AT + 0xd1, 8).readBigUInt64LE(),
  xfs: (read) => BigInt(read(4, 4).readUInt32BE()) * read(8, 8).readBigUInt64BE(),
  f2fs: (read) => read(1024 + 36, 8).readBigUInt64LE() << BigInt(Math.min(32, read(1024 + 16, 4).readUInt32LE())),
  swap: (read) => (read(1024 + 4, 4).readUInt32LE() + 1) * SWAP_PAGE_BYTES,
  cramfs: (read) => read(4, 4).readUInt32LE(),
  romfs: (read) => read(8, 4).readUInt32BE(),
  ntfs: (read) => read(40, 8).readBigUInt64LE() * BigInt(read(11, 2).readUInt16LE()),
  exfat: (read) => read(72, 8).readBigUInt64LE() << BigInt(Math.min(32, read(108, 1)[0]!)),
  iso9660: (read) => read(ISO_DESCRIPTOR_AT + 80, 4).readUInt32LE() * read(ISO_DESCRIPTOR_AT + 128, 2).readUInt16LE(),
  'u-boot-image': uBootImageBytes,
  'u-boot-fit': (read) => read(4, 4).readUInt32BE(),
  ext: extBytes,
  fat: fatBytes,
}

/**
 * `format`: of known-formats.ts, `ext` or `fat`. Undefined where such a volume does not say it, or
 * not in these bytes.
 */
export function declaredSize(view: ImageView, format: string): number | undefined {
  const sizeOf = SIZES[format]
  if (sizeOf === undefined) return undefined
  let isWithin = true
  const read: Read = (offset, length) => {
    if (offset + length <= view.sizeBytes) return Buffer.from(view.read(offset, length, 'superblock'))
    isWithin = false
    return Buffer.alloc(length)
  }
  const size = Number(sizeOf(read))
  return isWithin ? size : undefined
}

/** Only a header whose own sum (ih_hcrc) is right says how long the image is. */
function uBootImageBytes(read: Read): number {
  const header = Buffer.from(read(0, U_BOOT_HEADER_BYTES))
  const sum = header.readUInt32BE(4)
  header.writeUInt32BE(0, 4)
  return crc32(header) === sum ? header.readUInt32BE(12) + U_BOOT_HEADER_BYTES : 0
}

function extBytes(read: Read): number {
  const field = (name: string): number => {
    const [at, size] = Ext4SuperBlock.FIELDS[name]!
    return read(SUPERBLOCK_OFFSET_BYTES + at, size).readUIntLE(0, size)
  }
  const isWide = (field('s_feature_incompat') & EXT_FEATURE_64BIT) !== 0
  const blocks = field('s_blocks_count_lo') + (isWide ? field('s_blocks_count_hi') * 2 ** 32 : 0)
  return blocks * 1024 * 2 ** Math.min(16, field('s_log_block_size'))
}

function fatBytes(read: Read): number {
  const { boot } = decodeBootSector(read(0, BOOT_RECORD_BYTES))
  return (boot.BPB_TotSec16 === 0 ? boot.BPB_TotSec32 : boot.BPB_TotSec16) * boot.BPB_BytsPerSec
}
