/**
 * Tar headers: blocks of 512 bytes, an entry's data after its header, padded to whole blocks. Numbers are octal text, or
 * base-256 where the first bit is set. Three dialects share the first 345 bytes.
 * Readers that matter: the kernel has none; GNU tar, libarchive (bsdtar, mke2fs), Docker, Python.
 * [POSIX pax] [GNU tar manual, "Basic Tar Format"]
 */
import { bytes, type Infer, reserved, struct } from '../../bytes/struct.js'

export const TAR_BLOCK_BYTES = 512

/** `ustar\0` and version `00`: POSIX. `ustar  \0`: GNU, whose last 167 bytes differ. Anything else: Unix V7. */
export const PosixHeader = struct('posix_header', TAR_BLOCK_BYTES, {
  name: [0, bytes(100)],
  mode: [100, bytes(8)],
  uid: [108, bytes(8)],
  gid: [116, bytes(8)],
  size: [124, bytes(12)],
  mtime: [136, bytes(12)],
  chksum: [148, bytes(8)],
  typeflag: [156, bytes(1)],
  linkname: [157, bytes(100)],
  magic: [257, bytes(6)],
  version: [263, bytes(2)],
  uname: [265, bytes(32)],
  gname: [297, bytes(32)],
  devmajor: [329, bytes(8)],
  devminor: [337, bytes(8)],
  prefix: [345, bytes(155)],
  _pad: [500, reserved(12)],
})
export type PosixHeader = Infer<typeof PosixHeader>

/** The end of a GNU header with typeflag `S`, from byte 386 on. */
export const OLD_GNU_SPARSE_OFFSET = 386
export const OldGnuSparse = struct('oldgnu_sparse', 126, {
  sp: [0, bytes(96)],
  isextended: [96, bytes(1)],
  realsize: [97, bytes(12)],
  _pad: [109, reserved(17)],
})

/** Blocks after such a header, as long as isextended is set. */
export const GnuSparseHeader = struct('sparse_header', TAR_BLOCK_BYTES, {
  sp: [0, bytes(504)],
  isextended: [504, bytes(1)],
  _pad: [505, reserved(7)],
})

/** One stretch of data: two octal numbers of 12 bytes. */
export const SPARSE_ENTRY_BYTES = 24
export const SPARSE_NUMBER_BYTES = 12

export const POSIX_MAGIC = 'ustar\0'

export const TYPE = {
  regular: '0',
  /** V7's regular file; a folder where the name ends in a slash. */
  v7Regular: '\0',
  hardLink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  contiguous: '7',
  paxGlobal: 'g',
  paxLocal: 'x',
  /** Solaris' letter for the same. */
  sunPaxLocal: 'X',
  gnuLongName: 'L',
  gnuLongLink: 'K',
  gnuSparse: 'S',
  /** A folder with a list of its names as data (incremental archives). */
  gnuDumpDirectory: 'D',
  gnuVolumeLabel: 'V',
} as const
