/** The end of each block of the orphan file (feature orphan_file); inode numbers fill the block before it.  [EXT4 disk layout, orphan file] */
import { struct, u32le } from '../../../bytes/struct.js'

export const EXT4_ORPHAN_BLOCK_MAGIC = 0x0b10ca04

export const Ext4OrphanBlockTail = struct('ext4_orphan_block_tail', 8, {
  ob_magic: [0, u32le],
  ob_checksum: [4, u32le],
})
