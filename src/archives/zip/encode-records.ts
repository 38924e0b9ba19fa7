/**
 * The records of a zip archive exactly as this program writes them. The writer puts them down; the strict reader encodes them
 * again from what it has read and compares the bytes, so that nothing in a bundle but its content is free.
 * [APPNOTE 6.3.10 §4.3, §4.5.3]
 */
import { concatBytes } from '../../bytes/concat.js'
import { type Struct, u64le } from '../../bytes/struct.js'
import {
  CentralDirectoryHeader,
  EndOfCentralDirectory,
  ExtraFieldHeader,
  LocalFileHeader,
  OVERFLOW_16,
  OVERFLOW_32,
  SIGNATURE,
  ZIP64_EXTRA_ID,
  Zip64EndOfCentralDirectory,
  Zip64EndOfCentralDirectoryLocator,
} from './disklayout.js'
import type { DosTime } from './dos-time.js'

/** All that varies in the headers of an entry. */
export interface EntryRecord {
  readonly nameBytes: Uint8Array
  /** Of the content, before compression. */
  readonly sizeBytes: number
  readonly compressedSize: number
  readonly crc32: number
  /** Where the local header begins. */
  readonly headerOffset: number
  readonly modified: DosTime
}

const VERSION_DEFLATE = 20
const VERSION_ZIP64 = 45
/** Upper byte 3: Unix, so that the external attributes hold a mode. */
const VERSION_MADE_BY = (3 << 8) | VERSION_ZIP64
const METHOD_DEFLATE = 8
/** Bit 11: the name is UTF-8. */
const FLAG_UTF8 = 1 << 11
/** A regular file, 0644: Etcher and others hand this mode on to what they unpack. */
const EXTERNAL_ATTRIBUTES = 0o100644 * 0x10000

/**
 * Whether the local header has a zip64 record. Deflate never grows content by more than 5 bytes per stored block of at least
 * 16 KiB and a little per flush: one thousandth is generous. An entry that could so pass 4 GiB gets one, for its packed size
 * is not known beforehand.
 */
function couldOverflow(sizeBytes: number): boolean {
  return sizeBytes + Math.ceil(sizeBytes / 1000) + 1024 >= OVERFLOW_32
}

export function encodeLocalHeader(entry: EntryRecord): Uint8Array {
  const isWide = couldOverflow(entry.sizeBytes)
  // A local header with zip64 holds both sizes, whichever of them overflows. [APPNOTE §4.5.3]
  const extra = zip64Extra(isWide ? [entry.sizeBytes, entry.compressedSize] : [])
  const header = LocalFileHeader.encode({
    signature: SIGNATURE.localFileHeader,
    version_needed: isWide ? VERSION_ZIP64 : VERSION_DEFLATE,
    general_purpose_flags: FLAG_UTF8,
    compression_method: METHOD_DEFLATE,
    last_mod_time: entry.modified.time,
    last_mod_date: entry.modified.date,
    crc_32: entry.crc32,
    compressed_size: isWide ? OVERFLOW_32 : entry.compressedSize,
    uncompressed_size: isWide ? OVERFLOW_32 : entry.sizeBytes,
    file_name_length: entry.nameBytes.length,
    extra_field_length: extra.length,
  })
  return concatBytes([header, entry.nameBytes, extra])
}

