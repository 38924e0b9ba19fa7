/**
 * Reads tar archives in place: ustar, GNU, PAX and V7; long names, base-256 numbers, sparse files in all four formats,
 * extended attributes as bytes. No content is copied: an entry says where in the archive its data stands.
 * [POSIX pax] [GNU tar manual, "Tar Internals"]
 */

import { alignDown, alignUp } from '../../bytes/align.js'
import { type ByteString, displayName } from '../../bytes/text.js'
import { isZero } from '../../bytes/zeros.js'
import { FormatError } from '../../errors.js'
import type { ArchiveFile } from '../archive-file.js'
import { endOfZeros } from '../packed/zeros.js'
import { POSIX_MAGIC, PosixHeader, TAR_BLOCK_BYTES, TYPE } from './disklayout.js'
import { paxNumber, paxTime, tarNumber, tarText } from './fields.js'
import { PaxAttributes, type PaxRecords, parsePax } from './pax.js'
import { readSparseMap, type TarStretch } from './sparse.js'

export interface TarEntry {
  /** As the archive has it: `./a/b/`, `/a`, `../a`. */
  readonly path: ByteString
  readonly type: 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo'
  /** Of a symlink its target, of a hard link the path of an earlier entry. */
  readonly link: ByteString
  /** 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number }
  readonly major: number
  readonly minor: number
  /** Of the file, holes included. */
  readonly sizeBytes: number
  readonly stretches: readonly TarStretch[]
  /** Full names, one character a byte. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>
  /** POSIX ACLs in their text form, as GNU tar and bsdtar keep them. */
  readonly acl?: { readonly access?: string; readonly default?: string }
  readonly headerOffset: number
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  [TYPE.regular]: 'file',
  [TYPE.v7Regular]: 'file',
  [TYPE.contiguous]: 'file',
  [TYPE.gnuSparse]: 'file',
  [TYPE.hardLink]: 'hardlink',
  [TYPE.symlink]: 'symlink',
  [TYPE.char]: 'char',
  [TYPE.block]: 'block',
  [TYPE.directory]: 'directory',
  [TYPE.gnuDumpDirectory]: 'directory',
  [TYPE.fifo]: 'fifo',
}

const PERMISSION_BITS = 0o7777

/** What stood before an entry's header and belongs to it. */
interface Prelude {
  readonly pax: PaxRecords
  readonly longName?: ByteString
  readonly longLink?: ByteString
}
const NO_PRELUDE: Prelude = { pax: [] }

/** How an archive ended. */
export interface TarEnd {
  /** False where there is none of the blocks of zeros that end an archive: it may be cut off between two entries. */
  readonly isMarked: boolean
}

/**
 * Entries in the order of the archive, and returns how it ended. Blocks of zeros end an archive; what follows them is read
 * as another one, as `tar --ignore-zeros` reads it. FormatError with the byte offset of what is wrong.
 */
export function* readTar(archive: ArchiveFile): Generator<TarEntry, TarEnd> {
  let global: PaxRecords = []
  let prelude = NO_PRELUDE
  let offset = 0
  let isMarked = false
  while (offset < archive.sizeBytes) {
    const restIsZero = archive.sizeBytes - offset < TAR_BLOCK_BYTES && endOfZeros(archive, offset) === archive.sizeBytes
    const header = restIsZero ? undefined : decodeHeader(archive, offset, isMarked)
    if (header === undefined) {
      if (prelude !== NO_PRELUDE) break
      isMarked = true
      offset = alignDown(endOfZeros(archive, offset), TAR_BLOCK_BYTES)
      // Less than a block is left, and it is zeros.
      if (archive.sizeBytes - offset < TAR_BLOCK_BYTES && endOfZeros(archive, offset) === archive.sizeBytes) break
      continue
    }
    isMarked = false
    const dataOffset = offset + TAR_BLOCK_BYTES
    const data = (): Uint8Array => archive.read(dataOffset, header.size, `the data of type "${header.type}"`).slice()
    switch (header.type) {
      case TYPE.paxGlobal:
        global = [...global, ...parsePax(data(), dataOffset)]
        break
      case TYPE.paxLocal:
      case TYPE.sunPaxLocal:
        prelude = { ...prelude, pax: parsePax(data(), dataOffset) }
        break
      case TYPE.gnuLongName:
        prelude = { ...prelude, longName: tarText(data()) }
        break
      case TYPE.gnuLongLink:
        prelude = { ...prelude, longLink: tarText(data()) }
        break
      case TYPE.gnuVolumeLabel:
        break
      default: {
        const { entry, nextOffset } = readEntry(archive, header, prelude, global)
        yield entry
        prelude = NO_PRELUDE
        offset = nextOffset
        continue
      }
    }
    offset = dataOffset + alignUp(header.size, TAR_BLOCK_BYTES)
  }
  if (offset > archive.sizeBytes || prelude !== NO_PRELUDE) {
    throw new FormatError(
      `Cannot read the tar entry at byte ${offset}: the archive ends at ${archive.sizeBytes}, a whole one is accepted`,
    )
  }
  return { isMarked }
}

