/** The orphan file: where the kernel notes files that are deleted but open, a block for each processor. Empty here. */
import { inodeSeed, orphanBlockChecksum } from './checksums.js'
import { EXT4_ORPHAN_BLOCK_MAGIC, Ext4OrphanBlockTail } from './disklayout/orphan-file.js'

const MIN_BLOCKS = 32
const MAX_BLOCKS = 512
/** One block of it for so many of the volume. */
const VOLUME_BLOCKS_PER_BLOCK = 4096

/** Its length in blocks.  [e2fsprogs 1.47.0, lib/ext2fs/orphan.c ext2fs_default_orphan_file_blocks] */
export function orphanFileBlocks(volumeBlocks: number): number {
  return Math.max(MIN_BLOCKS, Math.min(MAX_BLOCKS, Math.floor(volumeBlocks / VOLUME_BLOCKS_PER_BLOCK)))
}

/** One empty block of it, at `block` of the volume. `volumeSeed` is undefined without metadata_csum. */
export function encodeOrphanBlock(
  blockSize: number,
  block: number,
  inode: number,
  volumeSeed: number | undefined,
): Uint8Array {
  const bytes = new Uint8Array(blockSize)
  const tail = blockSize - Ext4OrphanBlockTail.SIZE
  const checksum =
    volumeSeed === undefined ? 0 : orphanBlockChecksum(inodeSeed(volumeSeed, inode), block, bytes.subarray(0, tail))
  Ext4OrphanBlockTail.encodeInto(bytes, tail, { ob_magic: EXT4_ORPHAN_BLOCK_MAGIC, ob_checksum: checksum })
  return bytes
}
