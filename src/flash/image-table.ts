/**
 * The partition table of an image value, as far as flashing needs it: to name the partition of a bad byte, and to move the
 * backup GPT and grow the last partition. Shares only the records with the writers.  [UEFI 2.10 §5.2, §5.3]
 */
import { crc32 } from '../bytes/crc32.js'
import { FormatError } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { SIGNATURE as GPT_SIGNATURE, GptHeader, GptPartitionEntry } from '../tables/gpt/disklayout.js'
import {
  ACTIVE,
  SIGNATURE as BOOT_SIGNATURE,
  ENTRIES,
  Mbr,
  MbrPartitionRecord,
  TYPE_EXTENDED_CHS,
  TYPE_EXTENDED_LBA,
} from '../tables/mbr/disklayout.js'

/** A partition and where it stands, [startByte, endByte). */
export interface PartitionPlace {
  /** 1 for the first entry; undefined for what stands outside the table. */
  readonly number: number | undefined
  /** '' where the table has no names. */
  readonly name: string
  readonly startByte: number
  readonly endByte: number
}

export interface GptTable {
  readonly kind: 'gpt'
  readonly sectorBytes: number
  readonly header: GptHeader
  /** All entries, NumberOfPartitionEntries × SizeOfPartitionEntry bytes. */
  readonly entries: Uint8Array
  readonly partitions: readonly PartitionPlace[]
}

export interface MbrTable {
  readonly kind: 'mbr'
  readonly partitions: readonly (PartitionPlace & { readonly extended: boolean })[]
}

export interface NoTable {
  readonly kind: 'none'
  readonly partitions: readonly []
}

export type ImageTable = GptTable | MbrTable | NoTable

const SECTOR_SIZES = [512, 4096] as const
/** An MBR counts in sectors of 512 bytes; what diskloom and fdisk write for disks of 4096 starts at a sector of that. */
const MBR_ENTRIES_AT = Mbr.FIELDS.PartitionRecord![0]
/** More entries than any tool makes: 16,384 of 128 bytes. */
const MAX_ENTRIES_BYTES = 2 << 20

/** Gives `length` bytes from `offset` on; zeros behind the end. */
export type ReadBytes = (offset: number, length: number) => Uint8Array

/** Reads stretches of an image; each call opens and checks the files behind it. */
export function readerOf(image: DiskImage): ReadBytes {
  return (offset, length) => {
    const target = new Uint8Array(length)
    const reader = new PayloadReader()
    try {
      readImage(image, offset, target, reader)
      reader.close()
    } finally {
      reader.abandon()
    }
    return target
  }
}

/**
 * `sectorBytes`: of the device that the image is for; an MBR does not tell its own. FormatError where the image has a GPT
 * that is damaged.
 */
export function readTable(read: ReadBytes, sectorBytes: number): ImageTable {
  for (const size of SECTOR_SIZES) {
    const sector = read(size, GptHeader.SIZE)
    if (Buffer.from(sector.subarray(0, GPT_SIGNATURE.length)).toString('latin1') === GPT_SIGNATURE) {
      return readGpt(read, size)
    }
  }
  return readMbr(read(0, Mbr.SIZE), sectorBytes)
}

function readGpt(read: ReadBytes, sectorBytes: number): GptTable {
  const header = GptHeader.decode(read(sectorBytes, GptHeader.SIZE))
  const damaged = (what: string): FormatError =>
    new FormatError(`Cannot read the GPT of the image: ${what}`, {
      hint: 'The image is damaged or was cut; make or fetch it again.',
      details: { structure: 'GPT_HEADER', offset: sectorBytes },
    })
  const { HeaderSize, NumberOfPartitionEntries: count, SizeOfPartitionEntry: entryBytes } = header
  if (HeaderSize < GptHeader.SIZE || HeaderSize > sectorBytes) {
    throw damaged(`HeaderSize is ${HeaderSize}, ${GptHeader.SIZE} to ${sectorBytes} is accepted`)
  }
  const expected = headerCrc(read(sectorBytes, HeaderSize))
  if (expected !== header.HeaderCRC32)
    throw damaged(`HeaderCRC32 is ${hex(header.HeaderCRC32)}, its bytes give ${hex(expected)}`)
  if (entryBytes < GptPartitionEntry.SIZE || count * entryBytes > MAX_ENTRIES_BYTES) {
    throw damaged(`it has ${count} entries of ${entryBytes} bytes, at most ${MAX_ENTRIES_BYTES} bytes are accepted`)
  }
  const entries = read(header.PartitionEntryLBA * sectorBytes, count * entryBytes)
  const entriesCrc = crc32(entries)
  if (entriesCrc !== header.PartitionEntryArrayCRC32) {
    throw damaged(
      `PartitionEntryArrayCRC32 is ${hex(header.PartitionEntryArrayCRC32)}, its bytes give ${hex(entriesCrc)}`,
    )
  }
  const partitions: PartitionPlace[] = []
  for (let index = 0; index < count; index++) {
    const entry = GptPartitionEntry.decode(entries, index * entryBytes)
    if (entry.PartitionTypeGUID.every((byte) => byte === 0)) continue
    partitions.push({
      number: index + 1,
      name: Buffer.from(entry.PartitionName).toString('utf16le').split('\0')[0]!,
      startByte: entry.StartingLBA * sectorBytes,
      endByte: (entry.EndingLBA + 1) * sectorBytes,
    })
  }
  return { kind: 'gpt', sectorBytes, header, entries, partitions }
}

/** CRC-32 over the header's HeaderSize bytes with HeaderCRC32 as zeros. */
function headerCrc(bytes: Uint8Array): number {
  const [at, size] = GptHeader.FIELDS.HeaderCRC32!
  const copy = bytes.slice()
  copy.fill(0, at, at + size)
  return crc32(copy)
}

/** A boot sector without partitions (a FAT over the whole card, say) is no table. */
function readMbr(sector: Uint8Array, sectorBytes: number): MbrTable | NoTable {
  if (Mbr.decode(sector).Signature !== BOOT_SIGNATURE) return { kind: 'none', partitions: [] }
  const partitions = []
  for (let index = 0; index < ENTRIES; index++) {
    const record = MbrPartitionRecord.decode(sector, MBR_ENTRIES_AT + index * MbrPartitionRecord.SIZE)
    if (record.BootIndicator !== 0 && record.BootIndicator !== ACTIVE) return { kind: 'none', partitions: [] }
    if (record.OSType === 0 || record.SizeInLBA === 0) continue
    partitions.push({
      number: index + 1,
      name: '',
      startByte: record.StartingLBA * sectorBytes,
      endByte: (record.StartingLBA + record.SizeInLBA) * sectorBytes,
      extended: record.OSType === TYPE_EXTENDED_CHS || record.OSType === TYPE_EXTENDED_LBA,
    })
  }
  return partitions.length === 0 ? { kind: 'none', partitions: [] } : { kind: 'mbr', partitions }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
