/** The open options with which a payload fits a volume that is too small for it with the defaults. */
import { LayoutError } from '../../errors.js'
import type { FileTree } from '../../tree/file-tree.js'
import type { VolumeEnvironment } from '../volume.js'
import type { ExtFormatOptions } from './options.js'
import { type Attempt, ExtPlanner, fits, mayFit } from './plan.js'

export type OpenOptions = Pick<ExtFormatOptions, 'block_size' | 'inodes'>

const BLOCK_SIZES = [1024, 2048, 4096] as const

/**
 * Returns the fewest changes to what the options leave open: inodes, block size, both; undefined where none do. A volume
 * that would lose the journal which `attempt` has is none of them.
 */
export function optionsThatFit(
  { tree, options, environment }: { tree: FileTree; options: ExtFormatOptions; environment: VolumeEnvironment },
  sizeBytes: number,
  attempt: Attempt,
): OpenOptions | undefined {
  const blockSizes = BLOCK_SIZES.filter((size) => size >= environment.sectorSize && size !== attempt.geometry.blockSize)
  const sizes = [undefined, ...(options.block_size === undefined ? blockSizes : [])]
  const isCountOpen = options.inodes === undefined && options.bytes_per_inode === undefined
  const counts = [undefined, ...(isCountOpen ? [attempt.demand.inodes] : [])]
  const candidates = [...sizes.flatMap((block_size) => counts.map((inodes) => ({ block_size, inodes })))]
  candidates.sort((a, b) => changes(a) - changes(b))
  for (const { block_size, inodes } of candidates.slice(1)) {
    const changed = { ...(block_size !== undefined && { block_size }), ...(inodes !== undefined && { inodes }) }
    const planner = new ExtPlanner(tree, { ...options, ...changed }, environment)
    const found = attemptAt(planner, sizeBytes)
    if (found === undefined || !fits(found)) continue
    if (attempt.geometry.journalBlocks > 0 && found.geometry.journalBlocks === 0) continue
    return changed
  }
  return undefined
}

function changes({ block_size, inodes }: { block_size: unknown; inodes: unknown }): number {
  return (block_size === undefined ? 0 : 1) + (inodes === undefined ? 0 : 1)
}

/** Undefined where no volume of this size can be, or the tree cannot fit it. */
function attemptAt(planner: ExtPlanner, sizeBytes: number): Attempt | undefined {
  try {
    const laidOut = planner.layOut(sizeBytes)
    return mayFit(laidOut) ? planner.place(laidOut) : undefined
  } catch (error) {
    if (error instanceof LayoutError) return undefined
    throw error
  }
}
