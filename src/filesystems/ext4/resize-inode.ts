/**
 * The resize inode (7): a file whose blocks are the descriptor blocks kept for growth, so that nobody else takes them. Its double
 * indirect block leads to those behind the first superblock, and each of these to its copies behind the backups.
 * [e2fsprogs 1.47.0, lib/ext2fs/res_gdt.c; Linux 6.1 fs/ext4/resize.c verify_reserved_gdb]
 */
import { I_BLOCK_BYTES } from './disklayout/inode.js'
import { type Geometry, hasSuperblock } from './geometry.js'
import { firstBlockOf, groupHead } from './group-layout.js'

const ADDRESS_BYTES = 4
const DIRECT_BLOCKS = 12
const DOUBLE_INDIRECT_ENTRY = 13

export interface ResizeInode {
  readonly sizeBytes: number
  /** Blocks that it holds, its double indirect block included. */
  readonly blocks: number
  /** i_block. */
  readonly block: Uint8Array
  /** `bytes`: what a block begins with, zeros follow to its end. There are hundreds, with a few numbers in each. */
  readonly mapBlocks: readonly { readonly block: number; readonly bytes: Uint8Array }[]
}

export function encodeResizeInode(geometry: Geometry, doubleIndirectBlock: number): ResizeInode {
  const { blockSize, reservedDescriptorBlocks, descriptorBlocks, groupCount } = geometry
  const perBlock = blockSize / ADDRESS_BYTES
  const head = groupHead(geometry, 0)
  const firstReserved = head.descriptorBlock + descriptorBlocks
  const backups: number[] = []
  for (let group = 1; group < groupCount; group++) if (hasSuperblock(geometry, group)) backups.push(group)
  // The kernel expects powers of 3, 5 and 7 merged in order, which ascending groups are.
  const distances = backups.map((group) => firstBlockOf(geometry, group) - firstBlockOf(geometry, 0))

  const doubleIndirect = new Uint8Array(blockSize)
  const top = new DataView(doubleIndirect.buffer)
  const mapBlocks = [{ block: doubleIndirectBlock, bytes: doubleIndirect }]
  for (let index = 0; index < reservedDescriptorBlocks; index++) {
    const block = firstReserved + index
    top.setUint32(((descriptorBlocks + index) % perBlock) * ADDRESS_BYTES, block, true)
    const bytes = new Uint8Array(distances.length * ADDRESS_BYTES)
    const view = new DataView(bytes.buffer)
    distances.forEach((distance, at) => {
      view.setUint32(at * ADDRESS_BYTES, block + distance, true)
    })
    mapBlocks.push({ block, bytes })
  }
  const block = new Uint8Array(I_BLOCK_BYTES)
  new DataView(block.buffer).setUint32(DOUBLE_INDIRECT_ENTRY * ADDRESS_BYTES, doubleIndirectBlock, true)
  return {
    sizeBytes: (perBlock ** 2 + perBlock + DIRECT_BLOCKS) * blockSize,
    blocks: 1 + reservedDescriptorBlocks * (1 + backups.length),
    block,
    mapBlocks,
  }
}
