/**
 * What the superblock says of the volume's shape, in numbers that everything after relies on: none of them can lead
 * beyond the view, divide by zero, or ask for more memory than the volume has bytes.
 * [EXT4 disk layout, super block; Linux 6.1 fs/ext4/super.c __ext4_fill_super]
 */
import { isPowerOfTwo } from '../../../bytes/align.js'
import type { ImageView } from '../../../image/image-view.js'
import { checksumSeed, superblockChecksum } from '../checksums.js'
import { fromHalves } from '../disklayout/halves.js'
import { EXT4_GOOD_OLD_FIRST_INO, EXT4_GOOD_OLD_INODE_SIZE } from '../disklayout/inode.js'
import {
  EXT4_DYNAMIC_REV,
  EXT4_SUPER_MAGIC,
  Ext4SuperBlock,
  SUPERBLOCK_OFFSET_BYTES,
} from '../disklayout/superblock.js'
import { readFeatures, type VolumeFeatures } from './feature-names.js'
import { type Report, reportByThrowing } from './report.js'

const MIN_BLOCK_BYTES = 1024
const MAX_LOG_BLOCK_SIZE = 6
const BITS_PER_BYTE = 8
const GOOD_OLD_DESCRIPTOR_BYTES = 32
const MAX_DESCRIPTOR_BYTES = 1024

export interface VolumeShape {
  readonly superblock: Ext4SuperBlock
  /** The superblock's 1024 bytes. */
  readonly superblockBytes: Uint8Array
  readonly features: VolumeFeatures
  readonly blockSize: number
  readonly blockCount: number
  readonly firstDataBlock: number
  readonly blocksPerGroup: number
  readonly groupCount: number
  /** Blocks that one bit of a block bitmap stands for: 1, but with bigalloc. */
  readonly clusterBlocks: number
  readonly inodeSize: number
  readonly inodesPerGroup: number
  readonly inodeCount: number
  /** Of each group. */
  readonly inodeTableBlocks: number
  /** The first number that is not kept for the volume's own purposes. */
  readonly firstInode: number
  readonly descriptorSize: number
  readonly descriptorsPerBlock: number
  /** Blocks of the whole table of group descriptors. */
  readonly descriptorBlocks: number
  /** Of all checksums of metadata_csum; undefined without it. */
  readonly checksumSeed: number | undefined
  /** Group descriptors have checksums, and groups may be uninitialised. */
  readonly hasGroupChecksums: boolean
}

/** Whether an ext superblock stands there, sound or not. */
export function hasExtMagic(view: ImageView): boolean {
  const [at, size] = Ext4SuperBlock.FIELDS.s_magic!
  const offset = SUPERBLOCK_OFFSET_BYTES + at
  if (view.sizeBytes < SUPERBLOCK_OFFSET_BYTES + Ext4SuperBlock.SIZE) return false
  const bytes = view.read(offset, size, 'superblock')
  return bytes[0]! + bytes[1]! * 0x100 === EXT4_SUPER_MAGIC
}

