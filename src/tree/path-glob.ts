/**
 * Patterns for paths in a tree: `*` and `?` stay within a name, `**` goes over folders, `[abc]`, `[a-z]` and `[!x]` are one
 * character. A pattern with a slash is matched from the root, one without against names anywhere (`*.pyc`), as in .gitignore.
 */
import { type ByteString, byteString } from '../bytes/text.js'
import { FormatError } from '../errors.js'

export type PathMatcher = (path: ByteString) => boolean

const SPECIAL = /[\\^$.|+(){}[\]*?/]/

/** FormatError for a bracket without an end. */
export function compileGlob(pattern: string): PathMatcher {
  const text = byteString(pattern.replace(/\/$/, ''))
  const isAnchored = text.includes('/')
  const source = translate(text.replace(/^\.?\//, ''), pattern)
  const expression = new RegExp(isAnchored ? `^${source}$` : `(?:^|/)${source}$`, 's')
  return (path) => expression.test(path)
}

function translate(text: string, pattern: string): string {
  let source = ''
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('**/', at)) {
      source += '(?:[^/]+/)*'
      at += 3
    } else if (text.startsWith('**', at)) {
      source += '.*'
      at += 2
    } else if (text[at] === '[') {
      const end = text.indexOf(']', at + 2)
      if (end === -1) throw new FormatError(`Cannot read the pattern "${pattern}": a "[" has no "]"`)
      const negated = text[at + 1] === '!' || text[at + 1] === '^'
      const members = text.slice(at + (negated ? 2 : 1), end).replace(/[\\\]^]/g, '\\$&')
      source += `(?!/)[${negated ? '^' : ''}${members}]`
      at = end + 1
    } else {
      const character = text[at++]!
      if (character === '*') source += '[^/]*'
      else if (character === '?') source += '[^/]'
      else source += SPECIAL.test(character) ? `\\${character}` : character
    }
  }
  return source
}
