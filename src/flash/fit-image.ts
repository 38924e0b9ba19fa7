/**
 * An image for a disk of N bytes as one for a device of M ≥ N: the backup GPT at the device's end, where UEFI wants it, and
 * on request the last partition up to there. Pure: nothing is read but the table, which is handed in.  [UEFI 2.10 §5.3]
 */
import { alignDown, alignUp, divideExactly } from '../bytes/align.js'
import { crc32 } from '../bytes/crc32.js'
import { FormatError, invariant } from '../errors.js'
import { extentsWithin, overlayImages } from '../image/compose.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { GptHeader, GptPartitionEntry } from '../tables/gpt/disklayout.js'
import { MIN_ARRAY_BYTES } from '../tables/gpt/geometry.js'
import { encodeChs } from '../tables/mbr/chs.js'
import { Mbr, MbrPartitionRecord, TYPE_GPT_PROTECTIVE } from '../tables/mbr/disklayout.js'
import { MAX_LBA } from '../tables/mbr/writer.js'
import type { GptTable, ImageTable, MbrTable, PartitionPlace, ReadBytes } from './image-table.js'

export interface DeviceGeometry {
  readonly sizeBytes: number
  readonly sectorBytes: number
}

export interface FitOptions {
  /** The last partition of the table takes what is left of the device. */
  readonly grow: boolean
}

export interface FittedImage {
  /** As large as the device. */
  readonly image: DiskImage
  /** The backup GPT stands elsewhere than in the image. */
  readonly backupMoved: boolean
  /** The last partition with its new end, where it has grown. */
  readonly grown: PartitionPlace | undefined
}

/** Partitions end on a page: half a block of a file system at the end serves nobody. */
const GROWN_END_ALIGN_BYTES = 4096

/**
 * `read` reads `image`, `table` is its table. FormatError when the sectors of table and device differ or the last partition
 * cannot grow. `image` fits: refusing a small device is the caller's part.
 */
export function fitImage(
  image: DiskImage,
  table: ImageTable,
  read: ReadBytes,
  device: DeviceGeometry,
  { grow }: FitOptions,
): FittedImage {
  invariant(image.sizeBytes <= device.sizeBytes, 'the image fits the device')
  if (table.kind === 'gpt') {
    assertSectors(table, device)
    const isPlaced = (table.header.AlternateLBA + 1) * device.sectorBytes === device.sizeBytes
    if (!isPlaced || grow) return { ...moveBackup(image, table, read, device, grow), backupMoved: !isPlaced }
  }
  const resized: DiskImage = { sizeBytes: device.sizeBytes, extents: image.extents }
  const unchanged = { image: resized, backupMoved: false, grown: undefined }
  if (!grow || table.kind === 'gpt') return unchanged
  if (table.kind === 'none') throw new FormatError('Cannot grow the last partition: the image has no partition table')
  return growMbr(resized, table, read, device)
}

function assertSectors({ sectorBytes }: GptTable, device: DeviceGeometry): void {
  if (sectorBytes === device.sectorBytes) return
  throw new FormatError(
    `Cannot flash the image: its GPT is for sectors of ${sectorBytes} bytes, the device has sectors of ${device.sectorBytes}`,
    { hint: `Build it with "sector_size: ${device.sectorBytes}".` },
  )
}

function moveBackup(
  image: DiskImage,
  table: GptTable,
  read: ReadBytes,
  device: DeviceGeometry,
  grow: boolean,
): Omit<FittedImage, 'backupMoved'> {
  const { sectorBytes, header } = table
  const arrayBytes = alignUp(Math.max(table.entries.length, MIN_ARRAY_BYTES), sectorBytes)
  const backupLba = divideExactly(alignDown(device.sizeBytes, sectorBytes), sectorBytes) - 1
  const backupArrayLba = backupLba - arrayBytes / sectorBytes
  const usableEndByte = backupArrayLba * sectorBytes
  const grown = grow ? grownPlace(table.partitions, usableEndByte) : undefined
  const entries = grown === undefined ? table.entries : withEnd(table, grown)
  const primary: GptHeader = {
    ...header,
    AlternateLBA: backupLba,
    LastUsableLBA: backupArrayLba - 1,
    PartitionEntryArrayCRC32: crc32(entries),
  }
  const backup: GptHeader = {
    ...primary,
    MyLBA: backupLba,
    AlternateLBA: header.MyLBA,
    PartitionEntryLBA: backupArrayLba,
  }
  const array = new Uint8Array(arrayBytes)
  array.set(entries)
  const upper = new ImageBuilder(device.sizeBytes)
    .bytes(0, withProtectiveSize(read(0, sectorBytes), header.AlternateLBA, backupLba))
    .bytes(header.MyLBA * sectorBytes, headerSector(primary, read(header.MyLBA * sectorBytes, sectorBytes)))
    .bytes(header.PartitionEntryLBA * sectorBytes, entries)
    .bytes(usableEndByte, array)
    .bytes(backupLba * sectorBytes, headerSector(backup, new Uint8Array(sectorBytes)))
    .finish()
  const lower = withoutStretch(image, device.sizeBytes, oldBackup(table))
  return { image: overlayImages(lower, upper), grown }
}

