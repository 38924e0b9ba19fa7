/** A stretch of the disk in columns: which share of each is of which use. */
import { firstEndingAfter } from '../image/extent.js'
import { type PictureStretch, STRETCH_USES, type StretchUse } from './disk-picture.js'

/** 0 to 1 for each use; what is missing to 1 is unspecified. */
export type ColumnShares = Readonly<Record<StretchUse, number>>

export interface OccupancyRange {
  readonly startByte: number
  readonly endByte: number
  readonly columns: number
}

/** `stretches` are sorted. Exact: a file of 4 KiB in a column of 4 MiB is a thousandth of it. O(stretches + columns). */
export function occupancy(
  stretches: readonly PictureStretch[],
  { startByte, endByte, columns }: OccupancyRange,
): ColumnShares[] {
  const shares = Array.from({ length: columns }, () => ({ table: 0, metadata: 0, data: 0, zero: 0, fill: 0 }))
  const columnBytes = (endByte - startByte) / columns
  for (let at = firstEndingAfter(stretches, startByte); at < stretches.length; at++) {
    const { offset, length, use } = stretches[at]!
    if (offset >= endByte) break
    const from = (Math.max(offset, startByte) - startByte) / columnBytes
    const to = (Math.min(offset + length, endByte) - startByte) / columnBytes
    for (let column = Math.floor(from); column < Math.min(columns, to); column++) {
      shares[column]![use] += Math.min(to, column + 1) - Math.max(from, column)
    }
  }
  return shares
}

/** A rectangle in columns and shares of the height, from the top. */
export interface OccupancyBar {
  readonly use: StretchUse
  readonly fromColumn: number
  readonly toColumn: number
  readonly top: number
  readonly bottom: number
}

/** Heights are seen in steps; finer ones would only make the picture larger. */
const STEPS = 40
/** What is there at all is seen. */
const LEAST_SHARE = 1 / STEPS

/** The columns stacked from the bottom, neighbours of the same height as one bar. */
export function occupancyBars(columns: readonly ColumnShares[]): OccupancyBar[] {
  const bars: OccupancyBar[] = []
  const open = new Map<StretchUse, OccupancyBar>()
  columns.forEach((shares, column) => {
    let bottom = 1
    for (const use of STRETCH_USES) {
      const share = shares[use]
      const height = share === 0 ? 0 : Math.max(LEAST_SHARE, Math.round(share * STEPS) / STEPS)
      const top = Math.max(0, bottom - height)
      const last = open.get(use)
      if (height === 0 || top === bottom) {
        open.delete(use)
      } else if (last !== undefined && last.toColumn === column && last.top === top && last.bottom === bottom) {
        const longer = { ...last, toColumn: column + 1 }
        bars[bars.indexOf(last)] = longer
        open.set(use, longer)
      } else {
        const bar = { use, fromColumn: column, toColumn: column + 1, top, bottom }
        bars.push(bar)
        open.set(use, bar)
      }
      bottom = top
    }
  })
  return bars
}
