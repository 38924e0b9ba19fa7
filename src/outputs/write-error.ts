import { errnoOf, IoError, systemReason } from '../errors.js'

/** A file that could not be opened for writing. */
export function createError(path: string, error: unknown): IoError {
  return new IoError(`Cannot create ${path}: ${systemReason(error)}`, {
    details: { path, errno: errnoOf(error) },
    cause: error,
  })
}

export interface WritePlace {
  readonly offset: number
  /** The least that the file would have had. */
  readonly sizeBytes: number
}

/** A failed write as an IoError with path, place and reason. */
export function writeError(path: string, error: unknown, { offset, sizeBytes }: WritePlace): IoError {
  const errno = errnoOf(error)
  const details = { path, offset, errno }
  if (errno === 'EFBIG') {
    return new IoError(`Cannot write ${path}: ${sizeBytes} bytes are more than its file system allows for one file`, {
      details,
      cause: error,
    })
  }
  const isFull = errno === 'ENOSPC' || errno === 'EDQUOT'
  return new IoError(`Cannot write ${path} at byte ${offset}: ${systemReason(error)}`, {
    ...(isFull && { hint: 'Free space there, or choose another folder with --out.' }),
    details,
    cause: error,
  })
}
