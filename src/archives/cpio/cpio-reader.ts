/** Reads cpio archives (newc) in place: an entry says where in the archive its data stands. */
import { alignUp } from '../../bytes/align.js'
import { type ByteString, byteStringFromBytes, displayName } from '../../bytes/text.js'
import { FormatError } from '../../errors.js'
import type { ArchiveFile } from '../archive-file.js'
import { CPIO_ALIGN_BYTES, CPIO_TRAILER, NEWC_CRC_MAGIC, NEWC_MAGIC, NewcHeader } from './disklayout.js'

export interface CpioEntry {
  readonly path: ByteString
  /** Entries with the same device and inode are names of one file, whose data stands with one of them. */
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

/**
 * Entries in the order of the archive, trailers left out. Several archives may follow one another with zeros between, as
 * the kernel takes them; inode numbers count in each for itself. FormatError with the byte offset of what is wrong.
 */
export function* readCpio(archive: ArchiveFile): Generator<CpioEntry> {
  let part = 0
  for (let offset = 0; offset < archive.sizeBytes; ) {
    if (archive.read(offset, 1, 'a cpio header')[0] === 0) {
      offset++
      continue
    }
    const entry = readEntry(archive, offset, part)
    const dataEnd = entry.dataOffset + entry.sizeBytes
    if (dataEnd > archive.sizeBytes) {
      throw new FormatError(
        `Cannot read "${displayName(entry.path)}" at byte ${offset}: its data ends at ${dataEnd}, the archive at ${archive.sizeBytes}`,
      )
    }
    if (entry.path === CPIO_TRAILER) part++
    else yield entry
    offset = alignUp(dataEnd, CPIO_ALIGN_BYTES)
    if (offset >= archive.sizeBytes && entry.path !== CPIO_TRAILER) {
      throw new FormatError(
        `Cannot read the cpio header at byte ${offset}: the archive ends at ${archive.sizeBytes} without ${CPIO_TRAILER}`,
      )
    }
  }
}

function readEntry(archive: ArchiveFile, offset: number, part: number): CpioEntry {
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
  const end = name.indexOf(0)
  return {
    path: byteStringFromBytes(end === -1 ? name : name.subarray(0, end)),
    inode: `${part}:${number('c_maj')}:${number('c_min')}:${number('c_ino')}`,
    linkCount: number('c_nlink'),
    mode: number('c_mode'),
    uid: number('c_uid'),
    gid: number('c_gid'),
    mtime: number('c_mtime'),
    major: number('c_rmaj'),
    minor: number('c_rmin'),
    sizeBytes: number('c_filesize'),
    dataOffset: alignUp(nameOffset + nameBytes, CPIO_ALIGN_BYTES),
  }
}
