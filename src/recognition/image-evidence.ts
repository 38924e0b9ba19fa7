/**
 * What proves that bytes are a disk or a volume: a partition table, a file system, or a first
 * loader where a boot ROM looks for it. Nothing else is taken for an image without being asked.
 */
import { crc32 } from '../bytes/crc32.js'
import { probeJffs2 } from '../filesystems/jffs2/scan.js'
import type { ImageView } from '../image/image-view.js'
import { isSensible, readBootRecord } from '../tables/mbr/read-records.js'
import type { ReadTable } from '../tables/read-table.js'
import { anyFirstLoader } from './first-loaders.js'
import { recognise } from './recognise.js'
import { hasSoundExt, hasSoundFat } from './volume-signs.js'

export interface Evidence {
  /**
   * A loader alone says less than a table or a volume: a file of U-Boot has it as well as a NOR
   * image that begins with U-Boot.
   */
  readonly kind: 'table' | 'volume' | 'loader'
  /** `a GPT`, `a Btrfs volume`, `an Allwinner boot0 … at byte 8192`. */
  readonly what: string
  /**
   * Of known-formats.ts, `ext` or `fat`: what the whole of the image is; `iso9660` beside a table:
   * a hybrid ISO.
   */
  readonly format?: string
}

/**
 * Formats of known-formats.ts that are volumes, or hold them. An ISO 9660 counts with a partition
 * table only.
 */
const VOLUMES: ReadonlySet<string> = new Set([
  ...['squashfs', 'erofs', 'btrfs', 'xfs', 'f2fs', 'swap', 'crypto_LUKS', 'ubi', 'ubifs', 'cramfs', 'romfs', 'ntfs'],
  ...['exfat', 'BitLocker', 'udf', 'hfsplus', 'apfs', 'reiserfs', 'jfs', 'bcachefs', 'littlefs'],
  ...['LVM2_member', 'linux_raid_member', 'android-super'],
])

const TABLES = { gpt: 'a GPT', mbr: 'an MBR', hybrid: 'a GPT with a hybrid MBR' } as const

/**
 * `table`: what `readTable` gives of `view`. Reads a few KiB, and 64 MiB in steps at most where
 * nothing else is found.
 */
export function evidenceOf(
  view: ImageView,
  table: ReadTable | undefined,
  { searchMemory }: { readonly searchMemory: boolean },
): Evidence | undefined {
  if (table !== undefined && (table.kind !== 'mbr' || isSoundMbr(view)))
    return { kind: 'table', what: TABLES[table.kind] }
  return volumeEvidence(view) ?? loaderEvidence(view) ?? (searchMemory ? memoryEvidence(view) : undefined)
}

const SECTOR_BYTES = 512
const TABLE_END = 510
const SIGNATURE_AT = 440

/**
 * Two bytes of signature are found in every 65,536th file: the records have to make sense as well.
 * An empty table is one where it has a disk signature and nothing but zeros in place of its
 * records.
 */
function isSoundMbr(view: ImageView): boolean {
  const { records, diskSignature } = readBootRecord(view, 0, 'MBR')
  const sectors = Math.ceil(view.sizeBytes / SECTOR_BYTES)
  if (records.length === 0) {
    const rest = view.read(SIGNATURE_AT + 4, TABLE_END - SIGNATURE_AT - 4, 'MBR')
    return diskSignature !== 0 && rest.every((byte) => byte === 0)
  }
  const isIndicated = records.every(({ BootIndicator }) => BootIndicator === 0 || BootIndicator === 0x80)
  return isIndicated && records.some((record) => record.OSType !== 0 && isSensible(record, sectors))
}

function volumeEvidence(view: ImageView): Evidence | undefined {
  const known = recognise(view)
  if (known !== undefined && VOLUMES.has(known.format)) {
    return { kind: 'volume', what: `${known.description}`, format: known.format }
  }
  if (hasSoundExt(view)) return { kind: 'volume', what: 'an ext2, ext3 or ext4 volume', format: 'ext' }
  if (hasSoundFat(view)) return { kind: 'volume', what: 'a FAT volume', format: 'fat' }
  if (probeJffs2(view) !== undefined) return { kind: 'volume', what: 'a JFFS2 volume', format: 'jffs2' }
  return undefined
}

function loaderEvidence(view: ImageView): Evidence | undefined {
  const loader = anyFirstLoader(view)
  if (loader === undefined) return undefined
  const { description, offset, by } = loader
  const format = offset === 0 ? recognise(view)?.format : undefined
  const what = `${description} at byte ${offset}, where the ${by} looks for it`
  return { kind: 'loader', what, ...(format !== undefined && { format }) }
}

/** Volumes on raw flash begin at an erase block, behind loaders that have no sign of their own. */
const ERASE_BLOCK_BYTES = 64 << 10
const SEARCHED_BYTES = 64 << 20
const SQUASHFS_VERSION_AT = 28
const SQUASHFS_4_0 = Buffer.from('04000000', 'hex')

function memoryEvidence(view: ImageView): Evidence | undefined {
  const end = Math.min(SEARCHED_BYTES, view.sizeBytes - ERASE_BLOCK_BYTES)
  for (let at = ERASE_BLOCK_BYTES; at <= end; at += ERASE_BLOCK_BYTES) {
    const block = view.part(at, ERASE_BLOCK_BYTES, view.name)
    const format = memoryVolume(block)
    if (format !== undefined) return { kind: 'loader', what: `${format} at byte ${at}` }
  }
  return undefined
}

const LEGACY_MAGIC = 0x27051956
const LEGACY_HEADER_BYTES = 64
const LEGACY_SUM_AT = 4

/** With the header's own CRC-32, which is made while its field is zero. [U-BOOT image.h] */
function isLegacyHeader(head: Buffer): boolean {
  if (head.length < LEGACY_HEADER_BYTES || head.readUInt32BE() !== LEGACY_MAGIC) return false
  const header = Buffer.from(head.subarray(0, LEGACY_HEADER_BYTES))
  header.writeUInt32BE(0, LEGACY_SUM_AT)
  return crc32(header) === head.readUInt32BE(LEGACY_SUM_AT)
}

function memoryVolume(block: ImageView): string | undefined {
  const head = Buffer.from(block.read(0, SECTOR_BYTES, 'erase block'))
  const magic = head.toString('latin1', 0, 4)
  if (magic === 'hsqs' && head.subarray(SQUASHFS_VERSION_AT, SQUASHFS_VERSION_AT + 4).equals(SQUASHFS_4_0))
    return 'squashfs'
  if (magic === 'UBI#' && head[4] === 1) return 'UBI volumes'
  if (isLegacyHeader(head)) return 'a legacy image of U-Boot'
  if (recognise(block)?.format === 'u-boot-fit') return 'a FIT image of U-Boot'
  // A whole block is not searched: a node begins where the block does.
  return probeJffs2(block.part(0, SECTOR_BYTES, block.name)) === undefined ? undefined : 'a JFFS2 volume'
}
