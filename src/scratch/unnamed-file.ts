/**
 * A temporary file without a name, which the kernel frees with its last descriptor, however this process ends. Linux makes it so
 * (O_TMPFILE); where the file system cannot, it gets a name in a private folder and loses it at once, where it can be opened
 * again without one.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, constants, existsSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../errors.js'

/** __O_TMPFILE of Linux: the same on all machines but Alpha, PA-RISC and SPARC [asm-generic/fcntl.h]. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY
const PRIVATE_FILE = 0o600
const RANDOM_BYTES = 8

export interface UnnamedFile {
  readonly fd: number
  /** Opens the same file again in this process, while it is there. */
  readonly path: string
  /** Safe to call twice. */
  release(): void
}

/**
 * Opens a file for reading and writing in `folder`, which is a private one where that is possible at no cost: a named file stays
 * behind when the process is killed between two calls. Throws what `openSync` throws.
 */
export function openUnnamedFile(folder: string): UnnamedFile {
  const unnamed = openWithoutName(folder)
  if (unnamed !== undefined) return unnamed
  const named = join(folder, `spool-${randomBytes(RANDOM_BYTES).toString('hex')}`)
  const fd = openSync(named, 'wx+', PRIVATE_FILE)
  const reachable = `/proc/self/fd/${fd}`
  const isReachable = existsSync(reachable)
  // Elsewhere than on Linux it keeps its name until the release.
  if (isReachable) rmSync(named, { force: true })
  return opened(fd, isReachable ? reachable : named, () => rmSync(named, { force: true }))
}

function openWithoutName(folder: string): UnnamedFile | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const fd = openSync(folder, O_TMPFILE | constants.O_RDWR, PRIVATE_FILE)
    const path = `/proc/self/fd/${fd}`
    if (existsSync(path)) return opened(fd, path, () => undefined)
    closeSync(fd)
    return undefined
  } catch (error) {
    // The kernel or the file system does not know the flag; everything else will be the same with a name.
    if (['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL', 'ENOENT'].includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

function opened(fd: number, path: string, remove: () => void): UnnamedFile {
  let isOpen = true
  return {
    fd,
    path,
    release() {
      if (!isOpen) return
      isOpen = false
      closeSync(fd)
      remove()
    },
  }
}
