/** MBR and extended boot records as values. Pure; layout decides where they stand. */
import { invariant } from '../../errors.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { encodeChs } from './chs.js'
import {
  ACTIVE,
  ENTRIES,
  Mbr,
  MbrPartitionRecord,
  SIGNATURE,
  TYPE_EXTENDED_CHS,
  TYPE_EXTENDED_LBA,
  TYPE_GPT_PROTECTIVE,
} from './disklayout.js'

/** The largest sector number and count of a record: 2 TiB with sectors of 512 bytes. */
export const MAX_LBA = 0xffffffff

/** All in sectors, [firstLba, endLba). */
export interface MbrPartition {
  /** 1 to 4: the record's slot. */
  readonly number: number
  readonly type: number
  readonly active: boolean
  readonly firstLba: number
  readonly endLba: number
}

export interface LogicalPartition extends Omit<MbrPartition, 'number'> {
  /** The sector of its extended boot record, before its first. */
  readonly ebrLba: number
}

/** The extended partition: a slot of its own, and everything inside it in the order of the disk. */
export interface ExtendedPartition {
  readonly number: number
  readonly logical: readonly LogicalPartition[]
}

export interface MbrTable {
  readonly diskSizeBytes: number
  readonly sectorSize: number
  readonly signature: number
  readonly primary: readonly MbrPartition[]
  readonly extended?: ExtendedPartition
}

/** Sector 0 and the sector of every EBR as an image of the disk's size. Boot code before byte 440 is zero. */
export function encodeMbr({ diskSizeBytes, sectorSize, signature, primary, extended }: MbrTable): DiskImage {
  const builder = new ImageBuilder(diskSizeBytes)
  const records = new Map(primary.map((partition) => [partition.number, record(partition, 0)]))
  if (extended !== undefined) {
    const { firstLba, endLba } = extendedRange(extended.logical)
    records.set(extended.number, record({ type: TYPE_EXTENDED_LBA, active: false, firstLba, endLba }, 0))
    encodeEbrs(builder, sectorSize, extended.logical)
  }
  invariant(records.size === primary.length + (extended ? 1 : 0), 'every slot is used once')
  return builder.bytes(0, bootRecord(sectorSize, signature, records)).finish()
}

/** From the first EBR to the end of the last logical partition. */
export function extendedRange(logical: readonly Pick<LogicalPartition, 'ebrLba' | 'endLba'>[]): {
  firstLba: number
  endLba: number
} {
  return { firstLba: logical[0]!.ebrLba, endLba: logical.at(-1)!.endLba }
}

/**
 * The chain: each EBR describes its own partition relative to *itself*, and the next EBR relative to the *extended
 * partition's* start. A link's stretch goes from that EBR to the end of its partition.
 */
function encodeEbrs(builder: ImageBuilder, sectorSize: number, logical: readonly LogicalPartition[]): void {
  const extendedLba = logical[0]!.ebrLba
  for (const [index, partition] of logical.entries()) {
    const records = new Map([[1, record(partition, partition.ebrLba)]])
    const next = logical[index + 1]
    if (next !== undefined) {
      invariant(next.ebrLba >= partition.endLba, 'logical partitions are in the order of the disk')
      // The links bear the old type: fdisk and Windows write it so, whatever the outer one is.
      const link = { type: TYPE_EXTENDED_CHS, active: false, firstLba: next.ebrLba, endLba: next.endLba }
      records.set(2, record(link, extendedLba))
    }
    builder.bytes(partition.ebrLba * sectorSize, bootRecord(sectorSize, 0, records))
  }
}

/** SizeInLBA says all of the disk or, beyond 2 TiB, as much as it can. [UEFI 2.10 §5.2.3] */
export function protectiveMbr(diskSectors: number, sectorSize: number): Uint8Array {
  const protective = MbrPartitionRecord.encode({
    BootIndicator: 0,
    StartingCHS: encodeChs(1),
    OSType: TYPE_GPT_PROTECTIVE,
    // "Not possible to represent": no geometry is known, so no address is a CHS address; fdisk and fwup write the same.
    EndingCHS: Uint8Array.of(0xff, 0xff, 0xff),
    StartingLBA: 1,
    SizeInLBA: Math.min(diskSectors - 1, MAX_LBA),
  })
  return bootRecord(sectorSize, 0, new Map([[1, protective]]))
}

/** One sector. `records` by slot, 1 to 4. */
function bootRecord(sectorSize: number, signature: number, records: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const PartitionRecord = new Uint8Array(ENTRIES * MbrPartitionRecord.SIZE)
  for (const [slot, bytes] of records) {
    invariant(slot >= 1 && slot <= ENTRIES, `slot ${slot} of an MBR`)
    PartitionRecord.set(bytes, (slot - 1) * MbrPartitionRecord.SIZE)
  }
  const sector = new Uint8Array(sectorSize)
  Mbr.encodeInto(sector, 0, { UniqueMBRDiskSignature: signature, PartitionRecord, Signature: SIGNATURE })
  return sector
}

/** `baseLba` is what StartingLBA counts from. CHS addresses are absolute everywhere. */
function record({ type, active, firstLba, endLba }: Omit<MbrPartition, 'number'>, baseLba: number): Uint8Array {
  return MbrPartitionRecord.encode({
    BootIndicator: active ? ACTIVE : 0,
    StartingCHS: encodeChs(firstLba),
    OSType: type,
    EndingCHS: encodeChs(endLba - 1),
    StartingLBA: firstLba - baseLba,
    SizeInLBA: endLba - firstLba,
  })
}