type FieldName = keyof PosixHeader

/** Values, taken before the window that the block stands in moves on. */
interface DecodedHeader {
  readonly offset: number
  /** A copy of the header, for what stands after byte 345 in a dialect. */
  readonly block: Uint8Array | undefined
  readonly type: string
  readonly size: number
  readonly path: ByteString
  readonly link: ByteString
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
  readonly devmajor: number
  readonly devminor: number
}

/** Undefined for a block of zeros, which ends an archive. `isAfterEnd`: such blocks came before. */
function decodeHeader(archive: ArchiveFile, offset: number, isAfterEnd: boolean): DecodedHeader | undefined {
  const block = archive.read(offset, TAR_BLOCK_BYTES, 'a tar header')
  if (isZero(block)) return undefined
  if (!hasChecksum(block)) {
    const accepted = isAfterEnd
      ? 'zeros or another tar archive are accepted after the end of one'
      : 'a tar archive is accepted'
    throw new FormatError(`Cannot read the tar header at byte ${offset}: its checksum is wrong, ${accepted}`, {
      details: { offset },
    })
  }
  // Views, where PosixHeader.decode would copy seventeen fields: archives have a header every kilobyte or two.
  const field = (name: FieldName): Uint8Array => {
    const [start, length] = PosixHeader.FIELDS[name]!
    return block.subarray(start, start + length)
  }
  const number = (name: FieldName): number =>
    tarNumber(field(name), () => `${name} in the tar header at byte ${offset}`)
  const type = String.fromCharCode(field('typeflag')[0]!)
  const size = number('size')
  if (size < 0) throw new FormatError(`Cannot read size in the tar header at byte ${offset}: ${size} is negative`)
  const prefix = isPosix(block) ? tarText(field('prefix')) : ''
  const name = tarText(field('name'))
  const isDevice = type === TYPE.char || type === TYPE.block
  return {
    offset,
    block: type === TYPE.gnuSparse ? block.slice() : undefined,
    type,
    size,
    path: (prefix === '' ? name : `${prefix}/${name}`) as ByteString,
    link: tarText(field('linkname')),
    mode: number('mode') & PERMISSION_BITS,
    uid: number('uid'),
    gid: number('gid'),
    mtime: number('mtime'),
    devmajor: isDevice ? number('devmajor') : 0,
    devminor: isDevice ? number('devminor') : 0,
  }
}

const MAGIC_START = PosixHeader.FIELDS.magic![0]

function isPosix(block: Uint8Array): boolean {
  for (let index = 0; index < POSIX_MAGIC.length; index++) {
    if (block[MAGIC_START + index] !== POSIX_MAGIC.charCodeAt(index)) return false
  }
  return true
}

const CHECKSUM_START = PosixHeader.FIELDS.chksum![0]
const CHECKSUM_END = CHECKSUM_START + PosixHeader.FIELDS.chksum![1]
const SPACE = 0x20

/** The sum of the header's bytes, its own field counted as spaces; old Suns added signed ones. */
function hasChecksum(block: Uint8Array): boolean {
  const field = block.subarray(CHECKSUM_START, CHECKSUM_END)
  const stored = /^[ \0]*([0-7]+)/.exec(String.fromCharCode(...field))
  if (stored === null) return false
  const sum = Number.parseInt(stored[1]!, 8)
  const total = sumOf(block) - sumOf(field) + SPACE * field.length
  return sum === total || sum === total - SIGN_DIFFERENCE * (negatives(block) - negatives(field))
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0
  for (let index = 0; index < bytes.length; index++) sum += bytes[index]!
  return sum
}

/** A byte of 128 and more is 256 less when taken as signed. */
const SIGN_DIFFERENCE = 256
function negatives(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + (byte >> 7), 0)
}

