/**
 * A GPT as a value: the stretches of the disk that the table itself takes. Pure; what stands where is settled in
 * geometry.ts, what the records look like in disklayout.ts.
 */
import { crc32 } from '../../bytes/crc32.js'
import { type Guid, guidToBytes } from '../../bytes/guid.js'
import { invariant } from '../../errors.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { protectiveMbr } from '../mbr/writer.js'
import { GptHeader, GptPartitionEntry, NAME_UNITS, REVISION, SIGNATURE } from './disklayout.js'
import type { GptGeometry } from './geometry.js'

export interface GptPartition {
  /** 1 to the number of entries: its place in the array and its number for the kernel. */
  readonly number: number
  readonly typeGuid: Guid
  readonly uuid: Guid
  readonly firstLba: number
  /** One after the last sector. */
  readonly endLba: number
  readonly attributes: bigint
  /** At most 36 UTF-16 units. */
  readonly name: string
}

/**
 * Protective MBR, both headers and both arrays as an image of the disk's size. The boot code before byte 440 and the room of
 * an array that its entries do not fill are zeros; everything else is left to others.
 */
export function encodeGpt(geometry: GptGeometry, diskGuid: Guid, partitions: readonly GptPartition[]): DiskImage {
  const { sectorSize, diskSectors, headerLba, arrayLba, backupArrayLba, backupHeaderLba, arraySectors } = geometry
  const array = encodeEntries(geometry, partitions)
  const entriesBytes = array.subarray(0, geometry.entries * GptPartitionEntry.SIZE)
  const header = (MyLBA: number, AlternateLBA: number, PartitionEntryLBA: number): Uint8Array =>
    encodeHeader(sectorSize, {
      Signature: SIGNATURE,
      Revision: REVISION,
      HeaderSize: GptHeader.SIZE,
      HeaderCRC32: 0,
      MyLBA,
      AlternateLBA,
      FirstUsableLBA: geometry.firstUsableLba,
      LastUsableLBA: geometry.usableEndLba - 1,
      DiskGUID: guidToBytes(diskGuid),
      PartitionEntryLBA,
      NumberOfPartitionEntries: geometry.entries,
      SizeOfPartitionEntry: GptPartitionEntry.SIZE,
      PartitionEntryArrayCRC32: crc32(entriesBytes),
    })
  invariant(array.length === arraySectors * sectorSize, 'the array fills its sectors')
  return new ImageBuilder(diskSectors * sectorSize)
    .bytes(0, protectiveMbr(diskSectors, sectorSize))
    .bytes(headerLba * sectorSize, header(headerLba, backupHeaderLba, arrayLba))
    .bytes(arrayLba * sectorSize, array)
    .bytes(backupArrayLba * sectorSize, array)
    .bytes(backupHeaderLba * sectorSize, header(backupHeaderLba, headerLba, backupArrayLba))
    .finish()
}

/** One sector; the checksum is over the record's 92 bytes while its own field is zero. */
function encodeHeader(sectorSize: number, header: GptHeader): Uint8Array {
  const HeaderCRC32 = crc32(GptHeader.encode({ ...header, HeaderCRC32: 0 }))
  const sector = new Uint8Array(sectorSize)
  GptHeader.encodeInto(sector, 0, { ...header, HeaderCRC32 })
  return sector
}

function encodeEntries(geometry: GptGeometry, partitions: readonly GptPartition[]): Uint8Array {
  const array = new Uint8Array(geometry.arraySectors * geometry.sectorSize)
  for (const { number, typeGuid, uuid, firstLba, endLba, attributes, name } of partitions) {
    invariant(number >= 1 && number <= geometry.entries, `entry ${number} of ${geometry.entries}`)
    GptPartitionEntry.encodeInto(array, (number - 1) * GptPartitionEntry.SIZE, {
      PartitionTypeGUID: guidToBytes(typeGuid),
      UniquePartitionGUID: guidToBytes(uuid),
      StartingLBA: firstLba,
      EndingLBA: endLba - 1,
      Attributes: attributes,
      PartitionName: encodeName(name),
    })
  }
  return array
}

/** UTF-16LE, NUL-padded; surrogate pairs are two units. */
function encodeName(name: string): Uint8Array {
  invariant(name.length <= NAME_UNITS, `a GPT name of ${name.length} units`)
  const field = new Uint8Array(NAME_UNITS * 2)
  field.set(Buffer.from(name, 'utf16le'))
  return field
}
