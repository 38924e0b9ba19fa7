/**
 * How a volume of a given size is divided: block size, groups, inodes, reserved descriptors. The rules, thresholds and
 * roundings are those of mke2fs 1.47.0 with Debian 12's mke2fs.conf, so that a volume made here and one made there
 * have the same superblock.  [e2fsprogs 1.47.0, misc/mke2fs.c PRS, lib/ext2fs/initialize.c]
 */
import { alignDown, ceilDivide } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { LayoutError } from '../../errors.js'
import { Ext4GroupDesc32, Ext4GroupDesc64 } from './disklayout/group-descriptor.js'
import { EXT4_GOOD_OLD_FIRST_INO } from './disklayout/inode.js'
import type { Feature, FeatureSet } from './features.js'
import { journalBlocksFor } from './journal-size.js'
import type { ExtFormatOptions } from './options.js'
import { assertOptions } from './options-check.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
const TIB = 1024 * GIB
const MAX_U32 = 0xffff_ffff

/** mke2fs rounds a device down to whole pages of the machine; here always to x86's, so that every machine agrees. */
export const SIZE_STEP_BYTES = 4096

/** mke2fs.conf's usage types: below `limitBytes`, this block size and one inode for so many bytes. */
const SIZE_CLASSES = [
  { limitBytes: 3 * MIB, blockSize: 1024, bytesPerInode: 8192 },
  { limitBytes: 512 * MIB, blockSize: 1024, bytesPerInode: 4096 },
  { limitBytes: 4 * TIB, blockSize: 4096, bytesPerInode: 16384 },
  { limitBytes: 16 * TIB, blockSize: 4096, bytesPerInode: 32768 },
  { limitBytes: Number.POSITIVE_INFINITY, blockSize: 4096, bytesPerInode: 65536 },
] as const

/** Where the rules change: the search for the smallest volume takes each stretch between them on its own. */
export const SIZE_CLASS_LIMITS_BYTES: readonly number[] = SIZE_CLASSES.map(({ limitBytes }) => limitBytes)

const DEFAULT_INODE_SIZE = 256
const DEFAULT_RESERVED_PERCENT = 5
const FLEX_BG_SIZE = 16
const BITS_PER_BYTE = 8
/** A last group with fewer blocks left than this beyond its own metadata is given up. */
const LAST_GROUP_MIN_FREE_BLOCKS = 50
/** resize_inode makes room for a volume this many times as large. */
const GROWTH_FACTOR = 1024
const BLOCK_ADDRESS_BYTES = 4

export interface Geometry {
  readonly features: FeatureSet
  readonly blockSize: number
  /** Blocks of the file system; what is left of the volume behind them is not used. */
  readonly blockCount: number
  readonly reservedBlockCount: number
  /** 1 with 1 KiB blocks (the superblock is block 1), else 0. */
  readonly firstDataBlock: number
  readonly blocksPerGroup: number
  readonly groupCount: number
  readonly inodeSize: number
  readonly inodesPerGroup: number
  readonly inodeTableBlocks: number
  readonly inodeCount: number
  readonly descriptorSize: number
  /** Blocks of the whole group descriptor table. */
  readonly descriptorBlocks: number
  /** Blocks behind the table, kept for growth. */
  readonly reservedDescriptorBlocks: number
  /** Groups of one flex group; 1 without flex_bg. */
  readonly flexSize: number
  /** Groups with backups under sparse_super2; 0 = none. */
  readonly backupGroups: readonly [number, number]
  readonly journalBlocks: number
}

