/** Compressors of formats that the host's tools write, each with its levels. */
import type { AskedVolume, OptionFault } from '../file-system.js'

export interface Levels {
  readonly least: number
  readonly most: number
}

/** By compressor; undefined where it has no levels. The first one is the tool's default. */
export type Compressors = Readonly<Record<string, Levels | undefined>>

/** Checks `level` against the compressor that will be used. */
export function checkLevel(
  compressors: Compressors,
  { options }: AskedVolume<{ readonly compression?: string; readonly level?: number }>,
): OptionFault[] {
  const { level, compression = Object.keys(compressors)[0]! } = options
  if (level === undefined) return []
  const levels = compressors[compression]
  if (levels !== undefined && level >= levels.least && level <= levels.most) return []
  const accepted = levels ? `${levels.least} to ${levels.most}` : 'no levels'
  return [{ path: ['options', 'level'], message: `${level} is not possible, ${compression} has ${accepted}` }]
}
