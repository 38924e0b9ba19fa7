/** How messages name stretches of the disk. */
import { formatSize } from '../bytes/format-size.js'
import type { ImageSpec } from '../config/spec.js'

export interface Stretch {
  readonly startByte: number
  /** Exclusive. */
  readonly endByte: number
}

/** Bytes of a sector; on flash, places are bytes in hexadecimal as its kernel prints them. */
export type PlaceUnit = number | 'flash'

export function placeUnit({ table, sectorSize }: Pick<ImageSpec, 'table' | 'sectorSize'>): PlaceUnit {
  return table === 'mtd' ? 'flash' : sectorSize
}

/**
 * `sectors 2048–4095`, `sector 0`; `bytes 1000–1999` where one end is inside a sector. The last one is inclusive. On flash
 * `0x20000–0xa20000`, where the end is not.
 */
export function sectorsText({ startByte, endByte }: Stretch, sectorSize: PlaceUnit): string {
  if (sectorSize === 'flash') return `0x${startByte.toString(16)}–0x${endByte.toString(16)}`
  const unit = startByte % sectorSize === 0 && endByte % sectorSize === 0 ? 'sector' : 'byte'
  const unitBytes = unit === 'sector' ? sectorSize : 1
  const first = startByte / unitBytes
  const last = endByte / unitBytes - 1
  return first === last ? `${unit} ${first}` : `${unit}s ${first}–${last}`
}

/** `sectors 2048–4095 overlap`, `sector 0 overlaps`. */
export function sectorsDo(stretch: Stretch, sectorSize: PlaceUnit, verb: string): string {
  const text = sectorsText(stretch, sectorSize)
  return text.includes('–') ? `${text} ${verb}` : `${text} ${verb}s`
}

/** `66060288 bytes (63 MiB)`. */
export function bytesText(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${bytes} bytes (${formatSize(bytes)})`
}