export function encodeCentralHeader(entry: EntryRecord): Uint8Array {
  const numbers = [entry.sizeBytes, entry.compressedSize, entry.headerOffset]
  const extra = zip64Extra(numbers.filter(overflows32))
  const isWide = couldOverflow(entry.sizeBytes) || extra.length > 0
  const header = CentralDirectoryHeader.encode({
    signature: SIGNATURE.centralDirectoryHeader,
    version_made_by: VERSION_MADE_BY,
    version_needed: isWide ? VERSION_ZIP64 : VERSION_DEFLATE,
    general_purpose_flags: FLAG_UTF8,
    compression_method: METHOD_DEFLATE,
    last_mod_time: entry.modified.time,
    last_mod_date: entry.modified.date,
    crc_32: entry.crc32,
    compressed_size: Math.min(entry.compressedSize, OVERFLOW_32),
    uncompressed_size: Math.min(entry.sizeBytes, OVERFLOW_32),
    file_name_length: entry.nameBytes.length,
    extra_field_length: extra.length,
    file_comment_length: 0,
    disk_number_start: 0,
    internal_file_attributes: 0,
    external_file_attributes: EXTERNAL_ATTRIBUTES,
    relative_offset_of_local_header: Math.min(entry.headerOffset, OVERFLOW_32),
  })
  return concatBytes([header, entry.nameBytes, extra])
}

/** The names and places of a record's fields, without its type. */
export type RecordLayout = Pick<Struct<unknown>, 'name' | 'SIZE' | 'FIELDS'>

/** A record of the archive's end, and its layout, by which it is compared. */
export interface EndRecord {
  readonly layout: RecordLayout
  readonly bytes: Uint8Array
}

/** What follows the central directory, in order: one record, or three where a number needs zip64. */
export function encodeEnd(entries: number, offset: number, size: number): EndRecord[] {
  const end = EndOfCentralDirectory.encode({
    signature: SIGNATURE.endOfCentralDirectory,
    number_of_this_disk: 0,
    disk_with_central_directory: 0,
    entries_on_this_disk: Math.min(entries, OVERFLOW_16),
    entries: Math.min(entries, OVERFLOW_16),
    size_of_central_directory: Math.min(size, OVERFLOW_32),
    offset_of_central_directory: Math.min(offset, OVERFLOW_32),
    comment_length: 0,
  })
  const last = { layout: EndOfCentralDirectory, bytes: end }
  if (entries < OVERFLOW_16 && !overflows32(size) && !overflows32(offset)) return [last]
  const zip64End = Zip64EndOfCentralDirectory.encode({
    signature: SIGNATURE.zip64EndOfCentralDirectory,
    size_of_record: ZIP64_END_RECORD_SIZE,
    version_made_by: VERSION_MADE_BY,
    version_needed: VERSION_ZIP64,
    number_of_this_disk: 0,
    disk_with_central_directory: 0,
    entries_on_this_disk: entries,
    entries,
    size_of_central_directory: size,
    offset_of_central_directory: offset,
  })
  const locator = Zip64EndOfCentralDirectoryLocator.encode({
    signature: SIGNATURE.zip64EndOfCentralDirectoryLocator,
    disk_with_zip64_end: 0,
    offset_of_zip64_end: offset + size,
    number_of_disks: 1,
  })
  return [
    { layout: Zip64EndOfCentralDirectory, bytes: zip64End },
    { layout: Zip64EndOfCentralDirectoryLocator, bytes: locator },
    last,
  ]
}

/** `size_of_record` counts what follows that field. */
export const ZIP64_END_RECORD_SIZE =
  Zip64EndOfCentralDirectory.SIZE - Zip64EndOfCentralDirectory.FIELDS.version_made_by![0]

/** A zip64 extra with these values, in the order that the specification gives; nothing without values. */
function zip64Extra(values: readonly number[]): Uint8Array {
  if (values.length === 0) return new Uint8Array(0)
  const extra = new Uint8Array(ExtraFieldHeader.SIZE + values.length * u64le.size)
  ExtraFieldHeader.encodeInto(extra, 0, { header_id: ZIP64_EXTRA_ID, data_size: values.length * u64le.size })
  const view = new DataView(extra.buffer)
  values.forEach((value, index) => {
    u64le.write(view, ExtraFieldHeader.SIZE + index * u64le.size, value)
  })
  return extra
}

function overflows32(value: number): boolean {
  return value >= OVERFLOW_32
}
