/**
 * Whether a file's size and its content agree. Files of virtual file systems (proc, sysfs, cgroup, lxcfs) say 0 bytes, or
 * a page, whatever can be read from them: a plan that believes stat would write an empty file, or end in the middle.
 */
import { closeSync, constants, openSync, readSync, statfsSync } from 'node:fs'
import { errnoOf } from '../errors.js'
import type { HostPath } from './folder-listing.js'

/** PROC_SUPER_MAGIC: sizes there are made up (/proc/kcore has 128 TiB). [LINUX include/uapi/linux/magic.h] */
const PROC_FS_TYPE = 0x9fa0

/**
 * Why a regular file cannot be believed; undefined where it can. Only a file that says 0 bytes, or that occupies no block,
 * is opened: one byte is read where its end must be. Throws what open throws.
 */
export function sizeDisagreement(
  path: HostPath,
  { sizeBytes, blocks }: { sizeBytes: number; blocks: number },
): string | undefined {
  if (sizeBytes > 0 && blocks > 0) return undefined
  const virtual = 'as files of proc, sysfs and other virtual file systems do'
  // Without waiting: some of these files give their next byte when something happens.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (sizeBytes === 0) {
      return bytesAt(fd, 0) === 0 ? undefined : `it says 0 bytes and has some, ${virtual}`
    }
    const isShort = statfsSync(path).type === PROC_FS_TYPE || bytesAt(fd, sizeBytes - 1) === 0
    return isShort ? `it says ${sizeBytes} bytes and has fewer, ${virtual}` : undefined
  } finally {
    closeSync(fd)
  }
}

const WOULD_WAIT = new Set(['EAGAIN', 'EWOULDBLOCK'])

/** One where something is there, or will be. */
function bytesAt(fd: number, offset: number): number {
  try {
    return readSync(fd, new Uint8Array(1), 0, 1, offset)
  } catch (error) {
    // A file that cannot be read at a place at all (a stream of events) has more than 0 bytes.
    return offset === 0 || WOULD_WAIT.has(errnoOf(error) ?? '') ? 1 : 0
  }
}
