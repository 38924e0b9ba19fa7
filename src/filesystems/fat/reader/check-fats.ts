/** The FATs as such: their two reserved entries, the state, and whether all are alike.  [FATGEN §4] */
import type { Findings } from '../../../bytes/findings.js'
import { CLEAN_SHUTDOWN, END_OF_CHAIN, FIRST_END_OF_CHAIN, NO_DISK_ERRORS } from '../disklayout.js'
import { FatEntries } from './fat-entries.js'
import type { FatReading } from './fat-reading.js'
import { readState } from './volume-state.js'

const CHUNK_BYTES = 1 << 16

export function checkFats(reading: FatReading, findings: Findings): void {
  findings.attempt(() => checkReservedEntries(reading, findings))
  findings.attempt(() => checkState(reading, findings))
  if (!reading.shape.isMirrored) return
  for (let number = 0; number < reading.shape.boot.BPB_NumFATs; number++) {
    if (number !== reading.shape.activeFat) findings.attempt(() => compareFat(reading, number, findings))
  }
}

function fatName(number: number): string {
  return `FAT ${number + 1}`
}

function checkReservedEntries({ shape, fat }: FatReading, findings: Findings): void {
  const { width, boot, activeFat } = shape
  const structure = fatName(activeFat)
  const media = (END_OF_CHAIN[width] & ~0xff) | boot.BPB_Media
  if (fat.entry(0) !== media) {
    const expected = `${hex(media)}, with BPB_Media in its lowest byte,`
    // No reader takes its type from it any more.
    const finding = { structure, offset: fat.offsetOf(0), field: 'entry 0', found: hex(fat.entry(0)), expected }
    findings.add({ ...finding, isHarmless: true })
  }
  const flags = width === 12 ? 0 : CLEAN_SHUTDOWN[width] | NO_DISK_ERRORS[width]
  if ((fat.entry(1) | flags) < FIRST_END_OF_CHAIN[width]) {
    const expected = `an end mark, ${hex(FIRST_END_OF_CHAIN[width])} or more,`
    findings.add({ structure, offset: fat.offsetOf(1), field: 'entry 1', found: hex(fat.entry(1)), expected })
  }
}

function checkState(reading: FatReading, findings: Findings): void {
  const { shape, fat } = reading
  const { byFat, byBootSector } = readState(reading)
  const places = [
    [byFat, fatName(shape.activeFat), fat.offsetOf(1), 'entry 1'],
    [byBootSector, 'boot sector', shape.bootOffset, 'BS_Reserved1'],
  ] as const
  for (const [{ isDirty, hasErrors }, structure, offset, field] of places) {
    const add = (found: string, expected: string): void =>
      findings.add({ structure, offset, field, found, expected, isHarmless: true })
    if (isDirty) add('the mark of a volume in use', 'that of one unmounted')
    if (hasErrors) add('the mark of errors while reading or writing', 'none')
  }
}

/** The first difference tells enough: which copy is right nobody knows. */
function compareFat({ view, shape, fat }: FatReading, number: number, findings: Findings): void {
  const { fatOffset, fatBytes, activeFat, width, lastCluster } = shape
  const length = Math.min(fatBytes, Math.ceil(((lastCluster + 1) * width) / 8))
  const start = (which: number): number => fatOffset + which * fatBytes
  for (let done = 0; done < length; done += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, length - done)
    const followed = view.read(start(activeFat) + done, size, fatName(activeFat))
    const copy = view.read(start(number) + done, size, fatName(number))
    if (Buffer.compare(followed, copy) === 0) continue
    const at = done + followed.findIndex((byte, index) => byte !== copy[index])
    const cluster = Math.floor((at * 8) / width)
    const other = new FatEntries(view, shape, number)
    findings.add({
      structure: fatName(number),
      offset: start(number) + at,
      field: `entry ${cluster}`,
      found: hex(other.entry(cluster)),
      expected: `${hex(fat.entry(cluster))} as in ${fatName(activeFat)}`,
    })
    return
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
