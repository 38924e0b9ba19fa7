/**
 * The blocks that stand before an entry's data: a POSIX header and, where one of its fields is too small, a PAX header
 * before it. Nothing of a file is lost: ids, lengths and times of any size, nanoseconds, names of any bytes and length,
 * extended attributes as GNU tar, star and bsdtar write them.  [POSIX pax] [GNU tar manual]
 */
import { alignUp } from '../../bytes/align.js'
import { concatBytes } from '../../bytes/concat.js'
import { type ByteString, byteString, byteStringToBytes, decodeUtf8 } from '../../bytes/text.js'
import { POSIX_MAGIC, PosixHeader, TAR_BLOCK_BYTES, TYPE } from './disklayout.js'

/** What a header says. Names are byte strings; numbers may be of any size. */
export interface TarHeader {
  /** Below the archive's root; '' is the root itself. */
  readonly path: ByteString
  readonly type: 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo'
  /** Permission bits: 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number }
  /** Bytes of data that follow; 0 for everything but a file. */
  readonly sizeBytes: number
  /** Of a file with holes its length; its data then begins with `encodeSparseMap`. */
  readonly sparseSizeBytes?: number
  /** Of a symlink its target, of a hard link the path of an earlier entry. */
  readonly link?: ByteString
  readonly major?: number
  readonly minor?: number
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
}

/** What ends an archive: two blocks of zeros. */
export const TAR_END_BYTES = 2 * TAR_BLOCK_BYTES

const TYPE_FLAGS: Readonly<Record<TarHeader['type'], string>> = {
  file: TYPE.regular,
  hardlink: TYPE.hardLink,
  symlink: TYPE.symlink,
  char: TYPE.char,
  block: TYPE.block,
  directory: TYPE.directory,
  fifo: TYPE.fifo,
}

const NAME_BYTES = 100
/** Fields end with a NUL. */
const MAX_OCTAL_7 = 8 ** 7 - 1
const MAX_OCTAL_11 = 8 ** 11 - 1
const PAX_MODE = 0o644

/** A whole number of blocks: everything up to the entry's data. */
export function encodeTarHeader(header: TarHeader): Uint8Array {
  const path = archivePath(header)
  const records = paxRecords(header, path)
  const isSparse = header.sparseSizeBytes !== undefined
  const fields = {
    ...header,
    // What knows no sparse files unpacks the map and the data under this name.
    path: isSparse ? clipped(`GNUSparseFile.0/${path}` as ByteString) : records.has('path') ? clipped(path) : path,
    link: records.has('linkpath') ? clipped(header.link!) : (header.link ?? ('' as ByteString)),
    typeflag: TYPE_FLAGS[header.type],
  }
  const own = encodePosix(fields)
  if (records.size === 0) return own
  const data = encodeRecords(records)
  const pax = encodePosix({
    path: clipped(byteString(`PaxHeaders/${path}`)),
    link: '' as ByteString,
    typeflag: TYPE.paxLocal,
    mode: PAX_MODE,
    uid: 0,
    gid: 0,
    mtime: header.mtime,
    sizeBytes: data.length,
  })
  const padding = new Uint8Array(alignUp(data.length, TAR_BLOCK_BYTES) - data.length)
  return concatBytes([pax, data, padding, own])
}

/**
 * What stands before the data of a file with holes, in whole blocks: the count of stretches, then offset and length of each, a
 * line a number (format 1.0). A hole at the end is told by an empty stretch there, since GNU tar ends a file where its last
 * stretch does. [GNU tar manual, "Storing Sparse Files"]
 */
export function encodeSparseMap(
  stretches: readonly (readonly [offset: number, length: number])[],
  sizeBytes: number,
): Uint8Array {
  const [offset, length] = stretches.at(-1) ?? [0, 0]
  const closed = offset + length === sizeBytes && stretches.length > 0 ? stretches : [...stretches, [sizeBytes, 0]]
  const text = [closed.length, ...closed.flat()].map((number) => `${number}\n`).join('')
  const map = new Uint8Array(alignUp(text.length, TAR_BLOCK_BYTES))
  map.set(Buffer.from(text, 'latin1'))
  return map
}

/** Folders end in a slash; the root is `./`. */
function archivePath({ path, type }: TarHeader): ByteString {
  if (path === '') return './' as ByteString
  return (type === 'directory' ? `${path}/` : path) as ByteString
}

function clipped(name: ByteString): ByteString {
  return name.slice(0, NAME_BYTES) as ByteString
}

