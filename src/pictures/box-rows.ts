/**
 * Boxes for all parts of a disk in rows of a width: each at least as wide as its words need, and what is left shared by size,
 * so that the small ones are magnified and the large ones are still the large ones.
 */
import type { PicturePart } from './disk-picture.js'

export interface PartBox {
  readonly part: PicturePart
  readonly row: number
  readonly x: number
  readonly width: number
}

export interface BoxOptions {
  readonly width: number
  readonly gap: number
  readonly leastWidth: (part: PicturePart) => number
}

export function boxRows(parts: readonly PicturePart[], { width, gap, leastWidth }: BoxOptions): PartBox[] {
  const rows: PicturePart[][] = [[]]
  let used = 0
  for (const part of parts) {
    const least = leastWidth(part)
    if (rows.at(-1)!.length > 0 && used + least > width) {
      rows.push([])
      used = 0
    }
    rows.at(-1)!.push(part)
    used += least + gap
  }
  return rows.flatMap((row, index) => layRow(row, index, { width, gap, leastWidth }))
}

function layRow(row: readonly PicturePart[], index: number, { width, gap, leastWidth }: BoxOptions): PartBox[] {
  const least = row.map(leastWidth)
  const spare = width - least.reduce((sum, each) => sum + each, 0) - gap * (row.length - 1)
  // Square roots: a disk spans nine orders of magnitude, and shares by size alone would leave the small ones at their least.
  const weights = row.map(({ startByte, endByte }) => Math.sqrt(endByte - startByte))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let x = 0
  return row.map((part, at) => {
    const own = least[at]! + (total === 0 ? 0 : (Math.max(0, spare) * weights[at]!) / total)
    const box = { part, row: index, x, width: own }
    x += own + gap
    return box
  })
}
