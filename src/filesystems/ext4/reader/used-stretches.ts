/** What each stretch of the volume is for, from its structures and inodes rather than its bitmaps. */
import type { UsedStretch } from '../../volume-reader.js'
import { S_IFDIR, S_IFLNK, S_IFREG } from '../disklayout/inode.js'
import { readBlockMap } from './block-map.js'
import { groupHead } from './group-places.js'
import type { BlockMap } from './map-collector.js'
import { type InodeRecord, isInline } from './read-inode.js'
import { isShortSymlink } from './read-node.js'
import type { Reading } from './reading.js'
import { usedInodes } from './used-inodes.js'

/** Whether the inode has blocks of its own beside extended attributes. */
export function hasBlockMap(reading: Reading, inode: InodeRecord): boolean {
  if (isInline(inode)) return false
  const { type } = inode
  // The inode of bad blocks has no type.
  if (type === S_IFREG || type === S_IFDIR || type === 0) return true
  return type === S_IFLNK && !isShortSymlink(reading, inode)
}

export function findUsedStretches(reading: Reading): readonly UsedStretch[] {
  const { shape } = reading.disk
  const stretches = new StretchList(shape.blockSize)
  addGroups(reading, stretches)
  for (const inode of usedInodes(reading)) {
    if (inode.xattrBlock !== 0) stretches.add(inode.xattrBlock, 1, 'metadata')
    if (!hasBlockMap(reading, inode)) continue
    const map = readBlockMap(reading, inode)
    for (const block of map.treeBlocks) stretches.add(block, 1, 'metadata')
    const isContent = inode.number >= shape.firstInode && (inode.type === S_IFREG || inode.type === S_IFLNK)
    addRuns(stretches, map, isContent ? 'data' : 'metadata')
  }
  return stretches.finish()
}

function addRuns(stretches: StretchList, { runs }: BlockMap, use: UsedStretch['use']): void {
  for (const { physical, blocks } of runs) stretches.add(physical, blocks, use)
}

function addGroups({ disk, report }: Reading, stretches: StretchList): void {
  const { shape } = disk
  // Boot code, or nothing, and the superblock.
  stretches.add(0, shape.firstDataBlock, 'metadata')
  for (let group = 0; group < shape.groupCount; group++) {
    const head = groupHead(shape, group)
    if (head.superblock !== undefined) stretches.add(head.superblock, 1, 'metadata')
    stretches.add(head.descriptors.block, head.descriptors.count + head.reservedBlocks, 'metadata')
    const { blockBitmap, inodeBitmap, inodeTable } = disk.group(group, report)
    stretches.add(blockBitmap, 1, 'metadata')
    stretches.add(inodeBitmap, 1, 'metadata')
    stretches.add(inodeTable, shape.inodeTableBlocks, 'metadata')
  }
  if (shape.features.has('mmp')) stretches.add(shape.superblock.s_mmp_block, 1, 'metadata')
}

class StretchList {
  readonly #blockSize: number
  readonly #stretches: { block: number; count: number; use: UsedStretch['use'] }[] = []

  constructor(blockSize: number) {
    this.#blockSize = blockSize
  }

  add(block: number, count: number, use: UsedStretch['use']): void {
    const last = this.#stretches.at(-1)
    if (last !== undefined && last.use === use && last.block + last.count === block) last.count += count
    else if (count > 0) this.#stretches.push({ block, count, use })
  }

  /** Sorted; what is claimed twice belongs to the first. */
  finish(): UsedStretch[] {
    this.#stretches.sort((a, b) => a.block - b.block)
    const merged: UsedStretch[] = []
    let end = 0
    for (const { block, count, use } of this.#stretches) {
      const from = Math.max(block, end)
      if (block + count <= from) continue
      end = block + count
      const last = merged.at(-1)
      const offset = from * this.#blockSize
      const length = (end - from) * this.#blockSize
      if (last !== undefined && last.use === use && last.offset + last.length === offset) {
        merged[merged.length - 1] = { offset: last.offset, length: last.length + length, use }
      } else {
        merged.push({ offset, length, use })
      }
    }
    return merged
  }
}
