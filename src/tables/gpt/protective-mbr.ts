/** Sector 0 of a disk with a GPT.  [UEFI 2.10 §5.2.3] */
import type { Findings } from '../../bytes/findings.js'
import type { ImageView } from '../../image/image-view.js'
import { checkRecords, isProtective, readBootRecord } from '../mbr/read-records.js'
import { MAX_LBA } from '../mbr/writer.js'
import type { ReadPartition } from '../read-table.js'

const STRUCTURE = 'protective MBR'

/** True where it names partitions too: a hybrid. */
export function readProtectiveMbr(view: ImageView, sectorSize: number, findings: Findings): boolean {
  const { isSigned, records } = readBootRecord(view, 0, STRUCTURE)
  const diskSectors = Math.floor(view.sizeBytes / sectorSize)
  const protective = records.find(isProtective)
  if (!isSigned || protective === undefined) {
    findings.add({
      structure: STRUCTURE,
      offset: 0,
      field: isSigned ? 'OSType' : 'Signature',
      found: isSigned ? 'of no record 0xee' : 'another',
      expected: isSigned ? 'one' : '55 AA',
      hint: 'Linux and UEFI take no GPT without it.',
    })
    return false
  }
  const isHybrid = records.length > 1
  const { structure, offset, StartingLBA, SizeInLBA } = protective
  if (!isHybrid && StartingLBA !== 1) {
    findings.add({ structure, offset, field: 'StartingLBA', found: StartingLBA, expected: '1', isHarmless: true })
  }
  // Windows says "as much as can be said" on every disk.
  const wholeDisk = Math.min(diskSectors - 1, MAX_LBA)
  if (!isHybrid && SizeInLBA !== wholeDisk && SizeInLBA !== MAX_LBA) {
    const expected = String(wholeDisk)
    findings.add({ structure, offset, field: 'SizeInLBA', found: SizeInLBA, expected, isHarmless: true })
  }
  checkRecords(records, diskSectors, findings)
  return isHybrid
}

/** The last sector of the disk for which the protective record was made, where there is one. */
export function protectedLastLba(view: ImageView): number | undefined {
  const { isSigned, records } = readBootRecord(view, 0, STRUCTURE)
  const protective = isSigned ? records.find(isProtective) : undefined
  return protective && protective.StartingLBA + protective.SizeInLBA - 1
}

/** Records of a hybrid are partitions of the GPT once more: to a reader of the MBR another place is another disk. */
export function checkHybridRecords(
  view: ImageView,
  sectorSize: number,
  partitions: readonly ReadPartition[],
  findings: Findings,
): void {
  for (const record of readBootRecord(view, 0, STRUCTURE).records) {
    const { structure, offset, StartingLBA, SizeInLBA } = record
    if (isProtective(record) || SizeInLBA === 0) continue
    const isThere = partitions.some(
      ({ startByte, sizeBytes }) => startByte === StartingLBA * sectorSize && sizeBytes === SizeInLBA * sectorSize,
    )
    if (isThere) continue
    const found = `${StartingLBA}, for ${SizeInLBA} sectors`
    findings.add({ structure, offset, field: 'StartingLBA', found, expected: 'the place of a partition of the GPT' })
  }
}
