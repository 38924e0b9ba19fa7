/** How much of the flash is whose. All from the kernel, which lays JFFS2 down nowhere: it reckons at each mount. */
import { ceilDivide } from '../../bytes/align.js'

/** Fewer are not mounted ("Too few erase blocks"). [LINUX fs/jffs2/fs.c jffs2_do_fill_super] */
export const MIN_ERASE_BLOCKS = 5
/** flash_size is a 32-bit number. */
export const MAX_VOLUME_BYTES = 0xffff_ffff

/** resv_blocks_deletion: what even a deletion leaves free. */
const DELETION_BLOCKS = 2
/** Of the whole flash, for what is out of date in every erase block. */
const SHARE_OF_FLASH = 50
const BYTES_OF_EACH_BLOCK = 100

/**
 * Erase blocks that garbage collection keeps from ordinary writes; statfs takes them from what it calls available.
 * [LINUX fs/jffs2/build.c jffs2_calc_trigger_levels: resv_blocks_write]
 */
export function reservedBlocks(blocks: number, eraseBlockBytes: number): number {
  const bytes = Math.floor((blocks * eraseBlockBytes) / SHARE_OF_FLASH) + blocks * BYTES_OF_EACH_BLOCK
  return DELETION_BLOCKS + ceilDivide(bytes, eraseBlockBytes)
}