/** By key, as bytes: what the plain header has no room for. */
function paxRecords(header: TarHeader, path: ByteString): Map<string, Uint8Array> {
  const { uid, gid, sizeBytes, mtime, link, xattrs } = header
  const records = new Map<string, Uint8Array>()
  const text = (key: string, value: string): void => void records.set(key, byteStringToBytes(value as ByteString))
  if (header.sparseSizeBytes !== undefined) {
    text('GNU.sparse.major', '1')
    text('GNU.sparse.minor', '0')
    text('GNU.sparse.name', path)
    text('GNU.sparse.realsize', String(header.sparseSizeBytes))
  } else if (path.length > NAME_BYTES) text('path', path)
  if (link !== undefined && link.length > NAME_BYTES) text('linkpath', link)
  if (records.size > 0 && [path, link ?? ('' as ByteString)].some((name) => decodeUtf8(name) === undefined)) {
    text('hdrcharset', 'BINARY')
  }
  if (sizeBytes > MAX_OCTAL_11) text('size', String(sizeBytes))
  if (uid > MAX_OCTAL_7) text('uid', String(uid))
  if (gid > MAX_OCTAL_7) text('gid', String(gid))
  if (mtime.nanoseconds !== 0 || mtime.seconds < 0 || mtime.seconds > MAX_OCTAL_11) text('mtime', paxTimeText(mtime))
  for (const [name, value] of xattrs ?? []) records.set(`SCHILY.xattr.${escapeXattrName(name)}`, value)
  return records
}

/** Seconds are rounded down, so −1.25 s is −2 s and 750,000,000 ns. */
export function paxTimeText({ seconds, nanoseconds }: TarHeader['mtime']): string {
  const isNegative = seconds < 0
  const whole = isNegative ? -seconds - (nanoseconds === 0 ? 0 : 1) : seconds
  const fraction = isNegative && nanoseconds !== 0 ? 1e9 - nanoseconds : nanoseconds
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
  return `${isNegative ? '-' : ''}${whole}${digits}`
}

/** `=` ends a key. GNU tar has this escape, and undoes it. */
function escapeXattrName(name: string): string {
  return name.replace(/[%=]/g, (c) => (c === '%' ? '%25' : '%3D'))
}

function encodeRecords(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return concatBytes([...records].map(([key, value]) => encodeRecord(key, value)))
}

/** `LENGTH KEY=VALUE\n`: the length counts its own digits. */
function encodeRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

interface PosixFields extends Omit<TarHeader, 'type'> {
  readonly typeflag: string
}

const CHECKSUM_OFFSET = 148
const CHECKSUM_DIGITS = 6
const SPACE = 0x20

/** The same in every header. */
const MAGIC = padded(POSIX_MAGIC, 6)
const VERSION = padded('00', 2)
const NO_NAME = new Uint8Array(32)
const NO_PREFIX = new Uint8Array(155)
const BLANK_CHECKSUM = new Uint8Array(8).fill(SPACE)

function encodePosix(fields: PosixFields): Uint8Array {
  const { path, link, mode, uid, gid, sizeBytes, mtime, typeflag, major = 0, minor = 0 } = fields
  const block = new Uint8Array(TAR_BLOCK_BYTES)
  PosixHeader.encodeInto(block, 0, {
    name: padded(path, 100),
    mode: octal(mode, 8),
    uid: octal(uid <= MAX_OCTAL_7 ? uid : 0, 8),
    gid: octal(gid <= MAX_OCTAL_7 ? gid : 0, 8),
    size: octal(sizeBytes <= MAX_OCTAL_11 ? sizeBytes : 0, 12),
    mtime: octal(Math.min(Math.max(mtime.seconds, 0), MAX_OCTAL_11), 12),
    chksum: BLANK_CHECKSUM,
    typeflag: padded(typeflag, 1),
    linkname: padded(link ?? '', 100),
    magic: MAGIC,
    version: VERSION,
    uname: NO_NAME,
    gname: NO_NAME,
    devmajor: octal(major, 8),
    devminor: octal(minor, 8),
    prefix: NO_PREFIX,
  })
  // Over the whole block with spaces in the checksum's own field; written as six digits, a NUL and a space.
  let sum = 0
  for (let index = 0; index < block.length; index++) sum += block[index]!
  block.set(Buffer.from(`${sum.toString(8).padStart(CHECKSUM_DIGITS, '0')}\0`, 'latin1'), CHECKSUM_OFFSET)
  return block
}

/** One character a byte, NULs behind it. By hand: a hundred thousand headers have a million of these. */
function padded(text: string, length: number): Uint8Array {
  const field = new Uint8Array(length)
  for (let index = 0; index < text.length; index++) field[index] = text.charCodeAt(index)
  return field
}

const ZERO = 0x30

/** Digits up to the last byte, which is a NUL. */
function octal(value: number, length: number): Uint8Array {
  const field = new Uint8Array(length)
  let rest = value
  for (let index = length - 2; index >= 0; index--) {
    field[index] = ZERO + (rest % 8)
    rest = Math.floor(rest / 8)
  }
  return field
}
