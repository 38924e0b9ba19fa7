/**
 * An image that comes before its manifest, kept until that is known: a sparse file in the temporary folder that costs what is
 * not zero. It has no name, so it goes with the process however that ends.
 */

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isZero } from '../bytes/zeros.js'
import { errnoOf, IoError, systemReason } from '../errors.js'

const BLOCK_BYTES = 4096

export class SparseSpool {
  readonly fd: number
  #open = true

  private constructor(fd: number) {
    this.fd = fd
  }

  static create(sizeBytes: number): SparseSpool {
    return attempt(() => {
      const folder = mkdtempSync(join(tmpdir(), 'diskloom-verify-'))
      try {
        const fd = openSync(join(folder, 'image'), 'wx+', 0o600)
        ftruncateSync(fd, sizeBytes)
        return new SparseSpool(fd)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      let end = at
      while (end < bytes.length && !isZero(bytes, end, Math.min(end + BLOCK_BYTES, bytes.length))) end += BLOCK_BYTES
      const part = bytes.subarray(at, Math.min(end, bytes.length))
      for (let done = 0; done < part.length; ) {
        done += attempt(() => writeSync(this.fd, part, done, part.length - done, offset + at + done))
      }
      at = end + BLOCK_BYTES
    }
  }

  /** The spool as a file that is read, also by its path. */
  read<T>(use: (file: { readonly fd: number; readonly path: string }) => T): T {
    return use({ fd: this.fd, path: `/proc/self/fd/${this.fd}` })
  }

  close(): void {
    if (this.#open) closeSync(this.fd)
    this.#open = false
  }
}

function attempt<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new IoError(`Cannot keep the image in ${tmpdir()} until its manifest comes: ${systemReason(error)}`, {
      hint: 'TMPDIR chooses another folder; a bundle in a file needs none.',
      details: { path: tmpdir(), errno: errnoOf(error) },
      cause: error,
    })
  }
}
