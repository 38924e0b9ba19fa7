/** Bitmaps and counts against what is really in use.  [e2fsprogs 1.47.0 e2fsck/pass5.c] */
import { bitmapChecksum } from '../checksums.js'
import {
  EXT4_BG_BLOCK_UNINIT,
  EXT4_BG_INODE_UNINIT,
  Ext4GroupDesc32,
  type GroupDescriptor,
} from '../disklayout/group-descriptor.js'
import { fromHalves, lowShort } from '../disklayout/halves.js'
import { SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import type { CheckContext } from './check-context.js'
import { isUnmounted } from './check-state.js'
import { endBlockOf, firstBlockOf } from './group-places.js'
import { hex } from './volume-shape.js'

const BITS_PER_BYTE = 8

interface Totals {
  freeClusters: number
  freeInodes: number
}

export function checkBitmaps(context: CheckContext): void {
  const totals: Totals = { freeClusters: 0, freeInodes: 0 }
  const directories = directoriesByGroup(context)
  context.groups.forEach((descriptor, group) => {
    if (descriptor === undefined) return
    checkBlockBitmap(context, group, descriptor, totals)
    checkInodeBitmap(context, group, descriptor, totals)
    checkCount(context, group, 'bg_used_dirs_count', descriptor.directories, directories.get(group) ?? 0)
  })
  // Totals of groups that cannot be read would be wrong.
  if (!context.groups.includes(undefined)) checkTotals(context, totals)
}

function checkTotals({ shape, report }: CheckContext, totals: Totals): void {
  const { superblock: s, clusterBlocks } = shape
  const expect = (field: string, found: number, expected: number): void => {
    if (found === expected) return
    const structure = 'superblock'
    const finding = {
      structure,
      offset: SUPERBLOCK_OFFSET_BYTES,
      field,
      found,
      expected: `${expected}, the sum of the groups`,
    }
    // The kernel counts anew when it mounts, and writes the sums when it unmounts.
    report(isUnmounted(shape) ? finding : { ...finding, isHarmless: true })
  }
  const free = fromHalves(s.s_free_blocks_count_lo, shape.features.has('64bit') ? s.s_free_blocks_count_hi : 0)
  expect('s_free_blocks_count', free, totals.freeClusters * clusterBlocks)
  expect('s_free_inodes_count', s.s_free_inodes_count, totals.freeInodes)
}

function checkBlockBitmap(context: CheckContext, group: number, descriptor: GroupDescriptor, totals: Totals): void {
  const { shape, claims, disk, report } = context
  const { clusterBlocks, blocksPerGroup, hasGroupChecksums } = shape
  const firstBlock = firstBlockOf(shape, group)
  const clusters = Math.ceil((endBlockOf(shape, group) - firstBlock) / clusterBlocks)
  const used = claims.page(group) ?? new Uint8Array(Math.ceil(blocksPerGroup / clusterBlocks / BITS_PER_BYTE))
  let usedClusters = 0
  for (let index = 0; index < clusters; index++) if (bitOf(used, index)) usedClusters++
  totals.freeClusters += clusters - usedClusters
  checkCount(context, group, 'bg_free_blocks_count', descriptor.freeBlocks, clusters - usedClusters)

  if (hasGroupChecksums && descriptor.flags & EXT4_BG_BLOCK_UNINIT) {
    if (!claims.groupsWithFiles.has(group)) return
    const { offset } = disk.descriptorPlace(group)
    const expected = 'a bitmap, since files have blocks in the group'
    report({ structure: `group descriptor ${group}`, offset, field: 'bg_flags', found: 'BLOCK_UNINIT', expected })
    return
  }
  const bitmap = disk.block(descriptor.blockBitmap, `block bitmap of group ${group}`)
  const structure = `block bitmap of group ${group}`
  const offset = descriptor.blockBitmap * shape.blockSize
  const place = { structure, offset, nameOf: (index: number) => `block ${firstBlock + index * clusterBlocks}` }
  compareBits(context, place, bitmap, clusters, (index) => bitOf(used, index))
  checkPadding(context, place, bitmap, clusters)
  const length = blocksPerGroup / clusterBlocks / BITS_PER_BYTE
  checkChecksum(context, group, 'bg_block_bitmap_csum', descriptor.blockBitmapChecksum, bitmap.subarray(0, length))
}

function checkInodeBitmap(context: CheckContext, group: number, descriptor: GroupDescriptor, totals: Totals): void {
  const { shape, census, disk } = context
  const { inodesPerGroup, firstInode } = shape
  const first = group * inodesPerGroup + 1
  const kinds = census.usedIn(group)
  const isUsed = (index: number): boolean => first + index < firstInode || (kinds?.[index] ?? 0) !== 0
  let used = 0
  for (let index = 0; index < inodesPerGroup; index++) if (isUsed(index)) used++
  totals.freeInodes += inodesPerGroup - used
  checkCount(context, group, 'bg_free_inodes_count', descriptor.freeInodes, inodesPerGroup - used)
  if (shape.hasGroupChecksums && descriptor.flags & EXT4_BG_INODE_UNINIT) return
  const structure = `inode bitmap of group ${group}`
  const bitmap = disk.block(descriptor.inodeBitmap, structure)
  const offset = descriptor.inodeBitmap * shape.blockSize
  const place = { structure, offset, nameOf: (index: number) => `inode ${first + index}` }
  compareBits(context, place, bitmap, inodesPerGroup, isUsed)
  checkPadding(context, place, bitmap, inodesPerGroup)
  const length = Math.ceil(inodesPerGroup / BITS_PER_BYTE)
  checkChecksum(context, group, 'bg_inode_bitmap_csum', descriptor.inodeBitmapChecksum, bitmap.subarray(0, length))
}

interface BitmapPlace {
  readonly structure: string
  readonly offset: number
  nameOf(index: number): string
}

/** One finding for all that is marked without use, one for all that is used without a mark. */
function compareBits(
  { report }: CheckContext,
  { structure, offset, nameOf }: BitmapPlace,
  bitmap: Uint8Array,
  count: number,
  isUsed: (index: number) => boolean,
): void {
  const unmarked: number[] = []
  const unused: number[] = []
  for (let index = 0; index < count; index++) {
    const isMarked = bitOf(bitmap, index)
    if (isMarked === isUsed(index)) continue
    if (isMarked) unused.push(index)
    else unmarked.push(index)
  }
  const tell = (indexes: readonly number[], found: string, expected: string): void => {
    if (indexes.length === 0) return
    const more = indexes.length === 1 ? '' : ` and ${indexes.length - 1} more`
    report({ structure, offset, field: `${nameOf(indexes[0]!)}${more}`, found, expected })
  }
  tell(unmarked, 'free', 'used, as it is')
  tell(unused, 'used', 'free: nothing has it')
}

/** What is behind the group's last bit is marked, so that nobody takes it. */
function checkPadding(
  { report }: CheckContext,
  { structure, offset }: BitmapPlace,
  bitmap: Uint8Array,
  count: number,
): void {
  for (let index = count; index < bitmap.length * BITS_PER_BYTE; index++) {
    if (bitOf(bitmap, index)) continue
    report({ structure, offset, field: `bit ${index}, behind its end`, found: 0, expected: '1' })
    return
  }
}

function checkChecksum(context: CheckContext, group: number, field: string, stored: number, bits: Uint8Array): void {
  const { shape, disk, report } = context
  if (shape.checksumSeed === undefined) return
  const whole = bitmapChecksum(shape.checksumSeed, bits)
  // Short descriptors have room for half of it.
  const expected = shape.descriptorSize === Ext4GroupDesc32.SIZE ? lowShort(whole) : whole
  if (stored === expected) return
  const { offset } = disk.descriptorPlace(group)
  report({ structure: `group descriptor ${group}`, offset, field, found: hex(stored), expected: hex(expected) })
}

function checkCount(
  { disk, report }: CheckContext,
  group: number,
  field: string,
  found: number,
  expected: number,
): void {
  if (found === expected) return
  const { offset } = disk.descriptorPlace(group)
  report({ structure: `group descriptor ${group}`, offset, field, found, expected: `${expected}, as counted` })
}

function directoriesByGroup(context: CheckContext): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const number of context.directories) {
    const group = context.groupOfInode(number)
    counts.set(group, (counts.get(group) ?? 0) + 1)
  }
  return counts
}

function bitOf(bits: Uint8Array, index: number): boolean {
  return ((bits[index >>> 3]! >> (index & 7)) & 1) === 1
}
