/** Patterns in paths of the host, as a shell has them: `*`, `?` and `[…]` within a name; a leading dot must be there itself. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { statsAt } from '../bytes/path-stats.js'
import { byteString, compareBytes, decodeUtf8 } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import { compileGlob } from './path-glob.js'

export function isGlob(path: string): boolean {
  const bracket = path.indexOf('[')
  return /[*?]/.test(path) || (bracket >= 0 && path.lastIndexOf(']') > bracket + 1)
}

/** Makes text that is no pattern part of one. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[]/g, '[$&]')
}

/**
 * The regular files that match an absolute pattern, in bytewise order of their paths. A folder that is not there or cannot be
 * read has none. FormatError for a pattern that is none, and for a name that is not UTF-8.
 */
export function filesMatching(pattern: string): string[] {
  if (pattern.includes('**')) {
    throw new FormatError(
      `Cannot use the pattern "${pattern}": "**" is not accepted in a location, "*" within a name is`,
    )
  }
  let found = ['/']
  for (const segment of pattern.split('/').filter(Boolean)) {
    found = found.flatMap((folder) => (isGlob(segment) ? matchesIn(folder, segment) : [join(folder, segment)]))
  }
  return found
    .filter((path) => statsAt(path)?.isFile() ?? false)
    .sort((a, b) => compareBytes(byteString(a), byteString(b)))
}

function matchesIn(folder: string, segment: string): string[] {
  const matches = compileGlob(segment)
  return listed(folder)
    .filter((name) => name.startsWith('.') === segment.startsWith('.') && matches(byteString(name)))
    .map((name) => join(folder, name))
}

function listed(folder: string): string[] {
  if (statsAt(folder)?.isDirectory() !== true) return []
  return readdirSync(folder, { encoding: 'latin1' }).map((bytes) => {
    const name = decodeUtf8(bytes as ReturnType<typeof byteString>)
    if (name === undefined) throw new FormatError(`Cannot match names in "${folder}": one of them is not UTF-8`)
    return name
  })
}
