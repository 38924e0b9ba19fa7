import type { PictureStretch, StretchUse } from './disk-picture.js'
import { number } from './markup.js'
import { occupancy, occupancyBars } from './occupancy.js'

/** In units of the drawing. */
export interface Frame {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Narrower columns are not told apart. */
const COLUMN_WIDTH = 2

/** What fills [startByte, endByte), as one path for each use. */
export function bars(
  stretches: readonly PictureStretch[],
  { x, y, width, height, startByte, endByte }: Frame & { readonly startByte: number; readonly endByte: number },
): string[] {
  const columns = Math.max(1, Math.floor(width / COLUMN_WIDTH))
  const columnWidth = width / columns
  const paths = new Map<StretchUse, string>()
  for (const { use, fromColumn, toColumn, top, bottom } of occupancyBars(
    occupancy(stretches, { startByte, endByte, columns }),
  )) {
    const from = number(x + fromColumn * columnWidth)
    const path = `M${from} ${number(y + top * height)}h${number((toColumn - fromColumn) * columnWidth)}v${number((bottom - top) * height)}H${from}z`
    paths.set(use, (paths.get(use) ?? '') + path)
  }
  return [...paths].map(([use, d]) => `<path class="use-${use}" d="${d}"/>`)
}
