/**
 * What makes a stretch look like a volume of a format that is read here. Less is asked than the readers ask: one damaged field
 * must not hide a volume, since its reader then says which field that is.
 */
import { type u8, u16le, u32le } from '../bytes/struct.js'
import type { ImageView } from '../image/image-view.js'

/** s_magic. [EXT4 disk layout] */
const EXT_MAGIC = 0xef53
const EXT_SUPERBLOCK_OFFSET = 1024
const S_MAGIC_OFFSET = 0x38
const S_LOG_BLOCK_SIZE_OFFSET = 0x18
const S_BLOCK_GROUP_NR_OFFSET = 0x5a
/** First block of group 1 with as many blocks a group as a block has bits; with blocks of 1 KiB group 0 begins at block 1. */
const EXT_BACKUPS = [
  { logBlockSize: 0, offset: 8193 * 1024 },
  { logBlockSize: 1, offset: 16_384 * 2048 },
  { logBlockSize: 2, offset: 32_768 * 4096 },
] as const

/** By the superblock, or by its first backup. */
export function looksLikeExt(view: ImageView): boolean {
  if (numberAt(view, EXT_SUPERBLOCK_OFFSET + S_MAGIC_OFFSET, u16le) === EXT_MAGIC) return true
  return EXT_BACKUPS.some(
    ({ logBlockSize, offset }) =>
      numberAt(view, offset + S_MAGIC_OFFSET, u16le) === EXT_MAGIC &&
      numberAt(view, offset + S_LOG_BLOCK_SIZE_OFFSET, u32le) === logBlockSize &&
      numberAt(view, offset + S_BLOCK_GROUP_NR_OFFSET, u16le) === 1,
  )
}

const SECTOR_SIZES = new Set([512, 1024, 2048, 4096])
const MEDIA_FIXED = 0xf8
const MEDIA_REMOVABLE = 0xf0
/** BS_FilSysType of FAT12 and FAT16, and of FAT32. [FATGEN] */
const TYPE_TEXT_OFFSETS = [54, 82] as const
const TYPE_TEXT = /^FAT(?:12|16|32)? *$/
const TYPE_TEXT_BYTES = 8
/** Where the copy of FAT32's boot sector stands by default. */
const BACKUP_SECTOR = 6

/** By the boot sector, or by the copy that FAT32 has. */
export function looksLikeFat(view: ImageView): boolean {
  return looksLikeBootSector(view, 0) || looksLikeBootSector(view, BACKUP_SECTOR * 512)
}

function looksLikeBootSector(view: ImageView, base: number): boolean {
  if (base + 512 > view.sizeBytes) return false
  const sector = view.read(base, 512, 'boot sector')
  const hasText = TYPE_TEXT_OFFSETS.some((at) =>
    TYPE_TEXT.test(Buffer.from(sector).toString('latin1', at, at + TYPE_TEXT_BYTES)),
  )
  return hasText || hasSoundParameters(Buffer.from(sector))
}

/** What Linux asks of a FAT, which need not say its name. [LINUX fs/fat/inode.c] */
function hasSoundParameters(sector: Buffer): boolean {
  const sectorsPerCluster = sector[13]!
  const media = sector[21]!
  return (
    SECTOR_SIZES.has(sector.readUInt16LE(11)) &&
    sectorsPerCluster !== 0 &&
    (sectorsPerCluster & (sectorsPerCluster - 1)) === 0 &&
    sector.readUInt16LE(14) !== 0 &&
    (sector[16] === 1 || sector[16] === 2) &&
    (media >= MEDIA_FIXED || media === MEDIA_REMOVABLE) &&
    (sector.readUInt16LE(19) !== 0 || sector.readUInt32LE(32) !== 0) &&
    (sector.readUInt16LE(22) !== 0 || sector.readUInt32LE(36) !== 0)
  )
}

function numberAt(view: ImageView, offset: number, codec: typeof u8 | typeof u16le | typeof u32le): number | undefined {
  if (offset + codec.size > view.sizeBytes) return undefined
  const bytes = view.read(offset, codec.size, 'magic')
  return codec.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0)
}
