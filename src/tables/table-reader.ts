/** The partition table of a disk, of whichever kind it is. */
import type { ImageView } from '../image/image-view.js'
import { hasGpt, readGpt } from './gpt/reader.js'
import { ACTIVE, Mbr } from './mbr/disklayout.js'
import { isProtective, isSensible, readBootRecord } from './mbr/read-records.js'
import { readMbr } from './mbr/reader.js'
import type { ReadTable } from './read-table.js'

/** A boot sector that is executed begins with a jump over its parameters: EB xx 90 or E9 xx xx. */
const JUMPS: readonly number[] = [0xeb, 0xe9]

/**
 * As Linux takes it: a GPT under a protective MBR; an MBR; and, where sector 0 holds neither, a GPT that has lost its MBR.
 * Undefined where there is no table: a volume over the whole disk, or nothing. Findings are in the result; FormatError only
 * where a table is there and no copy of it can be followed.
 *
 * `sectorSize` where the disk is known: a GPT tells its own, an MBR does not (see `readMbr`).
 */
export function readTable(view: ImageView, sectorSize?: number): ReadTable | undefined {
  if (view.sizeBytes < Mbr.SIZE) return undefined
  const { isSigned, diskSignature, records } = readBootRecord(view, 0, 'MBR')
  const diskSectors = Math.floor(view.sizeBytes / Mbr.SIZE)
  const isProtected = isSigned && records.some(isProtective)
  const sensible = isSigned ? records.filter((record) => isSensible(record, diskSectors)) : []
  const isMbr = sensible.some(({ OSType }) => OSType !== 0)
  // An isohybrid with a GPT for firmware: Linux takes its MBR, in which an active record of type 0 begins at sector 0.
  const isHybridIso =
    isSigned && records.some(({ BootIndicator, StartingLBA }) => BootIndicator === ACTIVE && StartingLBA === 0)
  if (hasGpt(view) && (isProtected || !(isMbr || isHybridIso))) return readGpt(view)
  if (!isSigned) return undefined
  // The boot sector of a volume is signed too. Where the records would be it has zeros, text or code, or, since mkfs.fat 4.2,
  // one record that covers sector 0 itself.
  const [jump] = view.read(0, 1, 'MBR')
  const isVolume = sensible.length === 0 && JUMPS.includes(jump!)
  const isEmpty = records.length === 0 && diskSignature === 0
  return isVolume || isEmpty ? undefined : readMbr(view, sectorSize)
}
