/** Files of a release, read with errors that name them. */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { DiskloomError, errnoOf, InterruptedError, IoError, systemReason } from '../errors.js'

export async function digestOfFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
      if (signal?.aborted) throw new InterruptedError()
      hash.update(piece as Uint8Array)
    }
  } catch (error) {
    throw error instanceof DiskloomError ? error : unreadable(path, error)
  }
  return hash.digest('hex')
}

/** Of 500,000 files a manifest has 80 MB. */
const MAX_RELEASE_FILE_BYTES = 256 << 20

/** IoError for what is not a regular file, or is longer than any manifest. */
export function readReleaseFile(path: string): Buffer {
  const stats = statOf(path)
  if (!stats.isFile() || stats.size > MAX_RELEASE_FILE_BYTES) {
    const found = stats.isFile() ? `it has ${stats.size} bytes` : 'it is not a regular file'
    throw new IoError(`Cannot read ${path}: ${found}, a file of at most ${MAX_RELEASE_FILE_BYTES} bytes is expected`, {
      details: { path },
    })
  }
  try {
    return readFileSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/**
 * A file that the user names, which may be a pipe (`<(curl …)`): at most as much of it is read as a release's file
 * may have. IoError where there is more, or it cannot be read.
 */
export function readNamedFile(path: string): Buffer {
  if (!statOf(path).isFIFO()) return readReleaseFile(path)
  const pieces: Buffer[] = []
  let length = 0
  try {
    const fd = openSync(path, 'r')
    try {
      for (;;) {
        const piece = Buffer.alloc(PIECE_BYTES)
        const count = readSync(fd, piece, 0, piece.length, null)
        if (count === 0) return Buffer.concat(pieces)
        pieces.push(piece.subarray(0, count))
        length += count
        if (length > MAX_RELEASE_FILE_BYTES) break
      }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  throw new IoError(`Cannot read ${path}: it has more than ${MAX_RELEASE_FILE_BYTES} bytes`, { details: { path } })
}

const PIECE_BYTES = 1 << 16

export function statOf(path: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): IoError {
  return new IoError(`Cannot read ${path}: ${systemReason(error)}`, {
    details: { path, errno: errnoOf(error) },
    cause: error,
  })
}
