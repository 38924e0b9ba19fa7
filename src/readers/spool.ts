/**
 * A sparse file without a name for what has to be unpacked: the kernel frees it with its descriptor, however this process
 * ends. Blocks of zeros are left out, so an unpacked disk takes the room of its content.
 */

import { ftruncateSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { isZero } from '../bytes/zeros.js'
import { errnoOf, FormatError, IoError, systemReason } from '../errors.js'
import { openUnnamedFile, type UnnamedFile } from '../scratch/unnamed-file.js'
import { ELSEWHERE } from '../scratch/work-folder.js'
import { ZERO_BLOCK_BYTES } from '../tree/data-ranges.js'
import { MAX_IMAGE_BYTES } from './limits.js'
import { SparseCrc32 } from './sparse-crc32.js'

const STREAM_BYTES = 1 << 20

export class Spool {
  readonly fd: number
  /** Opens the same file again, while the spool is there. */
  readonly path: string
  readonly #file: UnnamedFile

  /** `workFolder` exists and has room. Throws IoError. */
  constructor(workFolder: string) {
    try {
      this.#file = openUnnamedFile(workFolder)
      this.fd = this.#file.fd
      this.path = this.#file.path
    } catch (error) {
      throw new IoError(`Cannot unpack into ${workFolder}: ${systemReason(error)}`, {
        hint: ELSEWHERE,
        details: { path: workFolder, errno: errnoOf(error) },
        cause: error,
      })
    }
  }

  /** Writes all of `bytes` but its blocks of zeros; false where there was nothing else. Throws IoError where the disk is full. */
  write(offset: number, bytes: Uint8Array): boolean {
    let dataStart = -1
    let hasData = false
    const flush = (end: number): void => {
      if (dataStart >= 0) {
        this.#writeData(offset + dataStart, bytes.subarray(dataStart, end))
        hasData = true
      }
      dataStart = -1
    }
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + ZERO_BLOCK_BYTES - ((offset + at) % ZERO_BLOCK_BYTES))
      if (isZero(bytes, at, end)) flush(at)
      else if (dataStart < 0) dataStart = at
      at = end
    }
    flush(bytes.length)
    return hasData
  }

  /** Takes what comes from byte 0 on, and sets the spool's length at the end. FormatError beyond `limitBytes`. */
  stream(what: string, limitBytes = MAX_IMAGE_BYTES): SpoolStream {
    return new SpoolStream(this, what, limitBytes)
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.fd, sizeBytes)
  }

  /** Safe to call twice. */
  release(): void {
    this.#file.release()
  }

  #writeData(offset: number, bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.fd, bytes, done, bytes.length - done, offset + done)
      }
    } catch (error) {
      throw spoolError(error)
    }
  }
}

/** Knows the length and the CRC-32 of what went through, zeros at no cost. */
export class SpoolStream extends Writable {
  readonly #spool: Spool
  readonly #what: string
  readonly #limitBytes: number
  readonly #crc = new SparseCrc32()

  constructor(spool: Spool, what: string, limitBytes: number) {
    super({ highWaterMark: STREAM_BYTES })
    this.#spool = spool
    this.#what = what
    this.#limitBytes = limitBytes
  }

  get sizeBytes(): number {
    return this.#crc.lengthBytes
  }

  get crc32(): number {
    return this.#crc.value()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      if (this.sizeBytes + chunk.length > this.#limitBytes) throw tooLong(this.#what, this.#limitBytes)
      if (this.#spool.write(this.sizeBytes, chunk)) this.#crc.update(chunk)
      else this.#crc.zeros(chunk.length)
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  override _final(done: (error?: Error) => void): void {
    try {
      this.#spool.truncate(this.sizeBytes)
      done()
    } catch (error) {
      done(error as Error)
    }
  }
}

/** The spool's own failure as an IoError: the disk of temporary files is full, mostly. */
export function spoolError(error: unknown): IoError {
  const reason = systemReason(error, { ENOSPC: 'the disk of temporary files is full' })
  return new IoError(`Cannot unpack the image: ${reason}`, {
    hint: ELSEWHERE,
    details: { errno: errnoOf(error) },
    cause: error,
  })
}

function tooLong(what: string, limitBytes: number): FormatError {
  return new FormatError(`Cannot read ${what}: it unpacks to more than ${limitBytes} bytes`, {
    details: { expected: limitBytes },
  })
}
