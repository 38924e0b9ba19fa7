/** Which blocks of a file exist, and where they went. */
import { ceilDivide } from '../../bytes/align.js'
import type { DiskImage } from '../../image/extent.js'
import { extentEnd } from '../../image/extent.js'
import type { BlockAllocator } from './block-allocator.js'
import type { BlockRange } from './block-ranges.js'

/** A stretch of a file's blocks on the volume: `length` blocks from `logical` on stand at `physical`. */
export interface BlockRun {
  readonly logical: number
  readonly physical: number
  readonly length: number
}

/** A file's blocks with what leads to them: nodes of its extent tree, or indirect blocks, in the order in which they are filled. */
export interface PlacedBlocks {
  readonly runs: readonly BlockRun[]
  readonly mapBlocks: readonly number[]
}

/**
 * The blocks that content allocates, as ranges of the file's own block numbers: all that an extent touches. A block that
 * none touches is a hole.
 */
export function allocatedRanges(content: DiskImage, blockSize: number): BlockRange[] {
  const ranges: { start: number; end: number }[] = []
  for (const extent of content.extents) {
    const start = Math.floor(extent.offset / blockSize)
    const end = ceilDivide(extentEnd(extent), blockSize)
    const last = ranges.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else ranges.push({ start, end })
  }
  return ranges
}

export function countBlocks(ranges: readonly BlockRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + (end - start), 0)
}

/** Takes blocks for each range; a run ends where a range or the free space does. */
export function takeRuns(allocator: BlockAllocator, ranges: readonly BlockRange[]): BlockRun[] {
  const runs: BlockRun[] = []
  for (const range of ranges) appendRuns(runs, range.start, allocator.take(range.end - range.start))
  return runs
}

/** Runs of a file's blocks from `logical` on that stand in `places`, in order. Neighbours on both sides become one run. */
export function appendRuns(runs: BlockRun[], logical: number, places: readonly BlockRange[]): void {
  let next = logical
  for (const { start, end } of places) {
    const last = runs.at(-1)
    const joins = last !== undefined && last.logical + last.length === next && last.physical + last.length === start
    const length = end - start
    if (joins) runs[runs.length - 1] = { ...last, length: last.length + length }
    else runs.push({ logical: next, physical: start, length })
    next += length
  }
}
