/**
 * What proves a volume whose magic number is too short to prove anything. The probes of the readers
 * ask for less, since one damaged field must not hide a volume from those who repair it.
 */
import { Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES } from '../filesystems/ext4/disklayout/superblock.js'
import { hasExtMagic } from '../filesystems/ext4/reader/volume-shape.js'
import { decodeBootSector } from '../filesystems/fat/boot-regions.js'
import { BACKUP_BOOT_SECTOR, BOOT_RECORD_BYTES } from '../filesystems/fat/disklayout.js'
import { hasSoundParameters } from '../filesystems/fat/reader/sound-parameters.js'
import type { ImageView } from '../image/image-view.js'

const LARGEST_LOG_BLOCK_SIZE = 6
const LARGEST_REVISION = 1

/**
 * Returns whether the superblock's own sizes make sense, beside the two bytes of its magic number.
 */
export function hasSoundExt(view: ImageView): boolean {
  if (!hasExtMagic(view)) return false
  const field = (name: string): number => {
    const [at, size] = Ext4SuperBlock.FIELDS[name]!
    return Buffer.from(view.read(SUPERBLOCK_OFFSET_BYTES + at, size, 'superblock')).readUIntLE(0, size)
  }
  return (
    field('s_log_block_size') <= LARGEST_LOG_BLOCK_SIZE &&
    field('s_rev_level') <= LARGEST_REVISION &&
    field('s_inodes_count') > 0 &&
    field('s_inodes_per_group') > 0 &&
    field('s_blocks_per_group') > 0
  )
}

/**
 * Returns whether the boot sector, or the copy that FAT32 has, gives all sizes that a reader needs.
 */
export function hasSoundFat(view: ImageView): boolean {
  return [0, BACKUP_BOOT_SECTOR * BOOT_RECORD_BYTES].some(
    (base) =>
      base + BOOT_RECORD_BYTES <= view.sizeBytes &&
      hasSoundParameters(decodeBootSector(view.read(base, BOOT_RECORD_BYTES, 'boot sector')).boot),
  )
}
