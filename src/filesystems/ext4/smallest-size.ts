/** The smallest volume that holds a tree. */
import { alignUp } from '../../bytes/align.js'
import { LayoutError } from '../../errors.js'
import { type FreeSpace, freeBytesIn, NO_FREE_SPACE } from '../volume.js'
import { availableBytes } from './available-space.js'
import { SIZE_CLASS_LIMITS_BYTES, SIZE_STEP_BYTES } from './geometry.js'
import { JOURNAL_LIMITS_BLOCKS } from './journal-size.js'
import { type ExtPlanner, fits, mayFit } from './plan.js'

const BLOCK_SIZES = [1024, 2048, 4096]
/** The largest that is tried: as many blocks of 4 KiB as 32 bits count. */
export const LARGEST_BYTES = (2 ** 32 - 1) * 4096

/**
 * A size in steps of 4096 bytes that the tree fits with `free` to spare, while it does not fit the step below; undefined where even 16 TiB
 * does not hold it. Block size, inode ratio and journal jump at certain sizes, so the stretches between those are searched
 * one after the other: the first whose end fits is halved until only one step is left between what fits and what does
 * not. (Within a stretch a size may by chance of the last group's rounding not fit although a smaller one does; the
 * result is right in either case, and the same every time.)
 */
export function findSmallestSize(planner: ExtPlanner, free: FreeSpace = NO_FREE_SPACE): number | undefined {
  const end = LARGEST_BYTES + SIZE_STEP_BYTES
  const limits = new Set<number>([...SIZE_CLASS_LIMITS_BYTES, end])
  for (const blocks of JOURNAL_LIMITS_BLOCKS) for (const size of BLOCK_SIZES) limits.add(blocks * size)
  let fails = 0
  for (const limit of [...limits].filter((bytes) => bytes <= end).sort((a, b) => a - b)) {
    const last = limit - SIZE_STEP_BYTES
    if (last <= fails) continue
    if (!fitsInto(planner, last, free)) {
      fails = last
      continue
    }
    let holds = last
    while (holds - fails > SIZE_STEP_BYTES) {
      const middle = alignUp((holds + fails) / 2, SIZE_STEP_BYTES)
      if (fitsInto(planner, middle, free)) holds = middle
      else fails = middle
    }
    return holds
  }
  return undefined
}

/** A volume too small for its own structures is one that the tree does not fit; any other error is the caller's. */
function fitsInto(planner: ExtPlanner, sizeBytes: number, free: FreeSpace): boolean {
  try {
    const laidOut = planner.layOut(sizeBytes)
    if (!mayFit(laidOut)) return false
    const attempt = planner.place(laidOut)
    return fits(attempt) && availableBytes(attempt) >= freeBytesIn(sizeBytes, free)
  } catch (error) {
    if (error instanceof LayoutError) return false
    throw error
  }
}
