/** A payload file as it was when it was measured, and whether it still is that file. */
import { type BigIntStats, fstatSync, statfsSync } from 'node:fs'
import type { SourceFile } from './extent.js'

type Measured = Pick<BigIntStats, 'mtimeNs' | 'ctimeNs' | 'dev' | 'ino'>

/**
 * Returns the file with what identifies it. Device, inode and time of change are kept as numbers, which are small: a time of
 * change is exact to 256 nanoseconds.
 */
export function sourceFileOf(
  path: string | Buffer,
  sizeBytes: number,
  { mtimeNs, ctimeNs, dev, ino }: Measured,
): SourceFile {
  return { path, sizeBytes, mtimeNs, ctimeNs: Number(ctimeNs), dev: Number(dev), ino: Number(ino) }
}

/**
 * Returns how the open file differs from what was measured, or undefined. Times in bigint are exact to the nanosecond;
 * milliseconds come as a double.
 */
export function changeOf(fd: number, file: SourceFile): string | undefined {
  const { size, mtimeNs, ctimeNs, dev, ino } = fstatSync(fd, { bigint: true })
  if (Number(size) !== file.sizeBytes) return `it has ${size} bytes, it had ${file.sizeBytes}`
  if (file.mtimeNs === undefined) return undefined
  if (mtimeNs !== file.mtimeNs) return 'its modification time is another'
  const isSameInode = file.ino === undefined || (Number(ino) === file.ino && Number(dev) === file.dev)
  if (!isSameInode && hasLastingInodes(fd)) return 'another file is in its place'
  // Set by the kernel alone: whoever writes to a file and puts its modification time back changes it.
  if (file.ctimeNs !== undefined && Number(ctimeNs) !== file.ctimeNs) return 'its time of change (ctime) is another'
  return undefined
}

/** File systems that number a file anew when the kernel has forgotten it, and overlayfs, which may show two devices for one file. */
const PASSING_INODES: ReadonlySet<number> = new Set([
  0x4d44, // MSDOS_SUPER_MAGIC
  0x2011bab0, // EXFAT_SUPER_MAGIC
  0x65735546, // FUSE_SUPER_MAGIC
  0x01021997, // V9FS_MAGIC
  0xff534d42, // CIFS_SUPER_MAGIC
  0xfe534d42, // SMB2_SUPER_MAGIC
  0x794c7630, // OVERLAYFS_SUPER_MAGIC
])

function hasLastingInodes(fd: number): boolean {
  try {
    return !PASSING_INODES.has(statfsSync(`/proc/self/fd/${fd}`).type)
  } catch {
    return false
  }
}