function readEntry(
  archive: ArchiveFile,
  header: DecodedHeader,
  prelude: Prelude,
  global: PaxRecords,
): { entry: TarEntry; nextOffset: number } {
  const pax = new PaxAttributes(global, prelude.pax)
  const { offset } = header
  const path = (pax.text('GNU.sparse.name') ?? pax.text('path') ?? prelude.longName ?? header.path) as ByteString
  const where = (key: string): string => `${key} of "${displayName(path)}" at byte ${offset}`
  const paxOr = (key: string, fallback: number): number => {
    const text = pax.text(key)
    return text === undefined ? fallback : paxNumber(text, where(key))
  }
  const type = typeOf(header, path)
  const storedBytes = storedLength(archive, offset, type, header.type, paxOr('size', header.size))
  const dataOffset = offset + TAR_BLOCK_BYTES
  const file =
    type === 'file'
      ? readSparseMap(archive, { block: header.block, pax, dataOffset, storedBytes })
      : { sizeBytes: 0, stretches: [], dataEnd: dataOffset + storedBytes }
  if (file.dataEnd > archive.sizeBytes) {
    throw new FormatError(
      `Cannot read "${displayName(path)}" at byte ${offset}: its data ends at ${file.dataEnd}, the archive at ${archive.sizeBytes}`,
      { details: { offset, expected: file.dataEnd, found: archive.sizeBytes } },
    )
  }
  const mtime = pax.text('mtime')
  const [access, inherited] = [pax.text('SCHILY.acl.access'), pax.text('SCHILY.acl.default')]
  return {
    entry: {
      path,
      type,
      link: (pax.text('linkpath') ?? prelude.longLink ?? header.link) as ByteString,
      mode: header.mode,
      uid: paxOr('uid', header.uid),
      gid: paxOr('gid', header.gid),
      mtime: mtime === undefined ? { seconds: header.mtime, nanoseconds: 0 } : paxTime(mtime, where('mtime')),
      major: paxOr('SCHILY.devmajor', header.devmajor),
      minor: paxOr('SCHILY.devminor', header.devminor),
      sizeBytes: file.sizeBytes,
      stretches: file.stretches,
      xattrs: pax.xattrs(),
      ...(access === undefined && inherited === undefined
        ? {}
        : { acl: { ...(access && { access }), ...(inherited && { default: inherited }) } }),
      headerOffset: offset,
    },
    nextOffset: alignUp(file.dataEnd, TAR_BLOCK_BYTES),
  }
}

function typeOf(header: DecodedHeader, path: ByteString): TarEntry['type'] {
  const type = TYPES[header.type]
  if (type === undefined) {
    const accepted = Object.keys(TYPES).filter((known) => known !== TYPE.v7Regular)
    throw new FormatError(
      `Cannot read "${displayName(path)}" at byte ${header.offset}: its type "${displayName(header.type as ByteString)}" is not one of ${accepted.join(' ')}`,
    )
  }
  return type === 'file' && header.type !== TYPE.gnuSparse && path.endsWith('/') ? 'directory' : type
}

/**
 * Bytes of data behind the header. Folders and links may state a size without any (POSIX: space to reserve; old tars: the
 * linked file's). Only a dump directory has data; a hard link has, in PAX archives, unless a header follows at once.
 */
function storedLength(
  archive: ArchiveFile,
  offset: number,
  type: TarEntry['type'],
  typeflag: string,
  size: number,
): number {
  if (type === 'file' || typeflag === TYPE.gnuDumpDirectory) return size
  if (type !== 'hardlink' || size === 0) return 0
  const next = offset + TAR_BLOCK_BYTES
  if (next + TAR_BLOCK_BYTES > archive.sizeBytes) return 0
  const block = archive.read(next, TAR_BLOCK_BYTES, 'a tar header')
  return isZero(block) || hasChecksum(block) ? 0 : size
}

/** Whether `head`, the first bytes of a file of `sizeBytes`, begins a tar; an empty one is a few blocks of zeros. */
export function beginsTar(head: Uint8Array, sizeBytes: number): boolean {
  if (head.length < TAR_BLOCK_BYTES) return false
  const block = head.subarray(0, TAR_BLOCK_BYTES)
  return isZero(block) ? sizeBytes <= LARGEST_EMPTY_BYTES && isZero(head) : hasChecksum(block)
}

/** GNU tar pads to twenty blocks. */
const LARGEST_EMPTY_BYTES = 20 * TAR_BLOCK_BYTES
