/**
 * Where the superblock's copies and the group descriptors stand. The table of descriptors follows each copy; with meta_bg
 * (or its part from s_first_meta_bg on) each block of it stands in the groups that it describes: first, second and last.
 * [EXT4 disk layout, block group descriptors, meta block groups; Linux 6.1 fs/ext4/super.c descriptor_loc]
 */
import type { VolumeShape } from './volume-shape.js'

const MIN_BLOCK_BYTES = 1024

export function firstBlockOf(shape: VolumeShape, group: number): number {
  return shape.firstDataBlock + group * shape.blocksPerGroup
}

/** The first block after the group. */
export function endBlockOf(shape: VolumeShape, group: number): number {
  return Math.min(firstBlockOf(shape, group + 1), shape.blockCount)
}

export function groupOfBlock(shape: VolumeShape, block: number): number {
  return Math.floor((block - shape.firstDataBlock) / shape.blocksPerGroup)
}

/** Whether a group begins with a copy of the superblock: all, or with sparse_super 0, 1 and the powers of 3, 5 and 7. */
export function holdsSuperblock({ features, superblock }: VolumeShape, group: number): boolean {
  if (group === 0) return true
  if (features.has('sparse_super2')) return superblock.s_backup_bgs.includes(group)
  if (group === 1 || !features.has('sparse_super')) return true
  return [3, 5, 7].some((base) => Number.isInteger(logarithm(group, base)))
}

function logarithm(value: number, base: number): number {
  let exponent = 0
  let power = 1
  for (; power < value; power *= base) exponent++
  return power === value ? exponent : Number.NaN
}

/** The block of the group's own superblock, if it has one. The first one's is block 1 with 1 KiB blocks, whatever s_first_data_block. */
export function superblockBlock(shape: VolumeShape, group: number): number {
  if (group === 0) return shape.blockSize === MIN_BLOCK_BYTES ? 1 : 0
  return firstBlockOf(shape, group)
}

/** Blocks of the table that stand after every superblock copy. */
function blocksAfterSuperblock({ features, superblock, descriptorBlocks }: VolumeShape): number {
  return features.has('meta_bg') ? Math.min(superblock.s_first_meta_bg, descriptorBlocks) : descriptorBlocks
}

/** Where block `index` of the table stands: the copy that everybody reads. */
export function descriptorBlockPlace(shape: VolumeShape, index: number): number {
  if (index < blocksAfterSuperblock(shape)) return superblockBlock(shape, 0) + 1 + index
  return metaDescriptorPlace(shape, index * shape.descriptorsPerBlock)
}

function metaDescriptorPlace(shape: VolumeShape, group: number): number {
  return holdsSuperblock(shape, group) ? superblockBlock(shape, group) + 1 : firstBlockOf(shape, group)
}

/** What a group begins with. */
export interface GroupHead {
  /** Block of its superblock copy. */
  readonly superblock: number | undefined
  /** Blocks of descriptors: where they begin, how many, and which one of the table is the first. */
  readonly descriptors: { readonly block: number; readonly count: number; readonly index: number }
  /** Blocks behind them that are kept for more descriptors (resize_inode). */
  readonly reservedBlocks: number
}

export function groupHead(shape: VolumeShape, group: number): GroupHead {
  const superblock = holdsSuperblock(shape, group) ? superblockBlock(shape, group) : undefined
  const after = blocksAfterSuperblock(shape)
  const index = Math.floor(group / shape.descriptorsPerBlock)
  const { features } = shape
  if (features.has('meta_bg') && index >= shape.superblock.s_first_meta_bg) {
    const place = group % shape.descriptorsPerBlock
    const hasOne = place === 0 || place === 1 || place === shape.descriptorsPerBlock - 1
    const descriptors = { block: metaDescriptorPlace(shape, group), count: hasOne ? 1 : 0, index }
    return { superblock, descriptors, reservedBlocks: 0 }
  }
  if (superblock === undefined) {
    return { superblock, descriptors: { block: firstBlockOf(shape, group), count: 0, index: 0 }, reservedBlocks: 0 }
  }
  return {
    superblock,
    descriptors: { block: superblock + 1, count: after, index: 0 },
    reservedBlocks: features.has('meta_bg') ? 0 : shape.superblock.s_reserved_gdt_blocks,
  }
}
