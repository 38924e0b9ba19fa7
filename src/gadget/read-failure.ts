import { errnoOf } from '../errors.js'

/** What a person makes of a failed read. */
export function reasonOf(error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'it is a folder, a file is expected'
    case 'EACCES':
    case 'EPERM':
      return 'reading it is not permitted'
    case undefined:
      throw error
    default:
      return errnoOf(error)!
  }
}
