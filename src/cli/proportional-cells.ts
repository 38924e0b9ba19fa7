/**
 * Cells of a map for stretches of these sizes: proportional, at least one each, and `cells` in all. What the small ones
 * take beyond their share, the large ones give. Throws when there are more stretches than cells.
 */
import { invariant } from '../errors.js'

export function proportionalCells(sizes: readonly number[], cells: number): number[] {
  invariant(sizes.length <= cells, `${sizes.length} stretches in ${cells} cells`)
  // A stretch whose share is below one cell gets one; that makes the others' shares smaller, so look again.
  const small = new Set<number>()
  for (;;) {
    const share = shareOf(sizes, small, cells)
    const next = sizes.findIndex((size, index) => !small.has(index) && size * share < 1)
    if (next < 0) break
    small.add(next)
  }
  const share = shareOf(sizes, small, cells)
  const exact = sizes.map((size, index) => (small.has(index) ? 1 : size * share))
  return largestRemainders(exact, cells)
}

/** Cells per byte for those that are not small. */
function shareOf(sizes: readonly number[], small: ReadonlySet<number>, cells: number): number {
  const total = sizes.reduce((sum, size, index) => (small.has(index) ? sum : sum + size), 0)
  return total === 0 ? 0 : (cells - small.size) / total
}

/** Whole numbers near `exact` that add up to `total`: the cells left over go to the largest fractions, the first of equals. */
function largestRemainders(exact: readonly number[], total: number): number[] {
  const whole = exact.map(Math.floor)
  const order = exact.map((_, index) => index).sort((a, b) => exact[b]! - whole[b]! - (exact[a]! - whole[a]!) || a - b)
  let left = total - whole.reduce((sum, count) => sum + count, 0)
  for (const index of order) {
    if (left <= 0) break
    whole[index]!++
    left--
  }
  return whole
}
