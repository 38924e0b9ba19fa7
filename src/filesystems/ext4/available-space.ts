/**
 * What a volume has left for its users, as statfs tells in f_bavail and df under "Avail": the free blocks without those
 * reserved for root, and without the few that Linux keeps for its own metadata where there are extents.
 * [LINUX fs/ext4/super.c, ext4_statfs and ext4_set_resv_clusters]
 */
import type { Geometry } from './geometry.js'
import type { GroupLayout } from './group-layout.js'

/** Linux keeps one block in fifty, and no more than 4096. */
const KERNEL_SHARE = 50
const KERNEL_MOST_BLOCKS = 4096

/** Of a volume in which everything is placed. */
export function availableBytes({ geometry, layout }: { geometry: Geometry; layout: GroupLayout }): number {
  const { blockCount, blockSize, firstDataBlock, reservedBlockCount, features } = geometry
  const free = blockCount - firstDataBlock - layout.used.countWithin(firstDataBlock, blockCount)
  const kept = features.has('extent') ? Math.min(Math.floor(blockCount / KERNEL_SHARE), KERNEL_MOST_BLOCKS) : 0
  return Math.max(free - reservedBlockCount - kept, 0) * blockSize
}