/** The geometry of a volume of `sizeBytes` on a disk with sectors of `sectorSize` bytes. Throws LayoutError where it is too small or too large for one. */
export function planGeometry(
  sizeBytes: number,
  options: ExtFormatOptions,
  { features: asked, sectorSize }: { readonly features: FeatureSet; readonly sectorSize: number },
): Geometry {
  const usableBytes = alignDown(sizeBytes, SIZE_STEP_BYTES)
  const sizeClass = SIZE_CLASSES.find(({ limitBytes }) => usableBytes < limitBytes)!
  const blockSize = options.block_size ?? Math.max(sizeClass.blockSize, sectorSize)
  assertOptions(options, { blockSize, sectorSize })
  const blocks = Math.floor(usableBytes / blockSize)
  const name = `${options.type} volume of ${formatSize(sizeBytes)}`
  const features = new Set(asked)
  if (blocks > MAX_U32) {
    if (!features.has('64bit')) {
      throw new LayoutError(
        `Cannot make ${name}: ${blocks} blocks of ${blockSize} bytes, at most ${MAX_U32} without the feature 64bit`,
      )
    }
    features.delete('resize_inode')
  }

  const inodeSize = options.inode_size ?? DEFAULT_INODE_SIZE
  const bytesPerInode = options.bytes_per_inode ?? Math.max(sizeClass.bytesPerInode, blockSize)
  const inodesWanted = options.inodes ?? Math.min(Math.floor((blocks * blockSize) / bytesPerInode), MAX_U32)
  if (inodesWanted * inodeSize >= blocks * blockSize) {
    throw new LayoutError(
      `Cannot make ${name}: ${inodesWanted} inodes of ${inodeSize} bytes fill it, accepted are fewer inodes (inodes, bytes_per_inode)`,
    )
  }
  const percent = options.reserved_percent ?? DEFAULT_RESERVED_PERCENT
  const reservedWanted = Math.floor((percent * blocks) / 100)

  const divided = divide({ name, features, blockSize, blocks, inodeSize, inodesWanted, reservedWanted })
  // The resize inode is as long as double indirect blocks reach: over 2 GiB with blocks of 4 KiB.
  if (features.has('resize_inode') && blockSize > 2 * KIB) features.add('large_file')
  const journalBlocks = journalBlocksFor(divided.blockCount, blockSize, options, features)
  if (journalBlocks === 0) {
    features.delete('has_journal')
    features.delete('orphan_file')
  }
  return { ...divided, journalBlocks }
}

interface DivideInput {
  readonly name: string
  /** May lose resize_inode and gain meta_bg. */
  readonly features: Set<Feature>
  readonly blockSize: number
  readonly blocks: number
  readonly inodeSize: number
  readonly inodesWanted: number
  readonly reservedWanted: number
}

/** lib/ext2fs/initialize.c: the group size and the last group decide each other, so this goes round until they agree. */
function divide(input: DivideInput): Omit<Geometry, 'journalBlocks'> {
  const { name, features, blockSize, inodeSize } = input
  const firstDataBlock = blockSize === KIB ? 1 : 0
  const descriptorSize = features.has('64bit') ? Ext4GroupDesc64.SIZE : Ext4GroupDesc32.SIZE
  let blockCount = input.blocks
  let reservedBlockCount = input.reservedWanted
  let blocksPerGroup = blockSize * BITS_PER_BYTE
  for (;;) {
    const groupCount = ceilDivide(blockCount - firstDataBlock, blocksPerGroup)
    if (groupCount <= 0) throw tooSmall(name)
    const descriptorBlocks = ceilDivide(groupCount * descriptorSize, blockSize)

    // 0 means "not given" there: then one inode for each block of at least 4 KiB.
    const fallback = Math.floor(blockCount / Math.max(1, (4 * KIB) / blockSize))
    const inodesWanted = Math.max(input.inodesWanted || fallback, EXT4_GOOD_OLD_FIRST_INO + 1)
    const wantedPerGroup = ceilDivide(inodesWanted, groupCount)
    if (wantedPerGroup > blockSize * BITS_PER_BYTE) {
      // One bitmap cannot count them: smaller groups, hence more of them.
      if (blocksPerGroup < 256) throw tooManyInodes(name, inodesWanted)
      blocksPerGroup -= 8
      blockCount = input.blocks
      continue
    }
    const { inodesPerGroup, inodeTableBlocks } = divideInodes(wantedPerGroup, groupCount, blockSize, inodeSize)

    let reservedDescriptorBlocks = features.has('resize_inode')
      ? reserveDescriptors({ blockCount, firstDataBlock, blocksPerGroup, descriptorBlocks, blockSize, descriptorSize })
      : 0
    if (reservedDescriptorBlocks + descriptorBlocks > Math.floor((blocksPerGroup * 3) / 4)) {
      // Too much of a group would be descriptors: each meta block group keeps its own instead.
      features.add('meta_bg')
      features.delete('resize_inode')
      reservedDescriptorBlocks = 0
    }
    const perGroup = features.has('meta_bg') ? 1 : descriptorBlocks
    if (3 + inodeTableBlocks + reservedDescriptorBlocks + perGroup > blocksPerGroup) {
      throw tooManyInodes(name, inodesWanted)
    }

    const geometry = {
      features,
      blockSize,
      blockCount,
      reservedBlockCount,
      firstDataBlock,
      blocksPerGroup,
      groupCount,
      inodeSize,
      inodesPerGroup,
      inodeTableBlocks,
      inodeCount: inodesPerGroup * groupCount,
      descriptorSize,
      descriptorBlocks,
      reservedDescriptorBlocks,
      flexSize: features.has('flex_bg') ? FLEX_BG_SIZE : 1,
      backupGroups: backupGroupsOf(groupCount, features),
    }
    const rest = (blockCount - firstDataBlock) % blocksPerGroup
    const needed = lastGroupNeeds(geometry)
    if (groupCount === 1 && rest > 0 && rest < needed) throw tooSmall(name)
    if (rest === 0 || rest >= needed + LAST_GROUP_MIN_FREE_BLOCKS) return geometry
    blockCount -= rest
    if (blockCount <= firstDataBlock) throw tooSmall(name)
    reservedBlockCount = Math.floor((((100 * input.reservedWanted) / input.blocks) * blockCount) / 100)
  }
}

