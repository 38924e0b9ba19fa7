/** What all reading of one volume shares. */
import type { ImageView } from '../../../image/image-view.js'
import { FatEntries } from './fat-entries.js'
import { type FatShape, readShape } from './volume-shape.js'

export interface FatReading {
  readonly view: ImageView
  readonly shape: FatShape
  readonly fat: FatEntries
  /** What zone the times are in, minutes east of UTC: a volume does not tell. */
  readonly offsetMinutes: number
}

/** FormatError where the boot sector cannot be followed. */
export function startReading(view: ImageView, offsetMinutes: number): FatReading {
  const shape = readShape(view)
  return { view, shape, fat: new FatEntries(view, shape), offsetMinutes }
}
