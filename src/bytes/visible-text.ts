/**
 * Foreign text made visible: names, labels and messages that come from images, archives, manifests or configs may hold
 * characters that command a terminal or that reorder, hide or break a line. [ECMA-48] [Unicode 15.0 TR36 §3]
 *
 * The sinks call these functions, one for each kind of place that text leaves to (docs/design/untrusted-input.md).
 */

/**
 * Controls (C0, DEL, C1), format characters (bidirectional marks, zero-width characters, tags), line and paragraph
 * separators, and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const UNSAFE_BUT_TAB = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const UNSAFE_BUT_BREAKS = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Most text, which the slower patterns need not look at. */
const PLAIN = /^[\t\n\x20-\x7e]*$/
const PLAIN_LINE = /^[\t\x20-\x7e]*$/
const PLAIN_WORD = /^[\x20-\x7e]*$/

/** Returns a name or a value as one visible word or phrase: every unsafe character as `\x1b` or `\u{202e}`. Idempotent. */
export function visibleWord(text: string): string {
  return PLAIN_WORD.test(text) ? text : text.replace(UNSAFE, escaped)
}

/** Returns text as one visible line, which may hold tabs. */
export function visibleLine(text: string): string {
  return PLAIN_LINE.test(text) ? text : text.replace(UNSAFE_BUT_TAB, escaped)
}

/** Returns a document of several lines whose own syntax has escaped the line breaks of foreign text already. */
export function visibleDocument(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE_BUT_BREAKS, escaped)
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
