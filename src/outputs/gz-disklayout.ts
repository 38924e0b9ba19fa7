/** The frame of a gzip member: ten bytes before the deflate stream, eight behind it. Little-endian.  [RFC 1952 §2.3] */
import { bytes, struct, u8, u32le } from '../bytes/struct.js'

export const GzipHeader = struct('gzip_header', 10, {
  ID: [0, bytes(2)],
  CM: [2, u8],
  FLG: [3, u8],
  MTIME: [4, u32le],
  XFL: [8, u8],
  OS: [9, u8],
})

export const GzipTrailer = struct('gzip_trailer', 8, {
  CRC32: [0, u32le],
  /** Of the content, modulo 2^32. */
  ISIZE: [4, u32le],
})

export const GZIP_ID = Uint8Array.of(0x1f, 0x8b)
export const CM_DEFLATE = 8
export const OS_UNIX = 3
