/** Reads cpio archives (newc) in place: an entry says where in the archive its data stands. */
import { alignUp } from '../../bytes/align.js'
import { type ByteString, byteStringFromBytes, displayName } from '../../bytes/text.js'
import { FormatError } from '../../errors.js'
import type { ArchiveFile } from '../archive-file.js'
import { CPIO_ALIGN_BYTES, CPIO_TRAILER, NEWC_CRC_MAGIC, NEWC_MAGIC, NewcHeader } from './disklayout.js'

export interface CpioEntry {
  readonly path: ByteString
  /** Entries of one archive with the same device and inode are names of one file, whose data stands with one of them. */
  readonly inode: string
  readonly linkCount: number
  /** As st_mode: type and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds, 0 to 2^32 − 1. */
  readonly mtime: number
  readonly major: number
  readonly minor: number
  readonly sizeBytes: number
  /** Byte in the archive. */
  readonly dataOffset: number
}

/** A stretch of a file that holds one archive. */
export interface CpioPlace {
  readonly archive: ArchiveFile
  readonly start: number
  readonly end: number
}

const MAGIC_BYTES = 6
/** [inode(7)] */
const S_IFMT = 0o170000
const S_IFREG = 0o100000

/** Whether what begins at `offset` begins as a cpio of this kind. */
export function beginsCpio(archive: ArchiveFile, offset: number): boolean {
  const magic = archive.read(offset, Math.min(MAGIC_BYTES, archive.sizeBytes - offset), 'the beginning')
  const text = byteStringFromBytes(magic)
  return text === NEWC_MAGIC || text === NEWC_CRC_MAGIC
}

/**
 * Where the archive that begins at `start` ends: behind its trailer. FormatError with the byte offset where a header is
 * wrong, or the file ends before the trailer.
 */
export function endOfCpio(archive: ArchiveFile, start: number): number {
  for (let offset = start; ; ) {
    const { path, nextOffset } = readEntry({ archive, start, end: archive.sizeBytes }, offset)
    if (path === CPIO_TRAILER) return Math.min(nextOffset, archive.sizeBytes)
    offset = nextOffset
  }
}

/**
 * Entries in the order of the archive, the trailer left out. `archive` is one archive, as `endOfCpio` finds it: several
 * that follow one another are as many. FormatError with the byte offset of what is wrong.
 */
export function* readCpio(place: CpioPlace): Generator<CpioEntry> {
  for (let offset = place.start; ; ) {
    const { entry, path, nextOffset } = readEntry(place, offset)
    if (path === CPIO_TRAILER) return
    yield entry()
    offset = nextOffset
  }
}

interface ReadEntry {
  readonly path: ByteString
  /** Decodes the rest; may throw FormatError. Call it before the next read. */
  readonly entry: () => CpioEntry
  readonly nextOffset: number
}

function readEntry({ archive, start, end }: CpioPlace, offset: number): ReadEntry {
  if (offset >= end) {
    throw new FormatError(
      `Cannot read the cpio header at byte ${offset}: the archive ends at ${end} without ${CPIO_TRAILER}`,
      { details: { offset } },
    )
  }
  const header = NewcHeader.decode(archive.read(offset, NewcHeader.SIZE, 'a cpio header'))
  const magic = byteStringFromBytes(header.c_magic)
  if (magic !== NEWC_MAGIC && magic !== NEWC_CRC_MAGIC) {
    throw new FormatError(
      `Cannot read the cpio header at byte ${offset}: c_magic is "${displayName(magic)}", accepted are "${NEWC_MAGIC}" and "${NEWC_CRC_MAGIC}"`,
    )
  }
  const number = (field: keyof NewcHeader): number => {
    const text = byteStringFromBytes(header[field])
    if (!/^[0-9a-fA-F]{8}$/.test(text)) {
      throw new FormatError(
        `Cannot read ${field} of the cpio header at byte ${offset}: it is "${displayName(text)}", eight hexadecimal digits are accepted`,
      )
    }
    return Number.parseInt(text, 16)
  }
  const nameOffset = offset + NewcHeader.SIZE
  const nameBytes = number('c_namesize')
  // The name's last byte is its NUL; kernels' `-a` option pads with more of them.
  const name = archive.read(nameOffset, nameBytes, 'a name')
  const nameEnd = name.indexOf(0)
  const path = byteStringFromBytes(nameEnd === -1 ? name : name.subarray(0, nameEnd))
  const sizeBytes = number('c_filesize')
  const aligned = (at: number): number => start + alignUp(at - start, CPIO_ALIGN_BYTES)
  const dataOffset = aligned(nameOffset + nameBytes)
  const dataEnd = dataOffset + sizeBytes
  if (dataEnd > archive.sizeBytes && path !== CPIO_TRAILER) {
    throw new FormatError(
      `Cannot read "${displayName(path)}" at byte ${offset}: its data ends at ${dataEnd}, the archive at ${archive.sizeBytes}`,
      { details: { offset, expected: dataEnd, found: archive.sizeBytes } },
    )
  }
  const entry = (): CpioEntry => {
    // Before the sum: what is read for it takes the place of the header.
    const made = cpioEntry()
    const expected = number('c_chksum')
    const isSummed = magic === NEWC_CRC_MAGIC && (made.mode & S_IFMT) === S_IFREG
    if (isSummed) checkSum(archive, { path, dataOffset, sizeBytes, expected })
    return made
  }
  const cpioEntry = (): CpioEntry => ({
    path,
    inode: `${number('c_maj')}:${number('c_min')}:${number('c_ino')}`,
    linkCount: number('c_nlink'),
    mode: number('c_mode'),
    uid: number('c_uid'),
    gid: number('c_gid'),
    mtime: number('c_mtime'),
    major: number('c_rmaj'),
    minor: number('c_rmin'),
    sizeBytes,
    dataOffset,
  })
  return { path, entry, nextOffset: aligned(dataEnd) }
}

const CHUNK_BYTES = 1 << 20

interface SummedData {
  readonly path: ByteString
  readonly dataOffset: number
  readonly sizeBytes: number
  readonly expected: number
}

/**
 * FormatError where the bytes of the data, added up modulo 2^32, are not what the header says. A name of a hard-linked file
 * that stands without its data may have the sum of the data all the same, or 0, so empty data is not checked.
 */
function checkSum(archive: ArchiveFile, { path, dataOffset, sizeBytes, expected }: SummedData): void {
  if (sizeBytes === 0) return
  let sum = 0
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    const part = archive.read(dataOffset + at, Math.min(CHUNK_BYTES, sizeBytes - at), 'the data of an entry')
    let ofPart = 0
    for (let index = 0; index < part.length; index++) ofPart += part[index]!
    sum = (sum + ofPart) % 2 ** 32
  }
  if (sum === expected) return
  const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`
  throw new FormatError(
    `Cannot read "${displayName(path)}" at byte ${dataOffset}: its bytes add up to ${hex(sum)}, c_chksum is ${hex(expected)}`,
    { details: { offset: dataOffset, expected, found: sum } },
  )
}
