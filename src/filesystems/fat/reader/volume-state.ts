/** Whether a volume was unmounted, and whether errors were met: FAT has two places for both.  [FATGEN §4.2] */
import { CLEAN_SHUTDOWN, NO_DISK_ERRORS, STATE_DIRTY, STATE_ERRORS } from '../disklayout.js'
import type { FatReading } from './fat-reading.js'

export interface VolumeState {
  readonly isDirty: boolean
  readonly hasErrors: boolean
}

/** By entry 1 of the FAT, which FAT12 does not have these bits in; by the boot sector, where Windows NT and Linux put theirs. */
export function readState({ shape, fat }: FatReading): { byFat: VolumeState; byBootSector: VolumeState } {
  const { width, boot } = shape
  const entry = width === 12 ? undefined : { value: fat.entry(1), width }
  const isClear = (bits: Readonly<Record<16 | 32, number>>): boolean =>
    entry !== undefined && (entry.value & bits[entry.width]) === 0
  return {
    byFat: { isDirty: isClear(CLEAN_SHUTDOWN), hasErrors: isClear(NO_DISK_ERRORS) },
    byBootSector: {
      isDirty: (boot.BS_Reserved1 & STATE_DIRTY) !== 0,
      hasErrors: (boot.BS_Reserved1 & STATE_ERRORS) !== 0,
    },
  }
}

export function stateText(reading: FatReading): string {
  const { byFat, byBootSector } = readState(reading)
  const said = [
    byFat.isDirty || byBootSector.isDirty ? 'not unmounted' : '',
    byFat.hasErrors || byBootSector.hasErrors ? 'errors were found' : '',
  ]
  return said.filter((text) => text !== '').join(', ') || 'clean'
}
