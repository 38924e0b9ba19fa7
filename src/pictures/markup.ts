/** Text for SVG and HTML. */
import { visibleWord } from '../bytes/visible-text.js'

/**
 * Returns text as SVG and HTML take it, between tags and in attributes in double quotes. Control, bidirectional and
 * invisible characters are shown by their numbers; the two that XML does not allow become U+FFFD.
 */
export function escapeText(text: string): string {
  return visibleWord(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]!)
}

/** At most two decimals, and none where there is nothing behind the point. */
export function number(value: number): string {
  return String(Number(value.toFixed(2)))
}

/** Sans-serif text is about so wide; East Asian characters are as wide as they are high. */
const CHARACTER_WIDTH = 0.56
const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{1f300}-\u{3ffff}]/u

export function textWidth(text: string, fontSize: number): number {
  return [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 1 : CHARACTER_WIDTH) * fontSize, 0)
}

/** The text, or as much of it as `width` has room for with an ellipsis; empty where that would say nothing. */
export function fitText(text: string, width: number, fontSize: number): string {
  if (textWidth(text, fontSize) <= width) return text
  const chars = [...text]
  while (chars.length > 0 && textWidth(`${chars.join('')}…`, fontSize) > width) chars.pop()
  return chars.length === 0 ? '' : `${chars.join('').trimEnd()}…`
}
