/** The four records of a boot record, and whether they can be.  [UEFI 2.10 §5.2.1] */
import type { Findings } from '../../bytes/findings.js'
import type { ImageView } from '../../image/image-view.js'
import { type ClaimedSectors, overlapFindings } from '../overlaps.js'
import type { ReadPartition } from '../read-table.js'
import {
  ACTIVE,
  ENTRIES,
  Mbr,
  MbrPartitionRecord,
  SIGNATURE,
  TYPE_EXTENDED_CHS,
  TYPE_EXTENDED_LBA,
  TYPE_EXTENDED_LINUX,
  TYPE_GPT_PROTECTIVE,
} from './disklayout.js'

/** A record with its place. */
export interface PlacedRecord extends MbrPartitionRecord {
  /** 1 to 4. */
  readonly slot: number
  /** For findings. */
  readonly structure: string
  readonly offset: number
}

export interface BootRecord {
  /** It ends with 55 AA. */
  readonly isSigned: boolean
  readonly diskSignature: number
  /** Those in use, by slot. Type 0 means unused, but Linux and sfdisk go by the size, and genimage writes such records. */
  readonly records: readonly PlacedRecord[]
}

/** `structure` names it: `MBR`, `extended boot record of partition 5`. FormatError where the disk ends before. */
export function readBootRecord(view: ImageView, offset: number, structure: string): BootRecord {
  const { Signature, UniqueMBRDiskSignature, PartitionRecord } = view.decode(Mbr, offset, structure)
  const [recordsAt] = Mbr.FIELDS.PartitionRecord!
  const records = Array.from({ length: ENTRIES }, (_, index) => ({
    ...MbrPartitionRecord.decode(PartitionRecord, index * MbrPartitionRecord.SIZE),
    slot: index + 1,
    structure: `${structure} record ${index + 1}`,
    offset: offset + recordsAt + index * MbrPartitionRecord.SIZE,
  }))
  return {
    isSigned: Signature === SIGNATURE,
    diskSignature: UniqueMBRDiskSignature,
    records: records.filter(({ OSType, SizeInLBA }) => OSType !== 0 || SizeInLBA !== 0),
  }
}

export function isExtended({ OSType }: MbrPartitionRecord): boolean {
  return OSType === TYPE_EXTENDED_CHS || OSType === TYPE_EXTENDED_LBA || OSType === TYPE_EXTENDED_LINUX
}

export function isProtective({ OSType }: MbrPartitionRecord): boolean {
  return OSType === TYPE_GPT_PROTECTIVE
}

/** The record could be a partition's: the text and code of a volume's boot sector at its place could not. */
export function isSensible(record: MbrPartitionRecord, diskSectors: number): boolean {
  const { BootIndicator, StartingLBA, SizeInLBA } = record
  return isIndicator(BootIndicator) && StartingLBA > 0 && SizeInLBA > 0 && StartingLBA < diskSectors
}

function isIndicator(byte: number): boolean {
  return byte === 0 || byte === ACTIVE
}

/** What is wrong with the records of sector 0, protective ones apart. */
export function checkRecords(records: readonly PlacedRecord[], diskSectors: number, findings: Findings): void {
  let active: PlacedRecord | undefined
  const claims: ClaimedSectors[] = []
  for (const record of records) {
    const { structure, offset, BootIndicator, StartingLBA } = record
    if (isProtective(record)) {
      if (records.length > 1) claims.push(claimOf(record))
      continue
    }
    if (record.SizeInLBA === 0) {
      const expected = 'a partition, or a record of zeros'
      findings.add({ structure, offset, field: 'SizeInLBA', found: 0, expected, isHarmless: true })
      continue
    }
    checkPlace(record, 0, diskSectors, findings)
    if (BootIndicator === ACTIVE && active !== undefined) {
      findings.add({
        structure,
        offset,
        field: 'BootIndicator',
        found: hex8(BootIndicator),
        expected: `0x00, since record ${active.slot} is active,`,
      })
    }
    if (BootIndicator === ACTIVE) active ??= record
    // An isohybrid: its first partition is the whole disk, and others lie in it.
    if (StartingLBA > 0) claims.push(claimOf(record))
  }
  findings.addAll(overlapFindings(claims))
}

function claimOf({ structure, offset, StartingLBA, SizeInLBA }: PlacedRecord): ClaimedSectors {
  return { structure, offset, firstLba: StartingLBA, endLba: StartingLBA + SizeInLBA }
}

/** `baseLba` is what StartingLBA counts from; `endLba` what the partition must end before. */
export function checkPlace(record: PlacedRecord, baseLba: number, endLba: number, findings: Findings): void {
  const { structure, offset, BootIndicator, StartingLBA, SizeInLBA } = record
  const say = (field: keyof MbrPartitionRecord, found: number | string, expected: string): void =>
    findings.add({ structure, offset, field, found, expected })
  const room = endLba - baseLba
  if (!isIndicator(BootIndicator)) say('BootIndicator', hex8(BootIndicator), `0x00 or ${hex8(ACTIVE)}`)
  if (StartingLBA === 0 && baseLba === 0) {
    const expected = 'a sector behind the table (an isohybrid begins with it)'
    findings.add({ structure, offset, field: 'StartingLBA', found: 0, expected, isHarmless: true })
  }
  if ((StartingLBA === 0 && baseLba > 0) || StartingLBA >= room) say('StartingLBA', StartingLBA, `1 to ${room - 1}`)
  else if (SizeInLBA === 0 || SizeInLBA > room - StartingLBA) say('SizeInLBA', SizeInLBA, `1 to ${room - StartingLBA}`)
}

export function partitionOf(
  { BootIndicator, OSType, StartingLBA, SizeInLBA }: MbrPartitionRecord,
  { number, baseLba, sectorSize }: { number: number; baseLba: number; sectorSize: number },
): ReadPartition {
  return {
    number,
    name: '',
    startByte: (baseLba + StartingLBA) * sectorSize,
    sizeBytes: SizeInLBA * sectorSize,
    type: hex8(OSType),
    attributes: 0n,
    bootable: BootIndicator === ACTIVE,
    logical: baseLba > 0,
  }
}

export function hex8(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}
