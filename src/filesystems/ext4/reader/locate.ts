/** Names the structure and the field of an ext2, ext3 or ext4 volume that a byte belongs to. [EXT4 disk layout] */
import type { ImageView } from '../../../image/image-view.js'
import { fieldAt, type Place } from '../../place.js'
import { Ext4GroupDesc32, Ext4GroupDesc64 } from '../disklayout/group-descriptor.js'
import { Ext4Inode } from '../disklayout/inode.js'
import { Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import { ExtDisk } from './ext-disk.js'
import { descriptorBlockPlace, groupHead, groupOfBlock } from './group-places.js'

/** `offset` and the result are bytes of the volume; `view` is the volume as it should be. O(groups). */
export function locateInExt(offset: number, view: ImageView): Place {
  const superEnd = SUPERBLOCK_OFFSET_BYTES + Ext4SuperBlock.SIZE
  if (offset < SUPERBLOCK_OFFSET_BYTES) return { what: 'the boot sectors', start: 0, end: SUPERBLOCK_OFFSET_BYTES }
  if (offset < superEnd) return fieldAt(Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES, offset, 'superblock')
  const disk = new ExtDisk(view)
  const block = Math.floor(offset / disk.shape.blockSize)
  if (block >= disk.shape.blockCount) {
    const start = disk.shape.blockCount * disk.shape.blockSize
    return { what: 'the rest after the last block', start, end: view.sizeBytes }
  }
  return (
    inGroupHead(offset, block, disk) ??
    inGroupTables(offset, block, disk) ??
    wholeBlock(block, disk, `block ${block}, which is of no file`)
  )
}

/** The copy of the superblock that a group begins with, and the descriptors after it. */
function inGroupHead(offset: number, block: number, disk: ExtDisk): Place | undefined {
  const { shape } = disk
  const group = groupOfBlock(shape, block)
  if (group < 0) return undefined
  const { superblock, descriptors, reservedBlocks } = groupHead(shape, group)
  if (block === superblock) {
    const start = block * shape.blockSize
    if (offset < start + Ext4SuperBlock.SIZE) {
      return fieldAt(Ext4SuperBlock, start, offset, `copy of the superblock in group ${group}`)
    }
    return wholeBlock(block, disk, `the rest of the superblock's block in group ${group}`)
  }
  const index = block - descriptors.block
  if (index >= 0 && index < descriptors.count) {
    return inDescriptors(offset, { block, index: descriptors.index + index, group }, disk)
  }
  const isReserved = index >= descriptors.count && index < descriptors.count + reservedBlocks
  return isReserved ? wholeBlock(block, disk, `a block of group ${group} that is kept for descriptors`) : undefined
}

/** `index`: which block of the table of descriptors this is. */
function inDescriptors(
  offset: number,
  { block, index, group }: { readonly block: number; readonly index: number; readonly group: number },
  { shape }: ExtDisk,
): Place {
  const { blockSize, descriptorSize, descriptorsPerBlock } = shape
  const record = descriptorSize >= Ext4GroupDesc64.SIZE ? Ext4GroupDesc64 : Ext4GroupDesc32
  const inBlock = Math.floor((offset - block * blockSize) / descriptorSize)
  const described = index * descriptorsPerBlock + inBlock
  const copy = descriptorBlockPlace(shape, index) === block ? '' : `, copy in group ${group}`
  return fieldAt(
    record,
    block * blockSize + inBlock * descriptorSize,
    offset,
    `descriptor of group ${described}${copy}`,
  )
}

/** Bitmaps and inode tables, which flex_bg puts into other groups than those that they belong to. */
function inGroupTables(offset: number, block: number, disk: ExtDisk): Place | undefined {
  const { groupCount, inodeTableBlocks } = disk.shape
  for (let group = 0; group < groupCount; group++) {
    const { blockBitmap, inodeBitmap, inodeTable } = disk.group(group, () => undefined)
    if (block === blockBitmap) return wholeBlock(block, disk, `block bitmap of group ${group}`)
    if (block === inodeBitmap) return wholeBlock(block, disk, `inode bitmap of group ${group}`)
    if (block >= inodeTable && block < inodeTable + inodeTableBlocks)
      return inInodeTable(offset, { group, inodeTable }, disk)
  }
  return undefined
}

function inInodeTable(
  offset: number,
  { group, inodeTable }: { readonly group: number; readonly inodeTable: number },
  { shape }: ExtDisk,
): Place {
  const { blockSize, inodeSize, inodesPerGroup } = shape
  const index = Math.floor((offset - inodeTable * blockSize) / inodeSize)
  const start = inodeTable * blockSize + index * inodeSize
  if (index >= inodesPerGroup)
    return { what: `the rest of the inode table of group ${group}`, start, end: start + inodeSize }
  const inode = `inode ${group * inodesPerGroup + index + 1}`
  const known = Math.min(Ext4Inode.SIZE, inodeSize)
  if (offset < start + known) return fieldAt(Ext4Inode, start, offset, inode)
  return { what: `${inode}, after its fields`, start: start + known, end: start + inodeSize }
}

function wholeBlock(block: number, { shape: { blockSize } }: ExtDisk, what: string): Place {
  return { what, start: block * blockSize, end: (block + 1) * blockSize }
}
