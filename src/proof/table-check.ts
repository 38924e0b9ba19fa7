/**
 * The partition table of an image against its manifest: checksums, copies, and every entry. It shares only the records with
 * the writers.  [UEFI 2.10 §5.2, §5.3]
 */
import { crc32 } from '../bytes/crc32.js'
import { guidFromBytes } from '../bytes/guid.js'
import type { Problem } from '../errors.js'
import { SIGNATURE as GPT_SIGNATURE, GptHeader, GptPartitionEntry } from '../tables/gpt/disklayout.js'
import {
  ENTRIES,
  SIGNATURE as MBR_SIGNATURE,
  Mbr,
  MbrPartitionRecord,
  TYPE_EXTENDED_CHS,
  TYPE_EXTENDED_LBA,
  TYPE_GPT_PROTECTIVE,
} from '../tables/mbr/disklayout.js'
import type { Manifest } from './manifest-schema.js'

/** Bytes of the image at a place; undefined where they were not kept. */
export type ReadKept = (offset: number, length: number) => Uint8Array | undefined

/** util-linux reads no more logical partitions, and a chain that comes back to itself must end. */
const MAX_LOGICAL = 256

export function checkTable(manifest: Manifest, read: ReadKept): Problem[] {
  const findings: string[] = []
  const { table, name } = manifest.image
  if (table === 'gpt') checkGpt(manifest, read, findings)
  if (table === 'mbr') checkMbr(manifest, read, findings)
  return findings.map((finding) => ({ message: `Cannot verify the ${table.toUpperCase()} of ${name}: ${finding}` }))
}

function checkGpt(manifest: Manifest, read: ReadKept, findings: string[]): void {
  const { size_bytes, sector_size, disk_guid } = manifest.image
  const lastLba = size_bytes / sector_size - 1
  const protective = read(0, Mbr.SIZE)
  if (protective === undefined || !isProtective(protective)) findings.push('sector 0 holds no protective MBR')
  const copies = [
    { what: 'primary', lba: 1, other: lastLba },
    { what: 'backup', lba: lastLba, other: 1 },
  ] as const
  const arrays = copies.map(({ what, lba, other }) => {
    const bytes = read(lba * sector_size, GptHeader.SIZE)
    if (bytes === undefined) {
      findings.push(`the ${what} header, at sector ${lba}, is not there`)
      return undefined
    }
    if (Buffer.from(bytes.subarray(0, GPT_SIGNATURE.length)).toString('latin1') !== GPT_SIGNATURE) {
      findings.push(`the ${what} header, at sector ${lba}, does not begin with "${GPT_SIGNATURE}"`)
      return undefined
    }
    const header = GptHeader.decode(bytes)
    const expect = (field: string, found: string | number, expected: string | number | undefined): void => {
      if (found !== expected) findings.push(`${field} of the ${what} header is ${found}, ${expected} is expected`)
    }
    expect('HeaderSize', header.HeaderSize, GptHeader.SIZE)
    expect('HeaderCRC32', hex32(header.HeaderCRC32), hex32(headerCrc(bytes)))
    expect('MyLBA', header.MyLBA, lba)
    expect('AlternateLBA', header.AlternateLBA, other)
    expect('DiskGUID', guidFromBytes(header.DiskGUID), disk_guid)
    expect('SizeOfPartitionEntry', header.SizeOfPartitionEntry, GptPartitionEntry.SIZE)
    const array = read(header.PartitionEntryLBA * sector_size, header.NumberOfPartitionEntries * GptPartitionEntry.SIZE)
    if (array === undefined) {
      findings.push(`the ${what} entries, at sector ${header.PartitionEntryLBA}, are not there`)
      return undefined
    }
    expect('PartitionEntryArrayCRC32', hex32(header.PartitionEntryArrayCRC32), hex32(crc32(array)))
    return array
  })
  const [primary, backup] = arrays
  if (primary === undefined || backup === undefined) return
  if (!Buffer.from(primary).equals(backup)) findings.push('the entries of the primary and of the backup differ')
  checkGptEntries(manifest, primary, findings)
}

