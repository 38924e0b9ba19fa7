/**
 * Reads tar archives in place: ustar, GNU, PAX and V7; long names, base-256 numbers, sparse files in all four formats,
 * extended attributes as bytes. No content is copied: an entry says where in the archive its data stands.
 * [POSIX pax] [GNU tar manual, "Tar Internals"]
 */
import { alignUp } from '../../bytes/align.js'
import { type ByteString, displayName } from '../../bytes/text.js'
import { FormatError } from '../../errors.js'
import type { ArchiveFile } from '../archive-file.js'
import { GNU_MAGIC, POSIX_MAGIC, PosixHeader, TAR_BLOCK_BYTES, TYPE } from './disklayout.js'
import { paxNumber, paxTime, tarNumber, tarText } from './fields.js'
import { PaxAttributes, type PaxRecords, parsePax } from './pax.js'
import { readSparseMap } from './sparse.js'

/** Stretch of a file that the archive holds; what no stretch covers is a hole. */
export interface TarStretch {
  readonly offset: number
  readonly length: number
  /** Byte in the archive. */
  readonly archiveOffset: number
}

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

/** Entries in the order of the archive. FormatError with the byte offset of what is wrong. */
export function* readTar(archive: ArchiveFile): Generator<TarEntry> {
  let global: PaxRecords = []
  let prelude = NO_PRELUDE
  let offset = 0
  while (offset < archive.sizeBytes) {
    const block = archive.read(offset, TAR_BLOCK_BYTES, 'a tar header')
    if (isZero(block)) return
    const header = decodeHeader(block, offset)
    const dataOffset = offset + TAR_BLOCK_BYTES
    const data = (): Uint8Array => archive.read(dataOffset, header.storedBytes, `the data of type "${header.type}"`)
    switch (header.type) {
      case TYPE.paxGlobal:
        global = [...global, ...parsePax(data().slice(), dataOffset)]
        break
      case TYPE.paxLocal:
      case TYPE.sunPaxLocal:
        prelude = { ...prelude, pax: parsePax(data().slice(), dataOffset) }
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
        const { entry, nextOffset } = readEntry(archive, offset, header, prelude, global)
        yield entry
        prelude = NO_PRELUDE
        offset = nextOffset
        continue
      }
    }
    offset = dataOffset + alignUp(header.storedBytes, TAR_BLOCK_BYTES)
  }
  // Many tools leave the closing blocks of zeros out; an end in the middle of something is none.
  if (offset > archive.sizeBytes || prelude !== NO_PRELUDE) {
    throw new FormatError(
      `Cannot read the tar entry at byte ${offset}: the archive ends at ${archive.sizeBytes}, a whole one is accepted`,
    )
  }
}

interface DecodedHeader {
  readonly raw: PosixHeader
  /** The block itself: what follows byte 345 depends on the dialect. */
  readonly block: Uint8Array
  readonly type: string
  readonly path: ByteString
  readonly storedBytes: number
}

function decodeHeader(block: Uint8Array, offset: number): DecodedHeader {
  if (!hasChecksum(block)) {
    throw new FormatError(
      `Cannot read the tar header at byte ${offset}: its checksum is wrong, a tar archive is accepted`,
    )
  }
  const raw = PosixHeader.decode(block)
  const name = tarText(raw.name)
  const prefix = Buffer.from(raw.magic).toString('latin1') === POSIX_MAGIC ? tarText(raw.prefix) : ''
  const storedBytes = tarNumber(raw.size, `size in the tar header at byte ${offset}`)
  if (storedBytes < 0) {
    throw new FormatError(`Cannot read size in the tar header at byte ${offset}: ${storedBytes} is negative`)
  }
  return {
    raw,
    block: block.slice(),
    type: String.fromCharCode(raw.typeflag[0]!),
    path: (prefix === '' ? name : `${prefix}/${name}`) as ByteString,
    storedBytes,
  }
}

const CHECKSUM_START = PosixHeader.FIELDS.chksum![0]
const CHECKSUM_END = CHECKSUM_START + PosixHeader.FIELDS.chksum![1]
const SPACE = 0x20

