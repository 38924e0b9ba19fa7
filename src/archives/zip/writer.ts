/**
 * A zip archive written front to back into something that can seek: sizes and CRC go into each local header once they are
 * known, so there is no data descriptor and streaming readers (funzip, bmaptool) are served.
 * zip64 records appear only where a number needs them: funzip ends with status 4 on any of them.
 */
import { concatBytes } from '../../bytes/concat.js'
import { u64le } from '../../bytes/struct.js'
import { invariant } from '../../errors.js'
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
import { encodeDosTime } from './dos-time.js'

export interface RandomAccessOutput {
  /** `pieces` stand end to end. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
}

export interface ZipEntryOptions {
  /** Path inside the archive, with `/`. */
  readonly name: string
  /** Of the content, before compression. */
  readonly sizeBytes: number
  /** Seconds since 1970; clamped to 1980–2107. */
  readonly modifiedSeconds: number
}

interface Entry extends ZipEntryOptions {
  readonly nameBytes: Uint8Array
  readonly headerOffset: number
  readonly zip64: boolean
  crc32: number
  compressedSize: number
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
 * Deflate never grows content by more than 5 bytes per stored block of at least 16 KiB and a little per flush: one
 * thousandth is generous. An entry that could so pass 4 GiB gets a zip64 header, for its size is not known beforehand.
 */
function couldOverflow(sizeBytes: number): boolean {
  return sizeBytes + Math.ceil(sizeBytes / 1000) + 1024 >= OVERFLOW_32
}

export class ZipWriter {
  readonly #output: RandomAccessOutput
  readonly #entries: Entry[] = []
  #position = 0
  #current: Entry | undefined

  constructor(output: RandomAccessOutput) {
    this.#output = output
  }

  /** Begins an entry; its deflated content follows in `write` calls. */
  async beginEntry(options: ZipEntryOptions): Promise<void> {
    invariant(this.#current === undefined, 'zip entry begun inside another')
    const nameBytes = new TextEncoder().encode(options.name)
    invariant(nameBytes.length <= OVERFLOW_16, `zip name of ${nameBytes.length} bytes`)
    const zip64 = couldOverflow(options.sizeBytes)
    this.#current = { ...options, nameBytes, headerOffset: this.#position, zip64, crc32: 0, compressedSize: 0 }
    await this.#append(encodeLocalHeader(this.#current))
  }

  /** Deflated content, in pieces that stand end to end. */
  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    invariant(this.#current !== undefined, 'zip content outside an entry')
    const start = this.#position
    await this.#append(...pieces)
    this.#current.compressedSize += this.#position - start
  }

  /** Ends the entry, whose content had this CRC-32, and completes its header. */
  async endEntry(crc32: number): Promise<void> {
    const entry = this.#current
    invariant(entry !== undefined, 'zip entry ended twice')
    entry.crc32 = crc32
    await this.#output.write([encodeLocalHeader(entry)], entry.headerOffset)
    this.#entries.push(entry)
    this.#current = undefined
  }

  /** Writes the central directory and gives the size of the archive in bytes. */
  async finish(): Promise<number> {
    invariant(this.#current === undefined, 'zip finished inside an entry')
    const offset = this.#position
    for (const entry of this.#entries) await this.#append(encodeCentralHeader(entry))
    await this.#append(encodeEnd(this.#entries.length, offset, this.#position - offset))
    return this.#position
  }

  async #append(...pieces: readonly Uint8Array[]): Promise<void> {
    await this.#output.write(pieces, this.#position)
    for (const { length } of pieces) this.#position += length
  }
}

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

function encodeLocalHeader(entry: Entry): Uint8Array {
  // A local header with zip64 holds both sizes, whichever of them overflows. [APPNOTE §4.5.3]
  const extra = zip64Extra(entry.zip64 ? [entry.sizeBytes, entry.compressedSize] : [])
  const { date, time } = encodeDosTime(entry.modifiedSeconds)
  const header = LocalFileHeader.encode({
    signature: SIGNATURE.localFileHeader,
    version_needed: entry.zip64 ? VERSION_ZIP64 : VERSION_DEFLATE,
    general_purpose_flags: FLAG_UTF8,
    compression_method: METHOD_DEFLATE,
    last_mod_time: time,
    last_mod_date: date,
    crc_32: entry.crc32,
    compressed_size: entry.zip64 ? OVERFLOW_32 : entry.compressedSize,
    uncompressed_size: entry.zip64 ? OVERFLOW_32 : entry.sizeBytes,
    file_name_length: entry.nameBytes.length,
    extra_field_length: extra.length,
  })
  return concatBytes([header, entry.nameBytes, extra])
}

function encodeCentralHeader(entry: Entry): Uint8Array {
  const { date, time } = encodeDosTime(entry.modifiedSeconds)
  const numbers = [entry.sizeBytes, entry.compressedSize, entry.headerOffset]
  const extra = zip64Extra(numbers.filter(overflows32))
  const header = CentralDirectoryHeader.encode({
    signature: SIGNATURE.centralDirectoryHeader,
    version_made_by: VERSION_MADE_BY,
    version_needed: entry.zip64 || extra.length > 0 ? VERSION_ZIP64 : VERSION_DEFLATE,
    general_purpose_flags: FLAG_UTF8,
    compression_method: METHOD_DEFLATE,
    last_mod_time: time,
    last_mod_date: date,
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

function encodeEnd(entries: number, offset: number, size: number): Uint8Array {
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
  if (entries < OVERFLOW_16 && !overflows32(size) && !overflows32(offset)) return end
  const zip64End = Zip64EndOfCentralDirectory.encode({
    signature: SIGNATURE.zip64EndOfCentralDirectory,
    size_of_record: Zip64EndOfCentralDirectory.SIZE - Zip64EndOfCentralDirectory.FIELDS.version_made_by![0],
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
  return concatBytes([zip64End, locator, end])
}

function overflows32(value: number): boolean {
  return value >= OVERFLOW_32
}
