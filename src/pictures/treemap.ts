/**
 * Squarified treemap: rectangles whose areas are as the weights, as near to squares as a greedy walk gets them.
 *
 * Source: Bruls, Huizing, van Wijk, "Squarified Treemaps" (2000).
 */

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** One rectangle for each weight, in their order; weights are positive and sorted, the largest first. */
export function squarify(weights: readonly number[], area: Rectangle): Rectangle[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return weights.map(() => ({ ...area, width: 0, height: 0 }))
  const scale = (area.width * area.height) / total
  const placed: Rectangle[] = []
  let free = area
  let row: number[] = []
  for (const weight of weights) {
    const size = weight * scale
    const side = Math.min(free.width, free.height)
    if (row.length > 0 && worstRatio([...row, size], side) > worstRatio(row, side)) {
      free = placeRow(row, free, placed)
      row = []
    }
    row.push(size)
  }
  placeRow(row, free, placed)
  return placed
}

/** Of the longer to the shorter side, of the worst rectangle in a row along `side`. */
function worstRatio(row: readonly number[], side: number): number {
  const sum = row.reduce((total, size) => total + size, 0)
  const thickness = sum / side
  return Math.max(...row.map((size) => Math.max(size / thickness / thickness, thickness / (size / thickness))))
}

/** Along the shorter side; gives what is left. */
function placeRow(row: readonly number[], free: Rectangle, placed: Rectangle[]): Rectangle {
  const sum = row.reduce((total, size) => total + size, 0)
  const upright = free.width >= free.height
  const thickness = sum / (upright ? free.height : free.width)
  let along = upright ? free.y : free.x
  for (const size of row) {
    const length = size / thickness
    placed.push(
      upright
        ? { x: free.x, y: along, width: thickness, height: length }
        : { x: along, y: free.y, width: length, height: thickness },
    )
    along += length
  }
  return upright
    ? { ...free, x: free.x + thickness, width: free.width - thickness }
    : { ...free, y: free.y + thickness, height: free.height - thickness }
}
