/**
 * Where each group's own structures stand: superblock copies, descriptors, bitmaps, inode tables. With flex_bg the
 * bitmaps and tables of sixteen groups stand together in the first of them. The search for a place is that of mke2fs, so
 * that every structure is where mke2fs would have put it.
 * [e2fsprogs 1.47.0, lib/ext2fs/alloc_tables.c, alloc_sb.c, closefs.c ext2fs_super_and_bgd_loc2]
 */
import { LayoutError } from '../../errors.js'
import { BlockRanges } from './block-ranges.js'
import { type Geometry, hasSuperblock } from './geometry.js'

export interface GroupLayout {
  /** Block numbers by group. */
  readonly blockBitmap: Float64Array
  readonly inodeBitmap: Float64Array
  readonly inodeTable: Float64Array
  /** Everything that is taken by groups' structures. */
  readonly used: BlockRanges
}

/** What a group begins with: a superblock copy, then descriptors, then blocks reserved for more of them. */
export interface GroupHead {
  readonly hasSuperblock: boolean
  readonly firstBlock: number
  /** First block of descriptors, and how many; 0 blocks where the group has none. */
  readonly descriptorBlock: number
  readonly descriptorBlocks: number
  /** Index of the first of them within the whole table. */
  readonly descriptorIndex: number
  readonly reservedBlocks: number
  readonly endBlock: number
}

export function firstBlockOf(geometry: Geometry, group: number): number {
  return geometry.firstDataBlock + group * geometry.blocksPerGroup
}

/** The first block after the group. */
export function endBlockOf(geometry: Geometry, group: number): number {
  return Math.min(firstBlockOf(geometry, group + 1), geometry.blockCount)
}

export function groupOfBlock(geometry: Geometry, block: number): number {
  return Math.floor((block - geometry.firstDataBlock) / geometry.blocksPerGroup)
}

export function groupHead(geometry: Geometry, group: number): GroupHead {
  const firstBlock = firstBlockOf(geometry, group)
  const copy = hasSuperblock(geometry, group)
  const descriptorBlock = firstBlock + (copy ? 1 : 0)
  let descriptorIndex = 0
  let descriptorBlocks = 0
  let reservedBlocks = 0
  if (geometry.features.has('meta_bg')) {
    // The descriptors of as many groups as fit in a block stand in their first, second and last group.
    const perBlock = geometry.blockSize / geometry.descriptorSize
    const place = group % perBlock
    descriptorBlocks = place === 0 || place === 1 || place === perBlock - 1 ? 1 : 0
    descriptorIndex = Math.floor(group / perBlock)
  } else if (copy) {
    descriptorBlocks = geometry.descriptorBlocks
    reservedBlocks = geometry.reservedDescriptorBlocks
  }
  const endBlock = descriptorBlock + descriptorBlocks + reservedBlocks
  return {
    hasSuperblock: copy,
    firstBlock,
    descriptorBlock,
    descriptorBlocks,
    descriptorIndex,
    reservedBlocks,
    endBlock,
  }
}

/** Places everything. Throws LayoutError where the volume is too small for its groups' structures. */
export function planGroupLayout(geometry: Geometry, stride: number): GroupLayout {
  const used = new BlockRanges()
  for (let group = 0; group < geometry.groupCount; group++) {
    const head = groupHead(geometry, group)
    used.add(head.firstBlock, Math.min(head.endBlock, geometry.blockCount))
  }
  const layout: GroupLayout = {
    blockBitmap: new Float64Array(geometry.groupCount),
    inodeBitmap: new Float64Array(geometry.groupCount),
    inodeTable: new Float64Array(geometry.groupCount),
    used,
  }
  const search = new TableSearch(geometry, used)
  for (let group = 0; group < geometry.groupCount; group++) {
    if (geometry.flexSize > 1) placeInFlexGroup(search, layout, group)
    else placeInGroup(search, layout, group, stride)
  }
  return layout
}

/** ext2fs_get_free_blocks2 and what is built on it. Ends of searches are exclusive: `finish` is the last block not tried. */
class TableSearch {
  readonly geometry: Geometry
  readonly used: BlockRanges

  constructor(geometry: Geometry, used: BlockRanges) {
    this.geometry = geometry
    this.used = used
  }

