/** MBR and the chain of extended boot records → the table that they are.  [UEFI 2.10 §5.2.1] */
import { fieldError } from '../../bytes/field-error.js'
import { Findings } from '../../bytes/findings.js'
import type { ImageView } from '../../image/image-view.js'
import type { ReadPartition, ReadTable } from '../read-table.js'
import { SIGNATURE } from './disklayout.js'
import { readLogicalPartitions } from './logical-chain.js'
import {
  checkRecords,
  hex8,
  isExtended,
  isProtective,
  type PlacedRecord,
  partitionOf,
  readBootRecord,
} from './read-records.js'

/**
 * The MBR of `view`; FormatError where sector 0 is none. `sectorSize`: an MBR does not tell its own, so where it is missing and
 * an extended partition does not betray it, 512.
 */
export function readMbr(view: ImageView, sectorSize?: number): ReadTable {
  const { isSigned, diskSignature, records } = readBootRecord(view, 0, 'MBR')
  if (!isSigned) {
    const expected = `0x${SIGNATURE.toString(16).toUpperCase()} (55 AA)`
    throw fieldError(view.name, { structure: 'MBR', offset: 0, field: 'Signature', found: 'another', expected })
  }
  const findings = new Findings()
  const container = records.find(isExtended)
  const size = sectorSize ?? sectorSizeOf(view, container)
  const diskSectors = Math.floor(view.sizeBytes / size)
  checkRecords(records, diskSectors, findings)
  checkContainers(records, findings)
  checkProtectiveAlone(records, findings)
  const place = (record: PlacedRecord): ReadPartition =>
    partitionOf(record, { number: record.slot, baseLba: 0, sectorSize: size })
  const primary = records.filter((record) => !isExtended(record) && record.SizeInLBA > 0).map(place)
  const logical = container === undefined ? [] : readLogicalPartitions(view, container, size, findings)
  return {
    kind: 'mbr',
    sectorSize: size,
    id: `0x${diskSignature.toString(16).padStart(8, '0')}`,
    copy: 'primary',
    partitions: [...primary, ...logical],
    ...(container !== undefined && { extended: place(container) }),
    findings: findings.list,
  }
}

/** 4096 where the first extended boot record stands at a sector of that size and not at one of 512. */
function sectorSizeOf(view: ImageView, container: PlacedRecord | undefined): 512 | 4096 {
  if (container === undefined) return 512
  const isSignedAt = (size: number): boolean =>
    new Findings().attempt(() => readBootRecord(view, container.StartingLBA * size, 'extended boot record'))
      ?.isSigned === true
  return !isSignedAt(512) && isSignedAt(4096) ? 4096 : 512
}

/** fdisk and Windows know one extended partition. */
function checkContainers(records: readonly PlacedRecord[], findings: Findings): void {
  const [first, ...others] = records.filter(isExtended)
  for (const { structure, offset, OSType } of others) {
    const expected = `another type, since record ${first!.slot} is the extended partition,`
    findings.add({ structure, offset, field: 'OSType', found: hex8(OSType), expected })
  }
}

/** Whoever reads a protective MBR as an MBR found no GPT. */
function checkProtectiveAlone(records: readonly PlacedRecord[], findings: Findings): void {
  const protective = records.find(isProtective)
  if (protective === undefined) return
  findings.add({
    structure: protective.structure,
    offset: protective.offset,
    field: 'OSType',
    found: hex8(protective.OSType),
    expected: 'a type of an MBR, or a GPT that it protects,',
    hint: 'The GPT is lost at both ends of the disk.',
  })
}
