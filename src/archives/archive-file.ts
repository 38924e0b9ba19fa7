/** Random access to an archive on the host, with a window for the many small headers. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf, FormatError, IoError, systemReason } from '../errors.js'
import type { SourceFile } from '../image/extent.js'
import { sourceFileOf } from '../image/source-file.js'

const WINDOW_BYTES = 1 << 17

export interface ArchiveFileOptions {
  readonly isSpool?: boolean
  /** For messages; default: the path. */
  readonly name?: string
  /** What is read at once; less where headers are far from one another. */
  readonly windowBytes?: number
}

export class ArchiveFile {
  readonly file: SourceFile
  readonly path: string
  /** For messages. */
  readonly name: string
  readonly #fd: number
  readonly #window: Uint8Array
  #windowStart = 0
  #windowLength = 0

  /** A spool, which no other program can change, has no `mtimeNs`. IoError when it cannot be opened. */
  constructor(path: string, options: ArchiveFileOptions = {}) {
    this.path = path
    this.name = options.name ?? path
    this.#window = new Uint8Array(options.windowBytes ?? WINDOW_BYTES)
    try {
      this.#fd = openSync(path, 'r')
    } catch (error) {
      throw new IoError(`Cannot open archive "${path}": ${systemReason(error)}`, {
        details: { path, errno: errnoOf(error) },
        cause: error,
      })
    }
    const stats = fstatSync(this.#fd, { bigint: true })
    const sizeBytes = Number(stats.size)
    this.file = options.isSpool === true ? { path, sizeBytes } : sourceFileOf(path, sizeBytes, stats)
  }

  get sizeBytes(): number {
    return this.file.sizeBytes
  }

  /**
   * `length` bytes at `offset`; valid until the next call. FormatError where the archive ends before; `what` names what
   * was looked for.
   */
  read(offset: number, length: number, what: string): Uint8Array {
    if (offset < 0 || offset + length > this.sizeBytes) {
      throw new FormatError(
        `Cannot read ${what} at byte ${offset} of "${this.name}": the archive ends at ${this.sizeBytes}, ${length} bytes were expected`,
        { details: { offset, expected: length, found: Math.max(0, this.sizeBytes - offset) } },
      )
    }
    if (length > this.#window.length) return this.#fill(new Uint8Array(length), offset, length)
    if (offset < this.#windowStart || offset + length > this.#windowStart + this.#windowLength) {
      const wanted = Math.min(this.#window.length, this.sizeBytes - offset)
      this.#windowLength = 0
      this.#fill(this.#window, offset, wanted)
      this.#windowStart = offset
      this.#windowLength = wanted
    }
    const at = offset - this.#windowStart
    return this.#window.subarray(at, at + length)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #fill(buffer: Uint8Array, offset: number, length: number): Uint8Array {
    for (let done = 0; done < length; ) {
      const count = readSync(this.#fd, buffer, done, length - done, offset + done)
      if (count === 0) throw new IoError(`Cannot read "${this.name}": it became shorter while it was read`)
      done += count
    }
    return buffer
  }
}
