/** The entries of a GPT: which partitions they name, and whether these can be.  [UEFI 2.10 §5.3.3] */
import type { Findings } from '../../bytes/findings.js'
import { guidFromBytes, NIL_GUID } from '../../bytes/guid.js'
import type { ImageView } from '../../image/image-view.js'
import { type ClaimedSectors, overlapFindings } from '../overlaps.js'
import type { ReadPartition } from '../read-table.js'
import { ATTRIBUTE_LEGACY_BOOT, ATTRIBUTES_RESERVED, GptPartitionEntry } from './disklayout.js'
import type { GptCopy } from './read-copy.js'

/** By number. An entry that ends before it begins names nothing: it is a finding only. */
export function readGptPartitions(view: ImageView, copy: GptCopy, findings: Findings): ReadPartition[] {
  const partitions: ReadPartition[] = []
  const claims: ClaimedSectors[] = []
  const numbers = new Map<string, number>()
  const { NumberOfPartitionEntries, SizeOfPartitionEntry, PartitionEntryLBA } = copy.header
  for (let number = 1; number <= NumberOfPartitionEntries; number++) {
    const structure = `GPT entry ${number}`
    const offset = PartitionEntryLBA * copy.sectorSize + (number - 1) * SizeOfPartitionEntry
    if (!isUsed(copy, number)) continue
    const entry = findings.attempt(() => view.decode(GptPartitionEntry, offset, structure))
    if (entry === undefined) continue
    checkEntry(entry, { copy, structure, offset, numbers, number }, findings)
    const { StartingLBA: firstLba, EndingLBA, Attributes: attributes } = entry
    if (EndingLBA < firstLba) continue
    claims.push({ structure, offset, firstLba, endLba: EndingLBA + 1 })
    partitions.push({
      number,
      name: Buffer.from(entry.PartitionName).toString('utf16le').split('\0')[0]!,
      startByte: firstLba * copy.sectorSize,
      sizeBytes: (EndingLBA + 1 - firstLba) * copy.sectorSize,
      type: guidFromBytes(entry.PartitionTypeGUID),
      uuid: guidFromBytes(entry.UniquePartitionGUID),
      attributes,
      bootable: (attributes & ATTRIBUTE_LEGACY_BOOT) !== 0n,
      logical: false,
    })
  }
  findings.addAll(overlapFindings(claims))
  return partitions
}

/** The type of an unused entry is the nil GUID. */
function isUsed({ entries, header }: GptCopy, number: number): boolean {
  const [at, size] = GptPartitionEntry.FIELDS.PartitionTypeGUID!
  const start = (number - 1) * header.SizeOfPartitionEntry + at
  return entries.subarray(start, start + size).some((byte) => byte !== 0)
}

interface EntryContext {
  readonly copy: GptCopy
  readonly structure: string
  readonly offset: number
  readonly number: number
  /** Of the entries before it, by their GUID. */
  readonly numbers: Map<string, number>
}

function checkEntry(
  entry: GptPartitionEntry,
  { copy, structure, offset, number, numbers }: EntryContext,
  findings: Findings,
): void {
  const { StartingLBA, EndingLBA } = entry
  const { FirstUsableLBA, LastUsableLBA } = copy.header
  const say = (field: keyof GptPartitionEntry, found: number | string, expected: string): void =>
    findings.add({ structure, offset, field, found, expected })
  if (StartingLBA < FirstUsableLBA || StartingLBA > LastUsableLBA) {
    say('StartingLBA', StartingLBA, `${FirstUsableLBA} to ${LastUsableLBA}`)
  }
  if (EndingLBA < StartingLBA || EndingLBA > LastUsableLBA) {
    say('EndingLBA', EndingLBA, `${StartingLBA} to ${LastUsableLBA}`)
  }
  const uuid = guidFromBytes(entry.UniquePartitionGUID)
  const other = numbers.get(uuid)
  if (uuid === NIL_GUID) say('UniquePartitionGUID', uuid, 'a GUID of its own')
  else if (other !== undefined) say('UniquePartitionGUID', uuid, `another GUID than that of entry ${other}`)
  else numbers.set(uuid, number)
  if ((entry.Attributes & ATTRIBUTES_RESERVED) !== 0n) {
    const found = `0x${entry.Attributes.toString(16)}`
    const expected = 'a value without the reserved bits 3 to 47'
    findings.add({ structure, offset, field: 'Attributes', found, expected, isHarmless: true })
  }
}
