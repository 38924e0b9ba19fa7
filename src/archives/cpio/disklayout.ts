/**
 * The cpio archives of initramfs ("newc", SVR4 without and with checksum): a header of hexadecimal text, the name with a
 * NUL, the data; name and data each padded to four bytes from the archive's start.
 * Readers that matter: the kernel's unpacker, dracut, cpio, libarchive.  [LINUX Documentation/driver-api/early-userspace/buffer-format.rst]
 */
import { bytes, type Infer, struct } from '../../bytes/struct.js'

/** Eight upper- or lower-case hexadecimal digits. */
const hex = bytes(8)

export const NewcHeader = struct('cpio_header', 110, {
  c_magic: [0, bytes(6)],
  c_ino: [6, hex],
  c_mode: [14, hex],
  c_uid: [22, hex],
  c_gid: [30, hex],
  c_nlink: [38, hex],
  c_mtime: [46, hex],
  c_filesize: [54, hex],
  c_maj: [62, hex],
  c_min: [70, hex],
  c_rmaj: [78, hex],
  c_rmin: [86, hex],
  c_namesize: [94, hex],
  c_chksum: [102, hex],
})
export type NewcHeader = Infer<typeof NewcHeader>

export const NEWC_MAGIC = '070701'
/** c_chksum is the sum of the data's bytes. */
export const NEWC_CRC_MAGIC = '070702'
export const CPIO_ALIGN_BYTES = 4
export const CPIO_TRAILER = 'TRAILER!!!'
