/**
 * Patterns for paths in a tree: `*` and `?` stay within a name, `**` goes over folders, `[abc]`, `[a-z]` and `[!x]` are one
 * character. A pattern with a slash is matched from the root, one without against names anywhere (`*.pyc`), as in .gitignore.
 *
 * A regular expression tries the ways through several stars one after another, which takes time by the path's length to the
 * power of their number. So it is used for a few stars, as everybody writes them; for more of them all ways are followed at
 * once, in time by the pattern's length times that of the path.
 */
import { type ByteString, byteString } from '../bytes/text.js'
import { FormatError } from '../errors.js'

export type PathMatcher = (path: ByteString) => boolean

/** One step of a pattern. */
type Step =
  | { readonly kind: 'one'; readonly source: string }
  /** One star takes characters of a name, two stars any. */
  | { readonly kind: 'many'; readonly source: '[^/]*' | '.*' }
  /** Two stars and a slash: folders, each with its slash. */
  | { readonly kind: 'folders'; readonly source: '(?:[^/]+/)*' }

const FEW_LOOPS = 2

/** FormatError for a bracket without an end. */
export function compileGlob(pattern: string): PathMatcher {
  const text = byteString(pattern.replace(/\/$/, ''))
  const steps = stepsOf(text.replace(/^\.?\//, ''), pattern)
  const isAnchored = text.includes('/')
  const loops = steps.filter(({ kind }) => kind !== 'one').length
  return loops <= FEW_LOOPS ? matchByExpression(steps, isAnchored) : matchAtOnce(steps, isAnchored)
}

const SPECIAL = /[\\^$.|+(){}[\]*?/]/

function stepsOf(text: string, pattern: string): Step[] {
  const steps: Step[] = []
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('**/', at)) {
      steps.push({ kind: 'folders', source: '(?:[^/]+/)*' })
      at += 3
    } else if (text.startsWith('**', at)) {
      steps.push({ kind: 'many', source: '.*' })
      at += 2
    } else if (text[at] === '[') {
      const end = text.indexOf(']', at + 2)
      if (end === -1) throw new FormatError(`Cannot read the pattern "${pattern}": a "[" has no "]"`)
      const negated = text[at + 1] === '!' || text[at + 1] === '^'
      const members = text.slice(at + (negated ? 2 : 1), end).replace(/[\\\]^]/g, '\\$&')
      steps.push({ kind: 'one', source: `(?!/)[${negated ? '^' : ''}${members}]` })
      at = end + 1
    } else {
      const character = text[at++]!
      if (character === '*') steps.push({ kind: 'many', source: '[^/]*' })
      else if (character === '?') steps.push({ kind: 'one', source: '[^/]' })
      else steps.push({ kind: 'one', source: SPECIAL.test(character) ? `\\${character}` : character })
    }
  }
  return steps
}

function matchByExpression(steps: readonly Step[], isAnchored: boolean): PathMatcher {
  const expression = new RegExp(`${isAnchored ? '^' : '(?:^|/)'}${steps.map(({ source }) => source).join('')}$`, 's')
  return (path) => expression.test(path)
}

/** Where a path may be in the pattern, a bit each: before a step, and inside the name of a folder that the step takes. */
const BEFORE = 1
const IN_NAME = 2

/** The same as matchByExpression; path-glob.test.ts compares the two. */
function matchAtOnce(steps: readonly Step[], isAnchored: boolean): PathMatcher {
  const takes = steps.map(({ kind, source }) => (kind === 'one' ? new RegExp(`^${source}$`, 's') : undefined))
  // A loop may take nothing.
  const enter = (places: Uint8Array): Uint8Array => {
    for (const [index, { kind }] of steps.entries()) {
      if ((places[index]! & BEFORE) !== 0 && kind !== 'one') places[index + 1]! |= BEFORE
    }
    return places
  }
  return (path) => {
    let places: Uint8Array = new Uint8Array(steps.length + 1)
    places[0] = BEFORE
    places = enter(places)
    for (const character of path) {
      const next = new Uint8Array(steps.length + 1)
      for (const [index, step] of steps.entries()) {
        const place = places[index]!
        if (place === 0) continue
        if (step.kind === 'one') {
          if (takes[index]!.test(character)) next[index + 1]! |= BEFORE
        } else if (step.kind === 'many') {
          if (step.source === '.*' || character !== '/') next[index]! |= BEFORE
        } else if (character !== '/') {
          next[index]! |= IN_NAME
        } else if ((place & IN_NAME) !== 0) {
          next[index]! |= BEFORE
        }
      }
      if (!isAnchored && character === '/') next[0]! |= BEFORE
      places = enter(next)
    }
    return (places[steps.length]! & BEFORE) !== 0
  }
}
