/**
 * Where everything stands that is not a group's own structure: the journal first, then directories, long symlinks and
 * attribute blocks together, then the files' content in tree order, each file's map behind its content.
 */
import { BlockAllocator } from './block-allocator.js'
import type { BlockRange } from './block-ranges.js'
import { countExtentTreeBlocks } from './extent-tree.js'
import { allocatedRanges, appendRuns, type BlockRun, type PlacedBlocks, takeRuns } from './file-blocks.js'
import type { Geometry } from './geometry.js'
import type { GroupLayout } from './group-layout.js'
import { countIndirectBlocks } from './indirect-map.js'
import { orphanFileBlocks } from './orphan-file.js'
import type { TreeSurvey } from './tree-survey.js'
import { isLongSymlink, type VolumeDemand } from './volume-demand.js'

export interface VolumePlacement {
  readonly journal: PlacedBlocks
  readonly orphanFile: PlacedBlocks
  /** The double indirect block of the resize inode; undefined without resize_inode. */
  readonly resizeBlock: number | undefined
  /** Runs of the area of directories, long symlinks and attribute blocks; `logical` counts the area's blocks. */
  readonly area: readonly BlockRun[]
  /** First block of each attribute block. */
  readonly xattrBlocks: readonly number[]
  /** By node: where its blocks begin, if they are one run from block 0 of the file with nothing to map them. */
  readonly firstBlock: Float64Array
  /** Every other node that has blocks. */
  readonly scattered: ReadonlyMap<number, PlacedBlocks>
  /** Blocks that found no place; 0 where everything fits. */
  readonly missingBlocks: number
}

const NOTHING: PlacedBlocks = { runs: [], mapBlocks: [] }

/** Places everything and marks it in `layout.used`. O(nodes). */
export function placeVolume(
  geometry: Geometry,
  layout: GroupLayout,
  survey: TreeSurvey,
  demand: VolumeDemand,
): VolumePlacement {
  const allocator = new BlockAllocator(layout.used, geometry.firstDataBlock, geometry.blockCount)
  const placer = new Placer(geometry, allocator)
  const journal = placer.place([{ start: 0, end: geometry.journalBlocks }])
  const resizeBlock = geometry.features.has('resize_inode') ? (allocator.take(1)[0]?.start ?? 0) : undefined
  const orphanFile = geometry.features.has('orphan_file')
    ? placer.place([{ start: 0, end: orphanFileBlocks(geometry.blockCount) }])
    : NOTHING

  const area: BlockRun[] = []
  appendRuns(area, 0, allocator.take(demand.areaBlocks))
  const firstBlock = new Float64Array(survey.nodes.length)
  const scattered = new Map<number, PlacedBlocks>()
  const keep = (node: number, placed: PlacedBlocks): void => {
    const [run] = placed.runs
    if (placed.runs.length === 1 && run!.logical === 0 && placed.mapBlocks.length === 0)
      firstBlock[node] = run!.physical
    else if (placed.runs.length > 0) scattered.set(node, placed)
  }
  let unit = 0
  const placeInArea = (node: number): void => {
    const runs = runsWithin(area, unit, demand.blocks[node]!)
    unit += demand.blocks[node]!
    keep(node, placer.withMap(runs, [{ start: 0, end: demand.blocks[node]! }]))
  }
  for (const { node } of survey.directories) placeInArea(node)
  survey.nodes.forEach((node, index) => {
    if (isLongSymlink(node)) placeInArea(index)
  })
  const xattrBlocks = demand.xattrs.blocks.map(() => runsWithin(area, unit++, 1)[0]?.physical ?? 0)

  survey.nodes.forEach((node, index) => {
    if (node.type !== 'file' || demand.blocks[index] === 0) return
    keep(index, placer.place(allocatedRanges(node.content, geometry.blockSize)))
  })
  const missingBlocks = allocator.missing
  allocator.commit()
  return { journal, orphanFile, resizeBlock, area, xattrBlocks, firstBlock, scattered, missingBlocks }
}

/** The runs of a node; none for one without blocks. */
export function placedBlocksOf(placement: VolumePlacement, demand: VolumeDemand, node: number): PlacedBlocks {
  const length = demand.blocks[node]!
  if (length === 0) return NOTHING
  const physical = placement.firstBlock[node]!
  return physical > 0 ? { runs: [{ logical: 0, physical, length }], mapBlocks: [] } : placement.scattered.get(node)!
}

/** Blocks [from, from + count) of the area as runs of their own, counted from 0. */
export function runsWithin(area: readonly BlockRun[], from: number, count: number): BlockRun[] {
  const end = from + count
  return area
    .filter((run) => run.logical < end && run.logical + run.length > from)
    .map((run) => {
      const start = Math.max(run.logical, from)
      const length = Math.min(run.logical + run.length, end) - start
      return { logical: start - from, physical: run.physical + (start - run.logical), length }
    })
}

/** Blocks with the blocks that map them, by extents or by indirect blocks as the volume has it. */
class Placer {
  readonly #allocator: BlockAllocator
  readonly #blockSize: number
  readonly #hasExtents: boolean

  constructor(geometry: Geometry, allocator: BlockAllocator) {
    this.#allocator = allocator
    this.#blockSize = geometry.blockSize
    this.#hasExtents = geometry.features.has('extent')
  }

  place(ranges: readonly BlockRange[]): PlacedBlocks {
    return this.withMap(takeRuns(this.#allocator, ranges), ranges)
  }

  withMap(runs: readonly BlockRun[], ranges: readonly BlockRange[]): PlacedBlocks {
    const count = this.#hasExtents
      ? countExtentTreeBlocks(runs, this.#blockSize)
      : countIndirectBlocks(ranges, this.#blockSize)
    if (count === 0) return { runs, mapBlocks: [] }
    const mapBlocks = this.#allocator
      .take(count)
      .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index))
    return { runs, mapBlocks }
  }
}
