/** The groups' own structures: descriptors, where they say bitmaps and tables are, copies of the descriptors. */

import { isZero } from '../../../bytes/zeros.js'
import { blockChecksum } from '../checksums.js'
import {
  decodeGroupDescriptor,
  EXT4_BG_BLOCK_UNINIT,
  EXT4_BG_INODE_UNINIT,
  EXT4_BG_INODE_ZEROED,
  type GroupDescriptor,
} from '../disklayout/group-descriptor.js'
import { EXT4_MMP_MAGIC, MmpStruct } from '../disklayout/mmp.js'
import { type CheckContext, SILENT } from './check-context.js'
import { endBlockOf, firstBlockOf, groupHead } from './group-places.js'
import { hex } from './volume-shape.js'

const KNOWN_FLAGS = EXT4_BG_INODE_UNINIT | EXT4_BG_BLOCK_UNINIT | EXT4_BG_INODE_ZEROED

/** Reads all descriptors and claims what groups need for themselves. */
export function checkGroups(context: CheckContext): void {
  const { shape, disk, report } = context
  for (let group = 0; group < shape.groupCount; group++) {
    const descriptor = disk.group(group, report)
    const isUsable =
      disk.isBlock(descriptor.blockBitmap) &&
      disk.isBlock(descriptor.inodeBitmap) &&
      disk.areBlocks(descriptor.inodeTable, shape.inodeTableBlocks)
    context.groups.push(isUsable ? descriptor : undefined)
    if (isUsable) checkDescriptor(context, group, descriptor)
    claimGroup(context, group, isUsable ? descriptor : undefined)
  }
  checkDescriptorCopies(context)
  if (shape.features.has('mmp')) claimMmpBlock(context)
}

function checkDescriptor({ shape, disk, report }: CheckContext, group: number, descriptor: GroupDescriptor): void {
  const structure = `group descriptor ${group}`
  const { offset } = disk.descriptorPlace(group)
  const { flags, unusedInodes } = descriptor
  if (!shape.features.has('flex_bg')) {
    const from = firstBlockOf(shape, group)
    const end = endBlockOf(shape, group)
    const places = [
      ['bg_block_bitmap', descriptor.blockBitmap, 1],
      ['bg_inode_bitmap', descriptor.inodeBitmap, 1],
      ['bg_inode_table', descriptor.inodeTable, shape.inodeTableBlocks],
    ] as const
    for (const [field, block, count] of places) {
      if (block >= from && block + count <= end) continue
      report({ structure, offset, field, found: block, expected: `blocks ${from} to ${end - 1}, the group's own` })
    }
  }
  if (!shape.hasGroupChecksums) {
    const found = flags & (EXT4_BG_INODE_UNINIT | EXT4_BG_BLOCK_UNINIT)
    const expected = 'no group marked as uninitialised without the feature uninit_bg or metadata_csum'
    if (found !== 0) report({ structure, offset, field: 'bg_flags', found: hex(flags), expected })
    return
  }
  if (flags & ~KNOWN_FLAGS) {
    report({ structure, offset, field: 'bg_flags', found: hex(flags), expected: `no flags but ${hex(KNOWN_FLAGS)}` })
  }
  if (unusedInodes > shape.inodesPerGroup) {
    const expected = `at most ${shape.inodesPerGroup}, the group's inodes`
    report({ structure, offset, field: 'bg_itable_unused', found: unusedInodes, expected })
  }
}

function claimGroup(
  { shape, disk, claims, report }: CheckContext,
  group: number,
  found: GroupDescriptor | undefined,
): void {
  const head = groupHead(shape, group)
  const { offset } = disk.descriptorPlace(group)
  const owner = { structure: `group ${group}`, offset }
  if (head.superblock !== undefined) claims.claimStructure(head.superblock, 1, owner, report)
  // With 1 KiB blocks in larger clusters the boot block is a part of the first one.
  if (group === 0 && shape.firstDataBlock === 0) claims.claimStructure(0, 1, owner, SILENT)
  const count = head.descriptors.count + head.reservedBlocks
  const inVolume = Math.min(count, shape.blockCount - head.descriptors.block)
  if (inVolume > 0) claims.claimStructure(head.descriptors.block, inVolume, owner, report)
  if (found === undefined) return
  const claim = (field: string, block: number, length: number): void =>
    claims.claimStructure(block, length, { structure: `group descriptor ${group}, ${field}`, offset }, report)
  claim('bg_block_bitmap', found.blockBitmap, 1)
  claim('bg_inode_bitmap', found.inodeBitmap, 1)
  claim('bg_inode_table', found.inodeTable, shape.inodeTableBlocks)
}

/** Places never move without their copies; counts, flags and checksums are kept in the first table only. */
function checkDescriptorCopies(context: CheckContext): void {
  const { shape } = context
  for (let group = 1; group < shape.groupCount; group++) {
    const { descriptors } = groupHead(shape, group)
    for (let index = 0; index < descriptors.count; index++) {
      checkDescriptorCopy(context, group, descriptors.block + index, descriptors.index + index)
    }
  }
}

function checkDescriptorCopy(context: CheckContext, holder: number, block: number, index: number): void {
  const { shape, disk, groups, report } = context
  const { descriptorsPerBlock, descriptorSize, blockSize } = shape
  const firstGroup = index * descriptorsPerBlock
  // The first of a meta group is the one that everybody reads.
  if (holder === firstGroup) return
  const bytes = disk.block(block, `group descriptor copy in group ${holder}`)
  if (context.hasBlankCopies && isZero(bytes)) return
  for (let place = 0; place < descriptorsPerBlock; place++) {
    const original = groups[firstGroup + place]
    if (original === undefined) continue
    const copy = decodeGroupDescriptor(bytes, place * descriptorSize, descriptorSize)
    for (const [field, key] of PLACES) {
      if (copy[key] === original[key]) continue
      report({
        structure: `group descriptor ${firstGroup + place}, copy in group ${holder}`,
        offset: block * blockSize + place * descriptorSize,
        field,
        found: copy[key],
        expected: `${original[key]}, as in the first table`,
      })
    }
  }
}

const PLACES = [
  ['bg_block_bitmap', 'blockBitmap'],
  ['bg_inode_bitmap', 'inodeBitmap'],
  ['bg_inode_table', 'inodeTable'],
] as const

/** Multiple mount protection: a block of its own. */
function claimMmpBlock({ shape, disk, claims, report }: CheckContext): void {
  const block = shape.superblock.s_mmp_block
  const offset = block * shape.blockSize
  const structure = 'multiple mount protection block'
  if (!disk.isBlock(block)) {
    const expected = `a block within the volume's ${shape.blockCount}`
    report({ structure: 'superblock', offset: 1024, field: 's_mmp_block', found: block, expected })
    return
  }
  claims.claimFile(block, 1, { structure, offset }, report)
  const bytes = disk.block(block, structure)
  const found = MmpStruct.decode(bytes)
  if (found.mmp_magic !== EXT4_MMP_MAGIC) {
    report({ structure, offset, field: 'mmp_magic', found: hex(found.mmp_magic), expected: hex(EXT4_MMP_MAGIC) })
  } else if (shape.checksumSeed !== undefined) {
    const [at] = MmpStruct.FIELDS.mmp_checksum!
    const expected = blockChecksum(shape.checksumSeed, bytes, at)
    if (found.mmp_checksum === expected) return
    report({ structure, offset, field: 'mmp_checksum', found: hex(found.mmp_checksum), expected: hex(expected) })
  }
}
