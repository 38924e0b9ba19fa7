/** A planned volume as an image value. What must be zeros is a fill; what nobody reads is left out. */
import { uuidToBytes } from '../../bytes/guid.js'
import { type DiskImage, type Extent, ImageBuilder, ZERO } from '../../image/extent.js'
import { checksumSeed } from './checksums.js'
import { encodeGroups } from './encode-groups.js'
import { InodeEncoder } from './encode-inodes.js'
import { encodeHeads } from './encode-superblock.js'
import { placeContent } from './file-content.js'
import { encodeJournalSuperblock } from './journal.js'
import { encodeOrphanBlock } from './orphan-file.js'
import { placedBlocksOf } from './volume-placement.js'
import { orphanInodeOf, type VolumePlan } from './volume-plan.js'

/** Where other formats keep their marks (RAID, ZFS, GPT's backup): no stale one may stay at a volume's end. */
const TAIL_BYTES = 65536

/** `overheadBlocks`: what the superblock says the file system takes for itself. */
export function encodeVolume(plan: VolumePlan, overheadBlocks: number): DiskImage {
  const inodes = new InodeEncoder(plan)
  const metadata = inodes.encode()
  const groups = encodeGroups(plan)
  const heads = encodeHeads(plan, { groups, overheadBlocks, journalInode: inodes.journalInode })
  const builder = new ImageBuilder(plan.sizeBytes)
  for (const part of [heads, groups.extents, metadata, orphanExtents(plan), tail(plan)]) {
    for (const extent of part) builder.extent(0, extent)
  }
  placeJournal(plan, builder)
  placeFiles(plan, builder)
  return builder.finish()
}

function placeJournal({ geometry, placement, uuid }: VolumePlan, builder: ImageBuilder): void {
  const { blockSize, journalBlocks } = geometry
  if (journalBlocks === 0) return
  const bytes = encodeJournalSuperblock(blockSize, journalBlocks, uuidToBytes(uuid))
  const sizeBytes = journalBlocks * blockSize
  placeContent(
    builder,
    { sizeBytes, extents: [{ offset: 0, length: blockSize, source: { kind: 'bytes', bytes } }] },
    placement.journal.runs,
    blockSize,
  )
}

function orphanExtents(plan: VolumePlan): Extent[] {
  const { blockSize, features } = plan.geometry
  const seed = features.has('metadata_csum') ? checksumSeed(uuidToBytes(plan.uuid)) : undefined
  const inode = orphanInodeOf(plan)
  return plan.placement.orphanFile.runs.flatMap(({ physical, length }) =>
    Array.from({ length }, (_, index): Extent => {
      const bytes = encodeOrphanBlock(blockSize, physical + index, inode, seed)
      return { offset: (physical + index) * blockSize, length: blockSize, source: { kind: 'bytes', bytes } }
    }),
  )
}

function placeFiles({ survey, demand, placement, geometry }: VolumePlan, builder: ImageBuilder): void {
  survey.nodes.forEach((node, index) => {
    if (node.type !== 'file' || demand.blocks[index] === 0) return
    placeContent(builder, node.content, placedBlocksOf(placement, demand, index).runs, geometry.blockSize)
  })
}

/** Zeros in the last 64 KiB, where no block is in use, and in what lies behind the file system there. */
function tail({ geometry, layout, sizeBytes }: VolumePlan): Extent[] {
  const { blockSize, blockCount, firstDataBlock } = geometry
  const start = Math.max(0, sizeBytes - TAIL_BYTES)
  const end = blockCount * blockSize
  const extents: Extent[] = []
  const zeros = (from: number, to: number): void => {
    const offset = Math.max(from, start)
    if (to > offset) extents.push({ offset, length: to - offset, source: ZERO })
  }
  for (const gap of layout.used.gaps(Math.max(firstDataBlock, Math.floor(start / blockSize)), blockCount)) {
    zeros(gap.start * blockSize, gap.end * blockSize)
  }
  zeros(end, sizeBytes)
  return extents
}
