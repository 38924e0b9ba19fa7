/** Names of a zip's entries, as the tools that unpack it take them. */
import { posix } from 'node:path'

/**
 * The place that tools would unpack an entry to: backslashes are separators to some, `./`, `//` and a leading `/` mean
 * nothing to any, and `..` leads where it leads.
 */
export function unpackedPlace(name: string): string {
  return posix.normalize(`/${name.replaceAll('\\', '/')}`).replace(/\/$/, '')
}

/** The same place on a file system that knows no difference between cases and forms of Unicode, and drops dots at an end. */
export function foldedPlace(name: string): string {
  return unpackedPlace(name)
    .normalize('NFC')
    .toLowerCase()
    .split('/')
    .map((part) => part.replace(/[. ]+$/, ''))
    .join('/')
}