/** Where the image had its backup: nobody looks there any more, and a grown partition may. */
function oldBackup({ header, sectorBytes }: GptTable): readonly [start: number, end: number] {
  return [(header.LastUsableLBA + 1) * sectorBytes, (header.AlternateLBA + 1) * sectorBytes]
}

function withoutStretch(image: DiskImage, sizeBytes: number, [start, end]: readonly [number, number]): DiskImage {
  const builder = new ImageBuilder(sizeBytes)
  for (const extent of extentsWithin(image, 0, start)) builder.extent(0, extent)
  for (const extent of extentsWithin(image, end, image.sizeBytes)) builder.extent(0, extent)
  return builder.finish()
}

/** A whole sector: what follows the record in `old` stays. HeaderCRC32 covers HeaderSize bytes with itself as zeros. */
function headerSector(header: GptHeader, old: Uint8Array): Uint8Array {
  const sector = old.slice()
  GptHeader.encodeInto(sector, 0, { ...header, HeaderCRC32: 0 })
  const HeaderCRC32 = crc32(sector.subarray(0, header.HeaderSize))
  GptHeader.encodeInto(sector, 0, { ...header, HeaderCRC32 })
  return sector
}

/** Sector 0 with the protective record over the whole device. A hybrid one, which says something else, stays as it is. */
function withProtectiveSize(sector: Uint8Array, oldLastLba: number, lastLba: number): Uint8Array {
  const [at] = Mbr.FIELDS.PartitionRecord!
  const record = MbrPartitionRecord.decode(sector, at)
  const isWhole = record.StartingLBA === 1 && record.SizeInLBA === Math.min(oldLastLba, MAX_LBA)
  if (record.OSType !== TYPE_GPT_PROTECTIVE || !isWhole) return sector
  const result = sector.slice()
  MbrPartitionRecord.encodeInto(result, at, { ...record, SizeInLBA: Math.min(lastLba, MAX_LBA) })
  return result
}

function withEnd({ entries, header, sectorBytes }: GptTable, { number, endByte }: PartitionPlace): Uint8Array {
  const at = (number! - 1) * header.SizeOfPartitionEntry
  const result = entries.slice()
  const entry = GptPartitionEntry.decode(result, at)
  GptPartitionEntry.encodeInto(result, at, { ...entry, EndingLBA: divideExactly(endByte, sectorBytes) - 1 })
  return result
}

/** The partition that ends last, up to `usableEndByte`; undefined when it reaches that far already. */
function grownPlace<P extends PartitionPlace>(partitions: readonly P[], usableEndByte: number): P | undefined {
  const last = lastOf(partitions)
  if (last === undefined) throw new FormatError('Cannot grow the last partition: the table has none')
  const endByte = alignDown(usableEndByte, GROWN_END_ALIGN_BYTES)
  return endByte > last.endByte ? { ...last, endByte } : undefined
}

export function lastOf<P extends PartitionPlace>(partitions: readonly P[]): P | undefined {
  return partitions.toSorted((a, b) => a.endByte - b.endByte).at(-1)
}

function growMbr(image: DiskImage, table: MbrTable, read: ReadBytes, device: DeviceGeometry): FittedImage {
  const { sectorBytes } = device
  const grown = grownPlace(table.partitions, Math.min(device.sizeBytes, (MAX_LBA + 1) * sectorBytes))
  if (grown === undefined) return { image, backupMoved: false, grown }
  if (grown.extended) {
    throw new FormatError('Cannot grow the last partition: it is a logical one of an MBR', {
      hint: 'Flash the config instead of the image: the disk is then planned for the device.',
    })
  }
  const sector = read(0, sectorBytes)
  const [tableAt] = Mbr.FIELDS.PartitionRecord!
  const at = tableAt + (grown.number! - 1) * MbrPartitionRecord.SIZE
  const record = MbrPartitionRecord.decode(sector, at)
  const endLba = divideExactly(grown.endByte, sectorBytes)
  MbrPartitionRecord.encodeInto(sector, at, {
    ...record,
    SizeInLBA: endLba - record.StartingLBA,
    EndingCHS: encodeChs(endLba - 1),
  })
  const upper = new ImageBuilder(image.sizeBytes).bytes(0, sector).finish()
  return { image: overlayImages(image, upper), backupMoved: false, grown }
}
