/** The smallest volume that holds a tree. */
import { alignUp } from '../../bytes/align.js'
import { DiskloomError } from '../../errors.js'
import { SIZE_CLASS_LIMITS_BYTES, SIZE_STEP_BYTES } from './geometry.js'
import { JOURNAL_LIMITS_BLOCKS } from './journal-size.js'
import { type Attempt, type ExtPlanner, fits } from './plan.js'

const BLOCK_SIZES = [1024, 2048, 4096]
/** The largest that is tried: 2^32 blocks of 4 KiB. */
const LARGEST_BYTES = 2 ** 32 * 4096

/**
 * A size in steps of 4096 bytes that the tree fits, while it does not fit the step below; undefined where even 16 TiB
 * does not hold it. Block size, inode ratio and journal jump at certain sizes, so the stretches between those are searched
 * one after the other: the first whose end fits is halved until only one step is left between what fits and what does
 * not. (Within a stretch a size may by chance of the last group's rounding not fit although a smaller one does; the
 * result is right in either case, and the same every time.)
 */
export function findSmallestSize(planner: ExtPlanner): number | undefined {
  const limits = new Set<number>([...SIZE_CLASS_LIMITS_BYTES, LARGEST_BYTES])
  for (const blocks of JOURNAL_LIMITS_BLOCKS) for (const size of BLOCK_SIZES) limits.add(blocks * size)
  let fails = 0
  for (const limit of [...limits].filter((bytes) => bytes <= LARGEST_BYTES).sort((a, b) => a - b)) {
    const last = limit - SIZE_STEP_BYTES
    if (last <= fails) continue
    if (!fitsInto(planner, last)) {
      fails = last
      continue
    }
    let holds = last
    while (holds - fails > SIZE_STEP_BYTES) {
      const middle = alignUp((holds + fails) / 2, SIZE_STEP_BYTES)
      if (fitsInto(planner, middle)) holds = middle
      else fails = middle
    }
    return holds
  }
  return undefined
}

function fitsInto(planner: ExtPlanner, sizeBytes: number): boolean {
  const attempt = attemptOrUndefined(planner, sizeBytes)
  return attempt !== undefined && fits(attempt)
}

/** A volume too small for its own structures is one that the tree does not fit; any other error is the caller's. */
function attemptOrUndefined(planner: ExtPlanner, sizeBytes: number): Attempt | undefined {
  try {
    return planner.attempt(sizeBytes)
  } catch (error) {
    if (error instanceof DiskloomError && error.code === 'LAYOUT') return undefined
    throw error
  }
}
