/** Where in an ext2/3/4 volume a byte is, from the volume's own superblock and descriptors.  [EXT4 disk layout] */
import { ceilDivide } from '../bytes/align.js'
import { Ext4GroupDesc32, Ext4GroupDesc64 } from '../filesystems/ext4/disklayout/group-descriptor.js'
import { Ext4Inode } from '../filesystems/ext4/disklayout/inode.js'
import { Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES } from '../filesystems/ext4/disklayout/superblock.js'
import { fieldAt, type Place, type ReadExpected } from './place.js'

const SMALLEST_BLOCK_BYTES = 1024
const HIGH_HALF = 2 ** 32

/** `offset` and the result are bytes of the volume; `read` gives the volume as it should be. */
export function extPlace(offset: number, read: ReadExpected, sizeBytes: number): Place {
  const superEnd = SUPERBLOCK_OFFSET_BYTES + Ext4SuperBlock.SIZE
  if (offset < SUPERBLOCK_OFFSET_BYTES) return { what: 'the boot sectors', start: 0, end: SUPERBLOCK_OFFSET_BYTES }
  if (offset < superEnd) return fieldAt(Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES, offset, 'superblock')
  const superblock = Ext4SuperBlock.decode(read(SUPERBLOCK_OFFSET_BYTES, Ext4SuperBlock.SIZE))
  const blockBytes = SMALLEST_BLOCK_BYTES * 2 ** superblock.s_log_block_size
  const descriptor = superblock.s_desc_size === Ext4GroupDesc64.SIZE ? Ext4GroupDesc64 : Ext4GroupDesc32
  const descriptorsAt = (superblock.s_first_data_block + 1) * blockBytes
  const groups = ceilDivide(superblock.s_inodes_count, superblock.s_inodes_per_group)
  const end = descriptorsAt + groups * descriptor.SIZE
  if (offset >= descriptorsAt && offset < end) {
    const group = Math.floor((offset - descriptorsAt) / descriptor.SIZE)
    return fieldAt(descriptor, descriptorsAt + group * descriptor.SIZE, offset, `descriptor of group ${group}`)
  }
  const block = Math.floor(offset / blockBytes)
  const table = read(descriptorsAt, groups * descriptor.SIZE)
  const tableBytes = superblock.s_inodes_per_group * superblock.s_inode_size
  for (let group = 0; group < groups; group++) {
    const { blockBitmap, inodeBitmap, inodeTable } = placesOf(table, group, descriptor === Ext4GroupDesc64)
    if (block === blockBitmap) return wholeBlock(block, blockBytes, `block bitmap of group ${group}`)
    if (block === inodeBitmap) return wholeBlock(block, blockBytes, `inode bitmap of group ${group}`)
    const at = offset - inodeTable * blockBytes
    if (at < 0 || at >= tableBytes) continue
    const index = Math.floor(at / superblock.s_inode_size)
    const start = inodeTable * blockBytes + index * superblock.s_inode_size
    const inode = `inode ${group * superblock.s_inodes_per_group + index + 1}`
    const known = Math.min(Ext4Inode.SIZE, superblock.s_inode_size)
    if (offset < start + known) return fieldAt(Ext4Inode, start, offset, inode)
    return { what: `${inode}, behind its fields`, start: start + known, end: start + superblock.s_inode_size }
  }
  return wholeBlock(block, Math.min(blockBytes, sizeBytes), `block ${block}, which is of no file`)
}

function wholeBlock(block: number, blockBytes: number, what: string): Place {
  return { what, start: block * blockBytes, end: (block + 1) * blockBytes }
}

function placesOf(
  table: Uint8Array,
  group: number,
  wide: boolean,
): { blockBitmap: number; inodeBitmap: number; inodeTable: number } {
  if (!wide) {
    const low = Ext4GroupDesc32.decode(table, group * Ext4GroupDesc32.SIZE)
    return {
      blockBitmap: low.bg_block_bitmap_lo,
      inodeBitmap: low.bg_inode_bitmap_lo,
      inodeTable: low.bg_inode_table_lo,
    }
  }
  const both = Ext4GroupDesc64.decode(table, group * Ext4GroupDesc64.SIZE)
  return {
    blockBitmap: both.bg_block_bitmap_lo + both.bg_block_bitmap_hi * HIGH_HALF,
    inodeBitmap: both.bg_inode_bitmap_lo + both.bg_inode_bitmap_hi * HIGH_HALF,
    inodeTable: both.bg_inode_table_lo + both.bg_inode_table_hi * HIGH_HALF,
  }
}
