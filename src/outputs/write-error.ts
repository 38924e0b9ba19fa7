import { errnoOf, IoError, systemReason } from '../errors.js'

/** A failed write as an IoError with path, place and reason. */
export function writeError(path: string, sizeBytes: number, error: unknown, offset: number): IoError {
  const errno = errnoOf(error) ?? String(error)
  const details = { path, offset, errno }
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new IoError(`Cannot write ${path} at byte ${offset}: the disk is full`, {
      hint: 'Free space there, or choose another folder with --out.',
      details,
      cause: error,
    })
  }
  if (errno === 'EFBIG') {
    return new IoError(`Cannot write ${path}: ${sizeBytes} bytes are more than its file system allows for one file`, {
      details,
      cause: error,
    })
  }
  return new IoError(`Cannot write ${path} at byte ${offset}: ${systemReason(error)}`, { details, cause: error })
}
