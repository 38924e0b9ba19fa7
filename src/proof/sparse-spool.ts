/**
 * An image that comes before its manifest, kept until that is known: a sparse file in the temporary folder that costs what is
 * not zero. It has no name, so it goes with the process however that ends.
 */

import { ftruncateSync, writeSync } from 'node:fs'
import { isZero } from '../bytes/zeros.js'
import { errnoOf, IoError, systemReason } from '../errors.js'
import { openUnnamedFile, type UnnamedFile } from '../scratch/unnamed-file.js'
import { ELSEWHERE } from '../scratch/work-folder.js'

const BLOCK_BYTES = 4096

export class SparseSpool {
  readonly fd: number
  readonly #file: UnnamedFile
  readonly #folder: string

  private constructor(file: UnnamedFile, folder: string) {
    this.fd = file.fd
    this.#file = file
    this.#folder = folder
  }

  /** `folder`: where there is room for the image's content. Throws IoError. */
  static create(sizeBytes: number, folder: string): SparseSpool {
    return attempt(folder, () => {
      const file = openUnnamedFile(folder)
      ftruncateSync(file.fd, sizeBytes)
      return new SparseSpool(file, folder)
    })
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      let end = at
      while (end < bytes.length && !isZero(bytes, end, Math.min(end + BLOCK_BYTES, bytes.length))) end += BLOCK_BYTES
      const part = bytes.subarray(at, Math.min(end, bytes.length))
      for (let done = 0; done < part.length; ) {
        done += attempt(this.#folder, () => writeSync(this.fd, part, done, part.length - done, offset + at + done))
      }
      at = end + BLOCK_BYTES
    }
  }

  /** The spool as a file that is read, also by its path. */
  read<T>(use: (file: { readonly fd: number; readonly path: string }) => T): T {
    return use({ fd: this.fd, path: `/proc/self/fd/${this.fd}` })
  }

  close(): void {
    this.#file.release()
  }
}

function attempt<T>(folder: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new IoError(`Cannot keep the image in ${folder} until its manifest comes: ${systemReason(error)}`, {
      hint: `${ELSEWHERE}; a bundle in a file needs none`,
      details: { path: folder, errno: errnoOf(error) },
      cause: error,
    })
  }
}