/** Rounds up to full inode table blocks, then down to a multiple of 8 (bitmaps are cut at bytes). */
function divideInodes(wanted: number, groupCount: number, blockSize: number, inodeSize: number) {
  const perBlock = blockSize / inodeSize
  for (let asked = Math.min(wanted, 65536 - perBlock); ; asked--) {
    const filled = ceilDivide(asked, perBlock) * perBlock
    const inodesPerGroup = alignDown(Math.max(filled, 8), 8)
    if (inodesPerGroup * groupCount > MAX_U32) continue
    return { inodesPerGroup, inodeTableBlocks: ceilDivide(inodesPerGroup, perBlock) }
  }
}

interface ReserveInput {
  readonly blockCount: number
  readonly firstDataBlock: number
  readonly blocksPerGroup: number
  readonly descriptorBlocks: number
  readonly blockSize: number
  readonly descriptorSize: number
}

/** Descriptor blocks for a volume 1024 times as large, at most one indirect block's worth of them. */
function reserveDescriptors(input: ReserveInput): number {
  const grown = input.blockCount < Math.floor(MAX_U32 / GROWTH_FACTOR) ? input.blockCount * GROWTH_FACTOR : MAX_U32
  const groups = ceilDivide(grown - input.firstDataBlock, input.blocksPerGroup)
  const wanted = ceilDivide(groups, input.blockSize / input.descriptorSize) - input.descriptorBlocks
  return Math.min(wanted, input.blockSize / BLOCK_ADDRESS_BYTES)
}

function backupGroupsOf(groupCount: number, features: FeatureSet): readonly [number, number] {
  if (!features.has('sparse_super2') || groupCount === 1) return [0, 0]
  return groupCount === 2 ? [1, 0] : [1, groupCount - 1]
}

type Divided = Omit<Geometry, 'journalBlocks'>

function lastGroupNeeds(geometry: Divided): number {
  const backup = hasSuperblock(geometry, geometry.groupCount - 1)
    ? 1 + geometry.descriptorBlocks + geometry.reservedDescriptorBlocks
    : 0
  return 2 + geometry.inodeTableBlocks + backup
}

/** Whether a group begins with a copy of the superblock: all, or with sparse_super 0, 1 and the powers of 3, 5 and 7. */
export function hasSuperblock(geometry: Pick<Divided, 'features' | 'backupGroups'>, group: number): boolean {
  if (group === 0) return true
  if (geometry.features.has('sparse_super2')) return geometry.backupGroups.includes(group)
  if (group === 1 || !geometry.features.has('sparse_super')) return true
  return group % 2 === 1 && [3, 5, 7].some((base) => isPowerOf(group, base))
}

function isPowerOf(value: number, base: number): boolean {
  let rest = value
  while (rest % base === 0) rest /= base
  return rest === 1
}

function tooSmall(name: string): LayoutError {
  return new LayoutError(`Cannot make ${name}: too small to hold one block group's own structures`)
}

function tooManyInodes(name: string, inodes: number): LayoutError {
  return new LayoutError(
    `Cannot make ${name}: ${inodes} inodes are more than its block groups can hold, accepted are fewer (inodes, bytes_per_inode)`,
  )
}