  /** First fit from `start`, tried up to `finish`; with `finish` ≤ `start` it goes round the end of the volume. */
  find(start: number, finish: number, count: number): number | undefined {
    const { blockCount, firstDataBlock } = this.geometry
    const block = this.used.firstFree(start, count)
    const limit = finish > start ? finish : blockCount
    if (block < limit && block + count <= blockCount) return block
    if (finish > start) return undefined
    const wrapped = this.used.firstFree(firstDataBlock, count)
    return wrapped < finish ? wrapped : undefined
  }

  take(start: number, finish: number, count: number, fallback?: number): number {
    const block =
      this.find(start, finish, count) ?? (fallback === undefined ? undefined : this.find(fallback, finish, count))
    if (block === undefined) throw tooSmall(this.geometry)
    this.used.add(block, block + count)
    return block
  }

  /** flexbg_offset: where to look for `elementBlocks` at a time, for all the groups of a flex group that are still to come. */
  flexStart(group: number, after: number, elementBlocks: number): number {
    const { geometry } = this
    const last = lastOfFlexGroup(geometry, group)
    const size = Math.min((last - group + 1) * elementBlocks, Math.floor(geometry.blocksPerGroup / 4))
    if (after > 0 && after < geometry.blockCount) {
      const near = this.find(after, after + size, elementBlocks)
      if (near !== undefined) return near
    }
    const start = firstBlockOf(geometry, group - (group % geometry.flexSize))
    const finish = endBlockOf(geometry, last) - 1
    return (
      this.find(start, finish, size) ??
      this.find(start, finish, elementBlocks) ??
      this.find(geometry.firstDataBlock, finish, elementBlocks) ??
      geometry.firstDataBlock
    )
  }
}

function lastOfFlexGroup({ flexSize, groupCount }: Geometry, group: number): number {
  return Math.min(group - (group % flexSize) + flexSize - 1, groupCount - 1)
}

function placeInFlexGroup(search: TableSearch, layout: GroupLayout, group: number): void {
  const { geometry } = search
  const { flexSize, inodeTableBlocks, groupCount } = geometry
  const last = lastOfFlexGroup(geometry, group)
  const finish = endBlockOf(geometry, last) - 1
  const groupBlock = firstBlockOf(geometry, group)
  const isFirst = group % flexSize === 0
  // Room between the kinds for all groups of the flex group; the last may have fewer, but one of a single group gets all the same.
  const remainder = last % flexSize
  const room = last === groupCount - 1 && remainder > 0 ? remainder + 1 : flexSize
  const next = (table: Float64Array, blocks: number): number => table[group - 1]! + blocks

  const bitmapFrom = search.flexStart(group, isFirst ? 0 : next(layout.blockBitmap, 1), 1)
  layout.blockBitmap[group] = search.take(bitmapFrom, finish, 1, groupBlock)
  const inodesFrom = search.flexStart(
    group,
    isFirst ? layout.blockBitmap[group]! + room : next(layout.inodeBitmap, 1),
    1,
  )
  layout.inodeBitmap[group] = search.take(inodesFrom, finish, 1, groupBlock)
  const tableFrom = search.flexStart(
    group,
    isFirst ? layout.inodeBitmap[group]! + room : next(layout.inodeTable, inodeTableBlocks),
    inodeTableBlocks,
  )
  layout.inodeTable[group] = search.take(tableFrom, finish, inodeTableBlocks)
}

function placeInGroup(search: TableSearch, layout: GroupLayout, group: number, stride: number): void {
  const { geometry, used } = search
  const groupBlock = firstBlockOf(geometry, group)
  const finish = endBlockOf(geometry, group) - 1
  let bitmapFrom = groupBlock
  if (stride > 0) {
    // Bitmaps of neighbouring groups on different disks of the array.
    const from = used.firstFree(groupBlock, 1) + geometry.inodeTableBlocks
    const shifted = from + ((stride * group) % (finish - from + 1))
    if (from < finish && shifted < finish) bitmapFrom = shifted
  }
  layout.blockBitmap[group] = search.take(bitmapFrom, finish, 1, groupBlock)
  layout.inodeBitmap[group] = search.take(bitmapFrom, finish, 1, groupBlock)
  layout.inodeTable[group] = search.take(groupBlock, finish, geometry.inodeTableBlocks)
}

function tooSmall({ blockCount, blockSize }: Geometry): LayoutError {
  return new LayoutError(
    `Cannot place the inode tables of a volume of ${blockCount} blocks of ${blockSize} bytes: they find no room, accepted are fewer inodes or more blocks`,
  )
}