/** Throws FormatError where the volume cannot be read at all; `checkSuperblockChecksum` is another matter. */
export function readShape(view: ImageView): VolumeShape {
  const superblock = view.decode(Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES, 'superblock')
  const superblockBytes = view.read(SUPERBLOCK_OFFSET_BYTES, Ext4SuperBlock.SIZE, 'superblock').slice()
  const expect = (isSo: boolean, field: string, found: number | string, expected: string, hint?: string): void => {
    if (isSo) return
    const finding = { structure: 'superblock', offset: SUPERBLOCK_OFFSET_BYTES, field, found, expected }
    reportByThrowing(view.name)(hint === undefined ? finding : { ...finding, hint })
  }
  const s = superblock
  expect(s.s_magic === EXT4_SUPER_MAGIC, 's_magic', s.s_magic, `${EXT4_SUPER_MAGIC} (0xEF53)`)
  const features = readFeatures(s)
  expect(
    features.unreadable.length === 0,
    's_feature_incompat',
    features.unreadable.join(', '),
    'features that diskloom reads',
    'Linux mounts it if its own version knows them.',
  )
  expect(s.s_log_block_size <= MAX_LOG_BLOCK_SIZE, 's_log_block_size', s.s_log_block_size, 'at most 6 (64 KiB)')
  const blockSize = MIN_BLOCK_BYTES * 2 ** s.s_log_block_size
  const bitsPerBlock = blockSize * BITS_PER_BYTE

  const isBigalloc = features.has('bigalloc')
  const clusterBlocks = isBigalloc ? 2 ** (s.s_log_cluster_size - s.s_log_block_size) : 1
  expect(
    Number.isInteger(clusterBlocks) && clusterBlocks <= bitsPerBlock,
    's_log_cluster_size',
    s.s_log_cluster_size,
    `at least s_log_block_size (${s.s_log_block_size})`,
  )
  const firstDataBlock = blockSize === MIN_BLOCK_BYTES && clusterBlocks === 1 ? 1 : 0
  expect(
    s.s_first_data_block === firstDataBlock,
    's_first_data_block',
    s.s_first_data_block,
    `${firstDataBlock} with blocks of ${blockSize} bytes`,
  )
  const blockCount = fromHalves(s.s_blocks_count_lo, features.has('64bit') ? s.s_blocks_count_hi : 0)
  const mostBlocks = Math.floor(view.sizeBytes / blockSize)
  expect(
    blockCount > firstDataBlock && blockCount <= mostBlocks,
    's_blocks_count',
    blockCount,
    `at most ${mostBlocks}, the blocks of ${blockSize} bytes that are there`,
  )
  const blocksPerGroup = s.s_blocks_per_group
  expect(
    blocksPerGroup >= BITS_PER_BYTE &&
      blocksPerGroup % (BITS_PER_BYTE * clusterBlocks) === 0 &&
      blocksPerGroup / clusterBlocks <= bitsPerBlock,
    's_blocks_per_group',
    blocksPerGroup,
    `a multiple of ${BITS_PER_BYTE * clusterBlocks} up to ${bitsPerBlock * clusterBlocks}`,
  )
  const clustersPerGroup = blocksPerGroup / clusterBlocks
  expect(
    !isBigalloc || s.s_clusters_per_group === clustersPerGroup,
    's_clusters_per_group',
    s.s_clusters_per_group,
    `${clustersPerGroup}`,
  )
  const groupCount = Math.ceil((blockCount - firstDataBlock) / blocksPerGroup)

  const isOld = s.s_rev_level < EXT4_DYNAMIC_REV
  const inodeSize = isOld ? EXT4_GOOD_OLD_INODE_SIZE : s.s_inode_size
  expect(
    inodeSize >= EXT4_GOOD_OLD_INODE_SIZE && inodeSize <= blockSize && isPowerOfTwo(inodeSize),
    's_inode_size',
    inodeSize,
    `a power of two from ${EXT4_GOOD_OLD_INODE_SIZE} to ${blockSize}`,
  )
  const inodesPerGroup = s.s_inodes_per_group
  const inodesPerBlock = blockSize / inodeSize
  const inodeTableBlocks = Math.ceil(inodesPerGroup / inodesPerBlock)
  expect(
    inodesPerGroup >= inodesPerBlock && inodesPerGroup <= bitsPerBlock && groupCount * inodeTableBlocks < blockCount,
    's_inodes_per_group',
    inodesPerGroup,
    `${inodesPerBlock} to ${bitsPerBlock}, and their tables within the volume`,
  )
  const inodeCount = groupCount * inodesPerGroup
  expect(s.s_inodes_count === inodeCount, 's_inodes_count', s.s_inodes_count, `${inodeCount}, those of all groups`)
  const firstInode = isOld ? EXT4_GOOD_OLD_FIRST_INO : s.s_first_ino
  expect(
    firstInode >= EXT4_GOOD_OLD_FIRST_INO && firstInode <= inodeCount,
    's_first_ino',
    firstInode,
    `${EXT4_GOOD_OLD_FIRST_INO} to ${inodeCount}`,
  )

  const descriptorSize = features.has('64bit') ? s.s_desc_size : GOOD_OLD_DESCRIPTOR_BYTES
  expect(
    isPowerOfTwo(descriptorSize) &&
      descriptorSize <= MAX_DESCRIPTOR_BYTES &&
      descriptorSize >= (features.has('64bit') ? 2 : 1) * GOOD_OLD_DESCRIPTOR_BYTES,
    's_desc_size',
    s.s_desc_size,
    'a power of two from 64 to 1024 with the feature 64bit',
  )
  const descriptorsPerBlock = blockSize / descriptorSize
  const hasChecksums = features.has('metadata_csum')
  return {
    superblock,
    superblockBytes,
    features,
    blockSize,
    blockCount,
    firstDataBlock,
    blocksPerGroup,
    groupCount,
    clusterBlocks,
    inodeSize,
    inodesPerGroup,
    inodeCount,
    inodeTableBlocks,
    firstInode,
    descriptorSize,
    descriptorsPerBlock,
    descriptorBlocks: Math.ceil(groupCount / descriptorsPerBlock),
    checksumSeed: !hasChecksums
      ? undefined
      : features.has('metadata_csum_seed')
        ? s.s_checksum_seed
        : checksumSeed(s.s_uuid),
    hasGroupChecksums: hasChecksums || features.has('uninit_bg'),
  }
}

/** With metadata_csum: who does not trust the superblock trusts nothing. */
export function checkSuperblockChecksum(shape: VolumeShape, report: Report): void {
  if (shape.checksumSeed === undefined) return
  const expected = superblockChecksum(shape.superblockBytes)
  if (shape.superblock.s_checksum === expected) return
  report({
    structure: 'superblock',
    offset: SUPERBLOCK_OFFSET_BYTES,
    field: 's_checksum',
    found: hex(shape.superblock.s_checksum),
    expected: hex(expected),
  })
}

/** Checksums and magic numbers, for messages. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
