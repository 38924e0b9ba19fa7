/**
 * What makes a stretch look like a volume of a format that is read here. Less is asked than the readers ask: one damaged field
 * must not hide a volume, since its reader then says which field that is.
 */
import { isPowerOfTwo } from '../bytes/align.js'
import { EXT4_SUPER_MAGIC, Ext4SuperBlock } from '../filesystems/ext4/disklayout/superblock.js'
import { hasExtMagic } from '../filesystems/ext4/reader/volume-shape.js'
import { decodeBootSector } from '../filesystems/fat/boot-regions.js'
import {
  BACKUP_BOOT_SECTOR,
  BOOT_RECORD_BYTES,
  type BootSector,
  BootSector16,
  BootSector32,
} from '../filesystems/fat/disklayout.js'
import { isMedia, SECTOR_SIZES } from '../filesystems/fat/reader/volume-shape.js'
import type { ImageView } from '../image/image-view.js'

/** First block of group 1 with as many blocks a group as a block has bits; with blocks of 1 KiB group 0 begins at block 1. */
const EXT_BACKUPS = [
  { logBlockSize: 0, offset: 8193 * 1024 },
  { logBlockSize: 1, offset: 16_384 * 2048 },
  { logBlockSize: 2, offset: 32_768 * 4096 },
] as const

/** By the superblock, or by its first backup. */
export function looksLikeExt(view: ImageView): boolean {
  if (hasExtMagic(view)) return true
  return EXT_BACKUPS.some(
    ({ logBlockSize, offset }) =>
      offset + Ext4SuperBlock.SIZE <= view.sizeBytes &&
      fieldAt(view, offset, 's_magic') === EXT4_SUPER_MAGIC &&
      fieldAt(view, offset, 's_log_block_size') === logBlockSize &&
      fieldAt(view, offset, 's_block_group_nr') === 1,
  )
}

/** One number alone: what stands in others may be anything. */
function fieldAt(
  view: ImageView,
  superblock: number,
  field: 's_magic' | 's_log_block_size' | 's_block_group_nr',
): number {
  const [at, size] = Ext4SuperBlock.FIELDS[field]!
  return Buffer.from(view.read(superblock + at, size, 'superblock')).readUIntLE(0, size)
}

/** BS_FilSysType */
const TYPE_TEXT = /^FAT(?:12|16|32)?$/

/** By the boot sector, or by the copy that FAT32 has. */
export function looksLikeFat(view: ImageView): boolean {
  return looksLikeBootSector(view, 0) || looksLikeBootSector(view, BACKUP_BOOT_SECTOR * BOOT_RECORD_BYTES)
}

function looksLikeBootSector(view: ImageView, base: number): boolean {
  if (base + BOOT_RECORD_BYTES > view.sizeBytes) return false
  const bytes = view.read(base, BOOT_RECORD_BYTES, 'boot sector')
  const texts = [BootSector16, BootSector32].map((record) => record.decode(bytes).BS_FilSysType)
  return texts.some((text) => TYPE_TEXT.test(text)) || hasSoundParameters(decodeBootSector(bytes).boot)
}

/** What Linux asks of a FAT, which need not say its name. [LINUX fs/fat/inode.c] */
function hasSoundParameters(boot: BootSector): boolean {
  return (
    SECTOR_SIZES.includes(boot.BPB_BytsPerSec) &&
    isPowerOfTwo(boot.BPB_SecPerClus) &&
    boot.BPB_RsvdSecCnt !== 0 &&
    (boot.BPB_NumFATs === 1 || boot.BPB_NumFATs === 2) &&
    isMedia(boot.BPB_Media) &&
    (boot.BPB_TotSec16 !== 0 || boot.BPB_TotSec32 !== 0) &&
    (boot.BPB_FATSz16 !== 0 || boot.BPB_FATSz32 !== 0)
  )
}
