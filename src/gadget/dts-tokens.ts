/**
 * The tokens of a device-tree source, with their places in the text ([dts]: chapter 6; [dtc] dtc-lexer.l). Made for
 * editing: nothing is expanded or included, and what is not understood stays as it is.
 *
 * The text holds one character per byte (latin1), so that files in any encoding come back unchanged.
 */
import { FormatError } from '../errors.js'

export type DtsToken =
  /** A name, number, keyword (`/delete-property/`), reference (`&label`, `&{/path}`) or operator. */
  | { readonly kind: 'word'; readonly text: string; readonly start: number; readonly end: number }
  /** `name:`; the text is without the colon. */
  | { readonly kind: 'label'; readonly text: string; readonly start: number; readonly end: number }
  /** With its quotes. */
  | { readonly kind: 'string'; readonly text: string; readonly start: number; readonly end: number }
  /** One of `{ } ( ) < > [ ] ; = : "` and the rest that separates words. */
  | { readonly kind: 'punctuation'; readonly text: string; readonly start: number; readonly end: number }
  /** A line of the C preprocessor with its continuations; the text is its name (`ifdef`, `include`). */
  | { readonly kind: 'directive'; readonly text: string; readonly start: number; readonly end: number }

const BLANK = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y
/**
 * A property may begin with `#` too (`#size-cells`), so only the preprocessor's own words make a directive, and cpp's line
 * markers (`# 12 "file"`). It ends at a newline that neither a backslash nor a comment hides.
 */
const DIRECTIVE =
  /#[ \t]*(define|elif|else|endif|error|ifdef|ifndef|if|include|line|pragma|undef|warning|\d+)(?![\w,.+*#?@-])(?:\\\r?\n|\/\*[\s\S]*?\*\/|\/(?!\*)|\\(?!\r?\n)|[^\n\\/])*/y
const STRING = /"(?:[^"\\]|\\[\s\S])*"/y
const CHARACTER = /'(?:[^'\\\n]|\\.)*'/y
const PATH_REFERENCE = /&\{[^}\n]*\}/y
const WORD = /(?:[^\s"'{}()<>[\];=:/]|\/(?![/*]))+/y
const LABEL_NAME = /^[A-Za-z_]\w*$/

/** Every token in order. Throws FormatError for a string or comment that does not end; `place` names an offset. O(n). */
export function* tokensOf(text: string, place: (offset: number) => string): Generator<DtsToken> {
  let offset = 0
  let lineStart = true
  while (offset < text.length) {
    const blank = matchAt(BLANK, text, offset)
    if (blank !== undefined) {
      lineStart ||= blank[0].includes('\n')
      offset += blank[0].length
      continue
    }
    if (text.startsWith('/*', offset)) throw new FormatError(unended('comment', place(offset)))
    const token = tokenAt(text, offset, { lineStart, place })
    yield token
    lineStart = false
    offset = token.end
  }
}

function tokenAt(
  text: string,
  start: number,
  { lineStart, place }: { lineStart: boolean; place: (offset: number) => string },
): DtsToken {
  const char = text[start]!
  if (char === '#' && lineStart) {
    const directive = matchAt(DIRECTIVE, text, start)
    if (directive !== undefined) {
      return { kind: 'directive', text: directive[1]!, start, end: start + directive[0].length }
    }
  }
  if (char === '"') {
    const string = matchAt(STRING, text, start)
    if (string === undefined) throw new FormatError(unended('string', place(start)))
    return { kind: 'string', text: string[0], start, end: start + string[0].length }
  }
  const word =
    (char === "'" && matchAt(CHARACTER, text, start)) ||
    matchAt(PATH_REFERENCE, text, start) ||
    matchAt(WORD, text, start)
  if (!word) return { kind: 'punctuation', text: char, start, end: start + 1 }
  const end = start + word[0].length
  if (text[end] === ':' && LABEL_NAME.test(word[0])) return { kind: 'label', text: word[0], start, end: end + 1 }
  return { kind: 'word', text: word[0], start, end }
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | undefined {
  pattern.lastIndex = offset
  return pattern.exec(text) ?? undefined
}

function unended(what: string, place: string): string {
  return `Cannot read the device tree: a ${what} that does not end begins at ${place}`
}

/** Lines count from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}
