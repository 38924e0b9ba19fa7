/** The central directory of a zip, zip64 included, every number bounded by the file.  [APPNOTE 6.3.10 §4.3, §4.5.3] */
import {
  CentralDirectoryHeader,
  EndOfCentralDirectory,
  OVERFLOW_16,
  OVERFLOW_32,
  SIGNATURE,
  Zip64EndOfCentralDirectory,
  Zip64EndOfCentralDirectoryLocator,
} from '../archives/zip/disklayout.js'
import { zip64Values } from '../archives/zip/zip64-extra.js'
import { fieldError } from '../bytes/field-error.js'
import type { ImageFile } from './image-file.js'

export interface ZipDirectoryEntry {
  readonly name: string
  readonly method: number
  readonly flags: number
  readonly crc32: number
  readonly compressedSize: number
  readonly uncompressedSize: number
  readonly headerOffset: number
  /** Of its central header. */
  readonly offset: number
}

interface Directory {
  readonly offset: number
  readonly sizeBytes: number
  readonly entries: number
}

/** All entries in the order of the directory. FormatError where it does not add up. */
export function readZipDirectory(file: ImageFile): ZipDirectoryEntry[] {
  const directory = findDirectory(file)
  const end = directory.offset + directory.sizeBytes
  const entries: ZipDirectoryEntry[] = []
  let at = directory.offset
  for (let index = 0; index < directory.entries; index++) {
    const header = file.decode(CentralDirectoryHeader, at)
    const structure = `zip central header ${index}`
    if (header.signature !== SIGNATURE.centralDirectoryHeader) {
      throw fieldError(file.name, {
        structure,
        offset: at,
        field: 'signature',
        found: `0x${header.signature.toString(16)}`,
        expected: `0x${SIGNATURE.centralDirectoryHeader.toString(16).padStart(8, '0')}`,
      })
    }
    const tailBytes = header.file_name_length + header.extra_field_length + header.file_comment_length
    const next = at + CentralDirectoryHeader.SIZE + tailBytes
    if (next > end) {
      throw fieldError(file.name, {
        structure,
        offset: at,
        field: 'the end of its names',
        found: `byte ${next}`,
        expected: `at most ${end}, the directory's end,`,
      })
    }
    const tail = file.read(at + CentralDirectoryHeader.SIZE, tailBytes, structure)
    const name = Buffer.from(tail.subarray(0, header.file_name_length)).toString('utf8')
    const extra = tail.subarray(header.file_name_length, header.file_name_length + header.extra_field_length)
    const sizes = zip64Values(extra, [
      header.uncompressed_size,
      header.compressed_size,
      header.relative_offset_of_local_header,
    ])
    if (sizes === undefined) {
      throw fieldError(file.name, {
        structure,
        offset: at,
        field: 'the zip64 extra field',
        found: 'missing or cut',
        expected: 'one with all sizes that do not fit 32 bits',
      })
    }
    const [uncompressedSize, compressedSize, headerOffset] = sizes as [number, number, number]
    entries.push({
      name,
      method: header.compression_method,
      flags: header.general_purpose_flags,
      crc32: header.crc_32,
      compressedSize,
      uncompressedSize,
      headerOffset,
      offset: at,
    })
    at = next
  }
  return entries
}

function findDirectory(file: ImageFile): Directory {
  const at = findEnd(file)
  const end = file.decode(EndOfCentralDirectory, at)
  const isWide =
    end.entries === OVERFLOW_16 ||
    end.size_of_central_directory === OVERFLOW_32 ||
    end.offset_of_central_directory === OVERFLOW_32
  const directory = isWide
    ? findZip64Directory(file, at)
    : {
        offset: end.offset_of_central_directory,
        sizeBytes: end.size_of_central_directory,
        entries: end.entries,
      }
  if (end.number_of_this_disk !== 0 && end.number_of_this_disk !== OVERFLOW_16) {
    throw endError(file, at, 'number_of_this_disk', end.number_of_this_disk, '0, an archive in one piece,')
  }
  if (directory.offset + directory.sizeBytes > at) {
    throw endError(file, at, 'the directory', `at byte ${directory.offset}`, `an end at or before byte ${at}`)
  }
  if (directory.entries * CentralDirectoryHeader.SIZE > directory.sizeBytes) {
    throw endError(file, at, 'entries', directory.entries, `as many as fit ${directory.sizeBytes} bytes`)
  }
  return directory
}

function findZip64Directory(file: ImageFile, endAt: number): Directory {
  const locatorAt = endAt - Zip64EndOfCentralDirectoryLocator.SIZE
  if (locatorAt < 0) throw endError(file, endAt, 'the zip64 locator', 'missing', 'one before it')
  const locator = file.decode(Zip64EndOfCentralDirectoryLocator, locatorAt)
  if (locator.signature !== SIGNATURE.zip64EndOfCentralDirectoryLocator) {
    throw endError(file, locatorAt, 'the zip64 locator', `0x${locator.signature.toString(16)}`, 'its signature')
  }
  const wide = file.decode(Zip64EndOfCentralDirectory, locator.offset_of_zip64_end)
  if (wide.signature !== SIGNATURE.zip64EndOfCentralDirectory) {
    const found = `0x${wide.signature.toString(16)}`
    throw endError(file, locator.offset_of_zip64_end, 'the zip64 end record', found, 'its signature')
  }
  return {
    offset: wide.offset_of_central_directory,
    sizeBytes: wide.size_of_central_directory,
    entries: wide.entries,
  }
}

/** The end record: the last one whose comment reaches exactly to the end of the file. */
function findEnd(file: ImageFile): number {
  const tailBytes = Math.min(file.sizeBytes, EndOfCentralDirectory.SIZE + OVERFLOW_16)
  const tail = file.read(file.sizeBytes - tailBytes, tailBytes, 'zip end record')
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length)
  for (let at = tail.length - EndOfCentralDirectory.SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== SIGNATURE.endOfCentralDirectory) continue
    const { comment_length } = EndOfCentralDirectory.decode(tail, at)
    if (at + EndOfCentralDirectory.SIZE + comment_length === tail.length) return file.sizeBytes - tailBytes + at
  }
  throw endError(file, file.sizeBytes, 'the end of central directory', 'missing', 'a whole archive')
}

function endError(file: ImageFile, offset: number, field: string, found: number | string, expected: string): Error {
  return fieldError(file.name, { structure: 'zip end record', offset, field, found, expected })
}
