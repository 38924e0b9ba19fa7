/**
 * The end record of a zip, its zip64 records and where the central directory is. Readers look for the end record in different
 * ways (the last signature, the first that fits, the last 22 bytes), so there may be one only, and nothing that looks like
 * a record in its comment.  [APPNOTE 6.3.10 §4.3.14 to §4.3.16]
 */
import { fieldError } from '../../bytes/field-error.js'
import {
  CentralDirectoryHeader,
  EndOfCentralDirectory,
  OVERFLOW_16,
  OVERFLOW_32,
  SIGNATURE,
  Zip64EndOfCentralDirectory,
  Zip64EndOfCentralDirectoryLocator,
} from './disklayout.js'
import { ZIP64_END_RECORD_SIZE } from './encode-records.js'

/** A file that is read at places. */
export interface ZipBytes {
  /** For messages. */
  readonly name: string
  readonly sizeBytes: number
  /** `length` bytes at `offset`, valid until the next call. Throws FormatError where the file ends before. */
  read(offset: number, length: number, structure: string): Uint8Array
}

export interface ZipDirectory {
  readonly offset: number
  readonly sizeBytes: number
  readonly entries: number
  /** Of the end record. */
  readonly endOffset: number
}

/** Throws FormatError where the records are damaged or could be understood in two ways. */
export function findZipDirectory(file: ZipBytes): ZipDirectory {
  const endOffset = findEnd(file)
  const end = EndOfCentralDirectory.decode(file.read(endOffset, EndOfCentralDirectory.SIZE, 'zip end record'))
  const wide = findZip64(file, endOffset)
  const refuse = (field: string, found: number | string, expected: string): never => {
    throw fieldError(file.name, { structure: 'zip end record', offset: endOffset, field, found, expected })
  }
  const take = (field: keyof typeof end & keyof NonNullable<typeof wide>, overflow: number): number => {
    const value = end[field]
    if (wide === undefined) {
      if (value === overflow) refuse(field, value, 'a number that fits, or a zip64 record,')
      return value
    }
    if (value !== overflow && value !== wide[field]) refuse(field, value, `${wide[field]}, as the zip64 record says,`)
    return wide[field]
  }
  const disk = take('number_of_this_disk', OVERFLOW_16)
  if (disk !== 0) refuse('number_of_this_disk', disk, '0, an archive in one piece,')
  const startDisk = take('disk_with_central_directory', OVERFLOW_16)
  if (startDisk !== 0) refuse('disk_with_central_directory', startDisk, '0, an archive in one piece,')
  const entries = take('entries', OVERFLOW_16)
  const here = take('entries_on_this_disk', OVERFLOW_16)
  if (here !== entries) refuse('entries_on_this_disk', here, `${entries}, the number of all entries,`)
  const sizeBytes = take('size_of_central_directory', OVERFLOW_32)
  const offset = take('offset_of_central_directory', OVERFLOW_32)
  const directoryEnd = wide === undefined ? endOffset : wide.offset
  if (offset + sizeBytes !== directoryEnd) {
    refuse('the end of the directory', `byte ${offset + sizeBytes}`, `${directoryEnd}, where the next record begins,`)
  }
  if (entries * CentralDirectoryHeader.SIZE > sizeBytes) {
    refuse('entries', entries, `as many as fit ${sizeBytes} bytes`)
  }
  return { offset, sizeBytes, entries, endOffset }
}

interface Zip64Directory extends Omit<ReturnType<typeof Zip64EndOfCentralDirectory.decode>, 'signature'> {
  /** Of the record. */
  readonly offset: number
}

/** The zip64 record where there is a locator; some readers follow it even where no number needs it. */
function findZip64(file: ZipBytes, endOffset: number): Zip64Directory | undefined {
  const locatorAt = endOffset - Zip64EndOfCentralDirectoryLocator.SIZE
  if (locatorAt < 0) return undefined
  const structure = 'zip64 locator'
  const locator = decodeAt(file, Zip64EndOfCentralDirectoryLocator, locatorAt, structure)
  if (locator?.signature !== SIGNATURE.zip64EndOfCentralDirectoryLocator) return undefined
  const refuse = (field: string, found: number | string, expected: string): never => {
    throw fieldError(file.name, { structure, offset: locatorAt, field, found, expected })
  }
  const offset = locatorAt - Zip64EndOfCentralDirectory.SIZE
  if (locator.offset_of_zip64_end !== offset) {
    refuse('offset_of_zip64_end', locator.offset_of_zip64_end, `${offset}, right before it,`)
  }
  if (locator.disk_with_zip64_end !== 0) refuse('disk_with_zip64_end', locator.disk_with_zip64_end, '0')
  if (locator.number_of_disks > 1) refuse('number_of_disks', locator.number_of_disks, '1')
  const end = decodeAt(file, Zip64EndOfCentralDirectory, offset, 'zip64 end record')
  if (end?.signature !== SIGNATURE.zip64EndOfCentralDirectory) {
    return refuse('the zip64 end record', 'missing or damaged', 'one right before it')
  }
  if (end.size_of_record !== ZIP64_END_RECORD_SIZE)
    refuse('size_of_record', end.size_of_record, `${ZIP64_END_RECORD_SIZE}`)
  return { ...end, offset }
}

/** Undefined where a 64-bit number is too large to be a place. */
function decodeAt<V>(
  file: ZipBytes,
  record: { readonly SIZE: number; decode(bytes: Uint8Array): V },
  offset: number,
  structure: string,
): V | undefined {
  const bytes = file.read(offset, record.SIZE, structure)
  try {
    return record.decode(bytes)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** What all signatures of a zip begin with. */
const SIGNATURE_START = Buffer.from('PK')
const SIGNATURES = new Set<number>(Object.values(SIGNATURE))

function findEnd(file: ZipBytes): number {
  const tailBytes = Math.min(file.sizeBytes, EndOfCentralDirectory.SIZE + OVERFLOW_16)
  const tailAt = file.sizeBytes - tailBytes
  const tail = Buffer.from(file.read(tailAt, tailBytes, 'zip end record'))
  const refuse = (offset: number, field: string, found: number | string, expected: string): never => {
    throw fieldError(file.name, { structure: 'zip end record', offset, field, found, expected })
  }
  for (let at = tail.length - EndOfCentralDirectory.SIZE; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== SIGNATURE.endOfCentralDirectory) continue
    const { comment_length } = EndOfCentralDirectory.decode(tail, at)
    const end = at + EndOfCentralDirectory.SIZE + comment_length
    const offset = tailAt + at
    if (end !== tail.length) {
      const expected = `${tail.length - at - EndOfCentralDirectory.SIZE}, up to the end of the file,`
      refuse(offset, 'comment_length', comment_length, expected)
    }
    const inComment = recordWithin(tail.subarray(at + EndOfCentralDirectory.SIZE))
    if (inComment !== undefined) {
      refuse(offset, 'the comment', `a record of a zip at its byte ${inComment}`, 'text')
    }
    return offset
  }
  return refuse(file.sizeBytes, 'the end of central directory', 'missing', 'a whole archive')
}

/** The place of the first signature in `comment`. */
function recordWithin(comment: Buffer): number | undefined {
  for (let at = comment.indexOf(SIGNATURE_START); at >= 0; at = comment.indexOf(SIGNATURE_START, at + 1)) {
    if (at + 4 <= comment.length && SIGNATURES.has(comment.readUInt32LE(at))) return at
  }
  return undefined
}
