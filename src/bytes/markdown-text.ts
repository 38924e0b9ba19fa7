/** Foreign text in Markdown, as merge requests render it. [CommonMark 0.31] [GFM 0.29] */
import { visibleWord } from './visible-text.js'

/** Text of these characters means nothing to Markdown but for the few that markdownText escapes. */
const PROSE = /^[\p{L}\p{M}\p{N} .,:;()'"→…%=+*_|[\]\\&<>/-]*$/u
const LINK = /:\/\/|www\./i

/**
 * Returns text for a paragraph, a heading or a cell of a table. Text that could mention a person or link somewhere
 * (`@name`, `#12`, addresses) is put into code.
 */
export function markdownText(text: string): string {
  const visible = visibleWord(text)
  if (!PROSE.test(visible) || LINK.test(visible)) return markdownCode(visible, 'cell')
  return markdownHtml(visible).replace(/[\\|*_[\]]/g, '\\$&')
}

/** Returns text as a code span, whose fence is longer than any in the text. In a cell of a table a bar needs a backslash. */
export function markdownCode(text: string, place: 'line' | 'cell' = 'line'): string {
  const visible = visibleWord(text)
  const fence = '`'.repeat(longestTicks(visible) + 1)
  // One blank on each side is taken off again.
  const inner = /^`|`$|^ .* $/.test(visible) ? ` ${visible} ` : visible
  // A span of nothing would be a fence without its end.
  if (inner === '') return ''
  return `${fence}${place === 'cell' ? inner.replace(/\|/g, '\\|') : inner}${fence}`
}

/** Returns the length of the longest run of backticks. */
export function longestTicks(text: string): number {
  let longest = 0
  for (const [ticks] of text.matchAll(/`+/g)) longest = Math.max(longest, ticks.length)
  return longest
}

/** Returns text between the tags of HTML that stands in Markdown. */
export function markdownHtml(text: string): string {
  return visibleWord(text).replace(/[&<>]/g, (character) => ENTITIES[character]!)
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
