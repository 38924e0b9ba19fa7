/**
 * What stands before an entry's data in a cpio of the kind "newc": the header, and the name with its padding. The numbers
 * that nobody reads are those of the kernel's own gen_init_cpio, so that the same list gives the same bytes.
 */
import { alignUp } from '../../bytes/align.js'
import { type ByteString, byteString, byteStringToBytes } from '../../bytes/text.js'
import { CPIO_ALIGN_BYTES, CPIO_TRAILER, NEWC_MAGIC, NewcHeader } from './disklayout.js'

export interface CpioHeader {
  /** Below the root, without a slash before it. */
  readonly path: ByteString
  readonly inode: number
  readonly linkCount: number
  /** As st_mode: type and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since 1970, 0 to `MAX_CPIO_NUMBER`. */
  readonly mtime: number
  /** Bytes of data that follow; 0 for a name whose file has its data at another one. */
  readonly sizeBytes: number
  /** Of a device. */
  readonly major?: number
  readonly minor?: number
}

/** Eight hexadecimal digits. */
export const MAX_CPIO_NUMBER = 0xffff_ffff
/** Counts from here, as gen_init_cpio does. */
export const FIRST_INODE = 721
/** Archives end at a multiple of it. */
export const CPIO_BLOCK_BYTES = 512

/** Of the file system that the files would be on. [gen_init_cpio] */
const DEVICE_MAJOR = 3
const DEVICE_MINOR = 1

/** A multiple of four bytes: everything up to the entry's data. RangeError for a number that does not fit. */
export function encodeCpioHeader(header: CpioHeader): Uint8Array {
  return encode(header, DEVICE_MAJOR, DEVICE_MINOR)
}

/** What ends an archive, before its padding. */
export function encodeCpioTrailer(): Uint8Array {
  const path = byteString(CPIO_TRAILER)
  return encode({ path, inode: 0, linkCount: 1, mode: 0, uid: 0, gid: 0, mtime: 0, sizeBytes: 0 }, 0, 0)
}

function encode(header: CpioHeader, deviceMajor: number, deviceMinor: number): Uint8Array {
  const name = byteStringToBytes(header.path)
  const nameBytes = name.length + 1
  const bytes = new Uint8Array(alignUp(NewcHeader.SIZE + nameBytes, CPIO_ALIGN_BYTES))
  NewcHeader.encodeInto(bytes, 0, {
    c_magic: ascii(NEWC_MAGIC),
    c_ino: hex(header.inode),
    c_mode: hex(header.mode),
    c_uid: hex(header.uid),
    c_gid: hex(header.gid),
    c_nlink: hex(header.linkCount),
    c_mtime: hex(header.mtime),
    c_filesize: hex(header.sizeBytes),
    c_maj: hex(deviceMajor),
    c_min: hex(deviceMinor),
    c_rmaj: hex(header.major ?? 0),
    c_rmin: hex(header.minor ?? 0),
    c_namesize: hex(nameBytes),
    c_chksum: hex(0),
  })
  bytes.set(name, NewcHeader.SIZE)
  return bytes
}

function hex(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > MAX_CPIO_NUMBER) {
    throw new RangeError(`${value} does not fit a field of a cpio header`)
  }
  return ascii(value.toString(16).toUpperCase().padStart(8, '0'))
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}