/** The sum of the header's bytes, its own field counted as spaces; old Suns added signed ones. */
function hasChecksum(block: Uint8Array): boolean {
  const stored = /^[ \0]*([0-7]+)/.exec(Buffer.from(block.subarray(CHECKSUM_START, CHECKSUM_END)).toString('latin1'))
  if (stored === null) return false
  let unsigned = 0
  let signed = 0
  for (let index = 0; index < block.length; index++) {
    const byte = index >= CHECKSUM_START && index < CHECKSUM_END ? SPACE : block[index]!
    unsigned += byte
    signed += (byte << 24) >> 24
  }
  const sum = Number.parseInt(stored[1]!, 8)
  return sum === unsigned || sum === signed
}

function readEntry(
  archive: ArchiveFile,
  offset: number,
  header: DecodedHeader,
  prelude: Prelude,
  global: PaxRecords,
): { entry: TarEntry; nextOffset: number } {
  const pax = new PaxAttributes(global, prelude.pax)
  const { raw } = header
  const where = (field: string): string => `${field} in the tar header at byte ${offset}`
  const number = (field: 'mode' | 'uid' | 'gid' | 'mtime' | 'devmajor' | 'devminor'): number =>
    tarNumber(raw[field], where(field))
  const paxOr = (key: string, fallback: () => number): number => {
    const text = pax.text(key)
    return text === undefined ? fallback() : paxNumber(text, where(key))
  }
  const path = (pax.text('GNU.sparse.name') ?? pax.text('path') ?? prelude.longName ?? header.path) as ByteString
  const known = TYPES[header.type]
  if (known === undefined) {
    throw new FormatError(
      `Cannot read "${displayName(path)}" at byte ${offset}: its type "${displayName(header.type as ByteString)}" is not one of ${Object.keys(
        TYPES,
      )
        .filter((type) => type !== '\0')
        .join(' ')}`,
    )
  }
  const type = known === 'file' && header.type !== TYPE.gnuSparse && path.endsWith('/') ? 'directory' : known
  const storedBytes = storedLength(
    archive,
    offset,
    type,
    header.type,
    paxOr('size', () => header.storedBytes),
  )
  const dataOffset = offset + TAR_BLOCK_BYTES
  const file =
    type === 'file'
      ? readSparseMap(archive, { block: header.block, type: header.type, pax, dataOffset, storedBytes })
      : { sizeBytes: 0, stretches: [], dataEnd: dataOffset + storedBytes }
  if (file.dataEnd > archive.sizeBytes) {
    throw new FormatError(
      `Cannot read "${displayName(path)}" at byte ${offset}: its data ends at ${file.dataEnd}, the archive at ${archive.sizeBytes}`,
      { details: { offset, expected: file.dataEnd, found: archive.sizeBytes } },
    )
  }
  const mtime = pax.text('mtime')
  const [access, inherited] = [pax.text('SCHILY.acl.access'), pax.text('SCHILY.acl.default')]
  const isDevice = type === 'char' || type === 'block'
  return {
    entry: {
      path,
      type,
      link: (pax.text('linkpath') ?? prelude.longLink ?? tarText(raw.linkname)) as ByteString,
      mode: number('mode') & PERMISSION_BITS,
      uid: paxOr('uid', () => number('uid')),
      gid: paxOr('gid', () => number('gid')),
      mtime: mtime === undefined ? { seconds: number('mtime'), nanoseconds: 0 } : paxTime(mtime, where('PAX mtime')),
      major: isDevice ? paxOr('SCHILY.devmajor', () => number('devmajor')) : 0,
      minor: isDevice ? paxOr('SCHILY.devminor', () => number('devminor')) : 0,
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

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0)
}

/** True for the first block of something that `readTar` reads. */
export function looksLikeTar(block: Uint8Array): boolean {
  if (block.length < TAR_BLOCK_BYTES) return false
  const magic = Buffer.from(block.subarray(257, 263)).toString('latin1')
  return magic === POSIX_MAGIC || magic === GNU_MAGIC || hasChecksum(block.subarray(0, TAR_BLOCK_BYTES))
}
