/**
 * Reads the files behind an image, and notices when one of them is no longer what the plan was made from: a changed
 * length or time, or another file in its place, would put a mixture of two versions on the disk.
 *
 * Calls are synchronous: most payload files are small and in the page cache, where a round trip through the thread pool
 * costs ten times the read (100,000 files of 1 KiB: 0.4 s this way).
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { errnoOf, IoError, systemReason } from '../errors.js'
import type { SourceFile } from './extent.js'
import { changeOf } from './source-file.js'

interface OpenFile {
  readonly file: SourceFile
  readonly fd: number
}

/** Keeps the file of the last read open, since the next stretch is usually of the same one. Call `close` at the end. */
export class PayloadReader {
  #open: OpenFile | undefined

  /**
   * Fills [start, end) of `target` from `offset` bytes into the file, with zeros from its end on. Throws IoError when the
   * file cannot be read or has changed.
   */
  read(file: SourceFile, offset: number, target: Uint8Array, start = 0, end = target.length): void {
    const dataEnd = Math.min(end, start + Math.max(0, file.sizeBytes - offset))
    if (dataEnd < end) target.fill(0, dataEnd, end)
    if (dataEnd === start) return
    const { fd } = this.#opened(file)
    try {
      for (let at = start; at < dataEnd; ) {
        const from = offset + (at - start)
        const count = readSync(fd, target, at, dataEnd - at, from)
        if (count === 0) throw changed(file, `it ends at byte ${from}`)
        at += count
      }
    } catch (error) {
      throw readError(file, error)
    }
    if (offset + (end - start) >= file.sizeBytes) this.close()
  }

  /** Checks the open file once more and lets it go. */
  close(): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    try {
      assertUnchanged(open)
    } catch (error) {
      throw readError(open.file, error)
    } finally {
      closeSync(open.fd)
    }
  }

  /** Lets the open file go without a check: for the way out after another error. */
  abandon(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd)
    this.#open = undefined
  }

  #opened(file: SourceFile): OpenFile {
    if (this.#open?.file === file) return this.#open
    this.close()
    try {
      this.#open = { file, fd: openSync(file.path, 'r') }
    } catch (error) {
      throw readError(file, error)
    }
    return this.#open
  }
}

function assertUnchanged({ file, fd }: OpenFile): void {
  const change = changeOf(fd, file)
  if (change !== undefined) throw changed(file, change)
}

function readError(file: SourceFile, error: unknown): IoError {
  if (error instanceof IoError) return error
  const errno = errnoOf(error)
  if (errno === 'ENOENT') return changed(file, 'it is no longer there')
  return new IoError(`Cannot read payload ${displayPath(file)}: ${systemReason(error)}`, {
    details: { path: displayPath(file), errno },
    cause: error,
  })
}

function changed(file: SourceFile, how: string): IoError {
  return new IoError(`Cannot use payload ${displayPath(file)}: it changed while it was read (${how})`, {
    hint: 'Build again when nothing writes to the payload any more.',
    details: { path: displayPath(file) },
  })
}

export function displayPath(file: SourceFile): string {
  return typeof file.path === 'string' ? file.path : file.path.toString('latin1')
}
