/** Zips with one thing in them that the writer does not write: an archive is taken apart, changed, and put together again. */
import { deflateRawSync } from 'node:zlib'
import {
  CentralDirectoryHeader,
  EndOfCentralDirectory,
  LocalFileHeader,
  Zip64EndOfCentralDirectory,
  Zip64EndOfCentralDirectoryLocator,
} from '../../src/archives/zip/disklayout.js'
import { encodeCentralHeader, encodeLocalHeader } from '../../src/archives/zip/encode-records.js'
import { crc32 } from '../../src/bytes/crc32.js'

export interface ForgedEntry {
  local: LocalFileHeader
  localName: Buffer
  localExtra: Buffer
  packed: Buffer
  /** What follows the content: a data descriptor. */
  after: Buffer
  /** Undefined: the directory does not list it. */
  central: ReturnType<typeof CentralDirectoryHeader.decode> | undefined
  centralName: Buffer
  centralExtra: Buffer
  centralComment: Buffer
  /** Whether there is a local entry at all. */
  hasLocal: boolean
}

export interface ForgedZip {
  before: Buffer
  entries: ForgedEntry[]
  beforeDirectory: Buffer
  /** Between the directory and the end record. */
  beforeEnd: Buffer
  end: Partial<ReturnType<typeof EndOfCentralDirectory.decode>>
  comment: Buffer
  after: Buffer
  /** Changes fields once the places are known. */
  adjust: (zip: ForgedZip) => void
  /** With zip64 records that nothing needs; the two are changed by it. */
  zip64?: {
    end: Partial<ReturnType<typeof Zip64EndOfCentralDirectory.decode>>
    locator: Partial<ReturnType<typeof Zip64EndOfCentralDirectoryLocator.decode>>
  }
}

const NOTHING = Buffer.alloc(0)

export function takeApart(zip: Buffer): ForgedZip {
  const end = EndOfCentralDirectory.decode(zip, zip.length - EndOfCentralDirectory.SIZE)
  const entries: ForgedEntry[] = []
  let at = end.offset_of_central_directory
  for (let index = 0; index < end.entries; index++) {
    const central = CentralDirectoryHeader.decode(zip, at)
    const nameAt = at + CentralDirectoryHeader.SIZE
    const extraAt = nameAt + central.file_name_length
    const offset = central.relative_offset_of_local_header
    const local = LocalFileHeader.decode(zip, offset)
    const localName = offset + LocalFileHeader.SIZE
    const localExtra = localName + local.file_name_length
    const packedAt = localExtra + local.extra_field_length
    entries.push({
      local,
      localName: zip.subarray(localName, localExtra),
      localExtra: zip.subarray(localExtra, packedAt),
      packed: zip.subarray(packedAt, packedAt + central.compressed_size),
      after: NOTHING,
      central,
      centralName: zip.subarray(nameAt, extraAt),
      centralExtra: zip.subarray(extraAt, extraAt + central.extra_field_length),
      centralComment: NOTHING,
      hasLocal: true,
    })
    at = extraAt + central.extra_field_length
  }
  const empty = { before: NOTHING, beforeDirectory: NOTHING, beforeEnd: NOTHING, comment: NOTHING, after: NOTHING }
  return { ...empty, entries, end: {}, adjust: () => {} }
}

/** Lengths and places are right, but for what `adjust` and `end` change. */
export function putTogether(zip: ForgedZip): Buffer {
  const pieces: Buffer[] = [zip.before]
  let at = zip.before.length
  for (const entry of zip.entries) {
    entry.local.file_name_length = entry.localName.length
    entry.local.extra_field_length = entry.localExtra.length
    if (entry.central === undefined) continue
    entry.central.relative_offset_of_local_header = at
    entry.central.file_name_length = entry.centralName.length
    entry.central.extra_field_length = entry.centralExtra.length
    entry.central.file_comment_length = entry.centralComment.length
    if (entry.hasLocal) at += localLength(entry)
  }
  zip.adjust(zip)
  for (const { local, localName, localExtra, packed, after, hasLocal } of zip.entries) {
    if (hasLocal) pieces.push(Buffer.from(LocalFileHeader.encode(local)), localName, localExtra, packed, after)
  }
  pieces.push(zip.beforeDirectory)
  const offset = lengthOf(pieces)
  const listed = zip.entries.filter(({ central }) => central !== undefined)
  for (const { central, centralName, centralExtra, centralComment } of listed) {
    pieces.push(Buffer.from(CentralDirectoryHeader.encode(central!)), centralName, centralExtra, centralComment)
  }
  const size = lengthOf(pieces) - offset
  pieces.push(zip.beforeEnd)
  const counts = { entries_on_this_disk: listed.length, entries: listed.length }
  const places = { size_of_central_directory: size, offset_of_central_directory: offset }
  const disks = { number_of_this_disk: 0, disk_with_central_directory: 0 }
  if (zip.zip64 !== undefined) {
    const zip64At = lengthOf(pieces)
    const fixed = { signature: 0x06064b50, size_of_record: 44, version_made_by: 0x32d, version_needed: 45 }
    pieces.push(
      Buffer.from(Zip64EndOfCentralDirectory.encode({ ...fixed, ...disks, ...counts, ...places, ...zip.zip64.end })),
      Buffer.from(
        Zip64EndOfCentralDirectoryLocator.encode({
          ...{ signature: 0x07064b50, disk_with_zip64_end: 0, offset_of_zip64_end: zip64At, number_of_disks: 1 },
          ...zip.zip64.locator,
        }),
      ),
    )
  }
  const fixed = { signature: 0x06054b50, ...disks, ...counts, ...places, comment_length: zip.comment.length }
  pieces.push(Buffer.from(EndOfCentralDirectory.encode({ ...fixed, ...zip.end })), zip.comment, zip.after)
  return Buffer.concat(pieces)
}

function localLength({ local, packed, after }: ForgedEntry): number {
  return LocalFileHeader.SIZE + local.file_name_length + local.extra_field_length + packed.length + after.length
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** An entry exactly as the writer makes it. */
export function entryOf(name: string, content: Buffer): ForgedEntry {
  const packed = deflateRawSync(content)
  const nameBytes = Buffer.from(name, 'utf8')
  const record = {
    nameBytes,
    sizeBytes: content.length,
    compressedSize: packed.length,
    crc32: crc32(content),
    headerOffset: 0,
    modified: { date: 0x5b01, time: 0 },
  }
  return {
    local: LocalFileHeader.decode(encodeLocalHeader(record)),
    localName: nameBytes,
    localExtra: NOTHING,
    packed,
    after: NOTHING,
    central: CentralDirectoryHeader.decode(encodeCentralHeader(record)),
    centralName: nameBytes,
    centralExtra: NOTHING,
    centralComment: NOTHING,
    hasLocal: true,
  }
}

/** A record of an extra field. */
export function extraOf(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id)
  head.writeUInt16LE(data.length, 2)
  return Buffer.concat([head, data])
}

/** Numbers of 64 bits. */
export function wideNumbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(BigInt(value), index * 8)
  })
  return bytes
}

/** A Unicode path field for a header that has `name`. */
export function unicodePath(name: string, path: string): Buffer {
  const head = Buffer.alloc(5)
  head[0] = 1
  head.writeUInt32LE(crc32(Buffer.from(name)), 1)
  return extraOf(0x7075, Buffer.concat([head, Buffer.from(path)]))
}
