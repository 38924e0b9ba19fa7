/**
 * Logical partitions: a chain of extended boot records. Each has its partition, counted from itself, and a link to the next,
 * counted from the extended partition.  [UEFI 2.10 §5.2.1]
 */
import type { Findings } from '../../bytes/findings.js'
import { isZero } from '../../bytes/zeros.js'
import type { ImageView } from '../../image/image-view.js'
import { type ClaimedSectors, overlapFindings } from '../overlaps.js'
import type { ReadPartition } from '../read-table.js'
import { ENTRIES, Mbr } from './disklayout.js'
import {
  type BootRecord,
  checkPlace,
  hex8,
  isExtended,
  type PlacedRecord,
  partitionOf,
  readBootRecord,
} from './read-records.js'

/** Linux has no more partitions of a disk than 255, and fdisk stops at number 60. */
const MAX_RECORDS = 255

/** Numbers from 5. A chain that leaves the extended partition or comes back to itself ends there, with a finding. */
export function readLogicalPartitions(
  view: ImageView,
  container: PlacedRecord,
  sectorSize: number,
  findings: Findings,
): ReadPartition[] {
  const extendedLba = container.StartingLBA
  const endLba = extendedLba + container.SizeInLBA
  const partitions: ReadPartition[] = []
  const claims: ClaimedSectors[] = []
  const seen = new Set<number>()
  let number = ENTRIES + 1
  let ebrLba = extendedLba
  let from = container
  for (;;) {
    const isInside = isPlaceForRecord({ ebrLba, endLba, seen }, from, findings)
    const ebr = isInside ? readSigned(view, ebrLba * sectorSize, number, findings) : undefined
    if (ebr === undefined) break
    seen.add(ebrLba)
    checkSlots(ebr.records, findings)
    const structure = `extended boot record of partition ${number}`
    claims.push({ structure, offset: ebrLba * sectorSize, firstLba: ebrLba, endLba: ebrLba + 1 })
    const data = ebr.records.find((record) => !isExtended(record))
    if (data !== undefined) {
      checkPlace(data, ebrLba, endLba, findings)
      const firstLba = ebrLba + data.StartingLBA
      claims.push({ structure: data.structure, offset: data.offset, firstLba, endLba: firstLba + data.SizeInLBA })
      if (data.SizeInLBA > 0) partitions.push(partitionOf(data, { number, baseLba: ebrLba, sectorSize }))
      number++
    }
    const next = ebr.records.find(isExtended)
    if (next === undefined) break
    ebrLba = extendedLba + next.StartingLBA
    from = next
  }
  findings.addAll(overlapFindings(claims))
  return partitions
}

interface ChainState {
  readonly ebrLba: number
  readonly endLba: number
  readonly seen: ReadonlySet<number>
}

function isPlaceForRecord(
  { ebrLba, endLba, seen }: ChainState,
  { structure, offset, StartingLBA }: PlacedRecord,
  findings: Findings,
): boolean {
  const refuse = (expected: string): false => {
    findings.add({ structure, offset, field: 'StartingLBA', found: StartingLBA, expected })
    return false
  }
  if (seen.has(ebrLba)) return refuse('a record that the chain has not come through')
  if (ebrLba >= endLba) return refuse('a place inside the extended partition')
  if (seen.size === MAX_RECORDS) return refuse(`an end of the chain after ${MAX_RECORDS} records`)
  return true
}

function readSigned(view: ImageView, offset: number, number: number, findings: Findings): BootRecord | undefined {
  const structure = `extended boot record of partition ${number}`
  const record = findings.attempt(() => readBootRecord(view, offset, structure))
  if (record?.isSigned !== false) return record
  if (number === ENTRIES + 1 && isZero(view.read(offset, Mbr.SIZE, structure))) {
    const expected = 'an extended boot record (an extended partition without one is empty)'
    findings.add({ structure, offset, field: 'its content', found: 'zeros', expected, isHarmless: true })
    return undefined
  }
  findings.add({ structure, offset, field: 'Signature', found: 'another', expected: '55 AA' })
  return undefined
}

/** The partition comes first, the link second, and that is all. */
function checkSlots(records: readonly PlacedRecord[], findings: Findings): void {
  for (const record of records) {
    const isLink = isExtended(record)
    if (record.slot === (isLink ? 2 : 1)) continue
    // A link alone in the first slot is what some partitioners leave of a deleted partition.
    if (isLink && records.length === 1) continue
    const { structure, offset, OSType } = record
    findings.add({ structure, offset, field: 'OSType', found: hex8(OSType), expected: '0x00, an unused record,' })
  }
}