function checkGptEntries({ partitions }: Manifest, array: Uint8Array, findings: string[]): void {
  const expected = new Map(
    partitions.flatMap((partition) => (partition.number === undefined ? [] : [[partition.number, partition]])),
  )
  for (let number = 1; number * GptPartitionEntry.SIZE <= array.length; number++) {
    const entry = GptPartitionEntry.decode(array, (number - 1) * GptPartitionEntry.SIZE)
    const used = entry.PartitionTypeGUID.some((byte) => byte !== 0)
    const partition = expected.get(number)
    if (partition === undefined) {
      if (used) findings.push(`entry ${number} is in use, the manifest has no partition of that number`)
      continue
    }
    expected.delete(number)
    const said = {
      PartitionTypeGUID: partition.type,
      UniquePartitionGUID: partition.uuid,
      StartingLBA: partition.first_sector,
      EndingLBA: partition.last_sector,
      Attributes: BigInt(partition.attributes ?? 0),
      PartitionName: partition.name,
    }
    const found = {
      PartitionTypeGUID: guidFromBytes(entry.PartitionTypeGUID),
      UniquePartitionGUID: guidFromBytes(entry.UniquePartitionGUID),
      StartingLBA: entry.StartingLBA,
      EndingLBA: entry.EndingLBA,
      Attributes: entry.Attributes,
      PartitionName: Buffer.from(entry.PartitionName).toString('utf16le').replace(/\0+$/, ''),
    }
    for (const [field, value] of Object.entries(found)) {
      const wanted = said[field as keyof typeof said]
      if (value !== wanted) findings.push(`${field} of entry ${number} is ${value}, ${wanted} is expected`)
    }
  }
  for (const number of expected.keys()) findings.push(`there is no entry ${number}`)
}

function isProtective(bytes: Uint8Array): boolean {
  const { PartitionRecord, Signature } = Mbr.decode(bytes)
  return Signature === MBR_SIGNATURE && MbrPartitionRecord.decode(PartitionRecord).OSType === TYPE_GPT_PROTECTIVE
}

/** Over the header with its own field zero. */
function headerCrc(bytes: Uint8Array): number {
  const [at, size] = GptHeader.FIELDS.HeaderCRC32!
  return crc32(new Uint8Array(bytes).fill(0, at, at + size))
}

/** Numbers 1 to 4 are the records of sector 0, 5 and up the chain of extended boot records. */
function checkMbr(manifest: Manifest, read: ReadKept, findings: string[]): void {
  const { sector_size, mbr_signature } = manifest.image
  const bytes = read(0, Mbr.SIZE)
  if (bytes === undefined) {
    findings.push('sector 0 is not there')
    return
  }
  const mbr = Mbr.decode(bytes)
  if (mbr.Signature !== MBR_SIGNATURE) findings.push('sector 0 does not end with 55 AA')
  const signature = hex32(mbr.UniqueMBRDiskSignature)
  if (signature !== mbr_signature) findings.push(`the disk signature is ${signature}, ${mbr_signature} is expected`)
  const found = new Map<number, { first: number; last: number; type: number }>()
  let extended: number | undefined
  for (let index = 0; index < ENTRIES; index++) {
    const record = MbrPartitionRecord.decode(mbr.PartitionRecord, index * MbrPartitionRecord.SIZE)
    if (record.OSType === TYPE_EXTENDED_CHS || record.OSType === TYPE_EXTENDED_LBA) extended = record.StartingLBA
    else if (record.OSType !== 0) found.set(index + 1, placeOf(record, 0))
  }
  if (extended !== undefined) readChain(extended, sector_size, read, found, findings)
  for (const { number, first_sector, last_sector, type } of manifest.partitions) {
    if (number === undefined) continue
    const record = found.get(number)
    found.delete(number)
    const said = `sectors ${first_sector} to ${last_sector} of type ${type}`
    const has =
      record && `sectors ${record.first} to ${record.last} of type 0x${record.type.toString(16).padStart(2, '0')}`
    if (has !== said) findings.push(`partition ${number} has ${has ?? 'no record'}, ${said} is expected`)
  }
  for (const number of found.keys()) findings.push(`partition ${number} has a record, the manifest does not name it`)
}

function readChain(
  extendedLba: number,
  sectorSize: number,
  read: ReadKept,
  found: Map<number, { first: number; last: number; type: number }>,
  findings: string[],
): void {
  let lba = extendedLba
  for (let number = ENTRIES + 1; number < MAX_LOGICAL; number++) {
    const bytes = read(lba * sectorSize, Mbr.SIZE)
    const record = bytes && Mbr.decode(bytes)
    if (record?.Signature !== MBR_SIGNATURE) {
      findings.push(`sector ${lba} holds no extended boot record`)
      return
    }
    const logical = MbrPartitionRecord.decode(record.PartitionRecord)
    const link = MbrPartitionRecord.decode(record.PartitionRecord, MbrPartitionRecord.SIZE)
    found.set(number, placeOf(logical, lba))
    if (link.OSType === 0) return
    lba = extendedLba + link.StartingLBA
  }
  findings.push(`the chain of extended boot records has no end within ${MAX_LOGICAL} of them`)
}

function placeOf(
  { StartingLBA, SizeInLBA, OSType }: MbrPartitionRecord,
  base: number,
): { first: number; last: number; type: number } {
  return { first: base + StartingLBA, last: base + StartingLBA + SizeInLBA - 1, type: OSType }
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
