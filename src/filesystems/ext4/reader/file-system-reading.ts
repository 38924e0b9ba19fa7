/** How a volume of ext is recognised and opened. */
import type { ImageView } from '../../../image/image-view.js'
import type { FileSystemReading } from '../../file-system.js'
import { EXT4_SUPER_MAGIC, Ext4SuperBlock } from '../disklayout/superblock.js'
import { locateInExt } from './locate.js'
import { openExtVolume } from './open-ext-volume.js'
import { hasExtMagic } from './volume-shape.js'

export const extReading: FileSystemReading = { probe: looksLikeExt, open: openExtVolume, locate: locateInExt }

/** First block of group 1 with as many blocks a group as a block has bits; with blocks of 1 KiB group 0 begins at block 1. */
const EXT_BACKUPS = [
  { logBlockSize: 0, offset: 8193 * 1024 },
  { logBlockSize: 1, offset: 16_384 * 2048 },
  { logBlockSize: 2, offset: 32_768 * 4096 },
] as const

/** By the superblock, or by its first backup. */
function looksLikeExt(view: ImageView): boolean {
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
