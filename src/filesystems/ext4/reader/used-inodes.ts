/** The inodes that the bitmaps say are in use: those that have a name, and those that only an open file kept (orphans). */
import { EXT4_BG_INODE_UNINIT } from '../disklayout/group-descriptor.js'
import { type InodeRecord, readInode } from './read-inode.js'
import type { Reading } from './reading.js'

const BITS_PER_BYTE = 8

/** In the order of their numbers. Reserved ones that hold nothing are left out. */
export function* usedInodes(reading: Reading): Generator<InodeRecord> {
  const { disk, report } = reading
  const { groupCount, inodesPerGroup, hasGroupChecksums } = disk.shape
  for (let group = 0; group < groupCount; group++) {
    const { flags, inodeBitmap } = disk.group(group, report)
    if (hasGroupChecksums && flags & EXT4_BG_INODE_UNINIT) continue
    const bitmap = disk.block(inodeBitmap, `inode bitmap of group ${group}`)
    for (let index = 0; index < inodesPerGroup; index++) {
      const byte = bitmap[Math.floor(index / BITS_PER_BYTE)]!
      if (byte === 0 && index % BITS_PER_BYTE === 0) {
        index += BITS_PER_BYTE - 1
        continue
      }
      if (((byte >> (index % BITS_PER_BYTE)) & 1) === 0) continue
      const inode = readInode(reading, group * inodesPerGroup + index + 1)
      if (inode.type !== 0 || inode.allocatedBytes > 0) yield inode
    }
  }
}
