/** The text of one config file: offsets become positions and code frames. */
import { dirname } from 'node:path'
import type { Position } from '../errors.js'

/** Half-open, in UTF-16 units of the text. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/** Lines before and after the marked one. */
const CONTEXT_LINES = 1
/** A longer line (a config that is one line of JSON) is shown in part. */
const MAX_LINE_LENGTH = 120
const CLIPPED_LEAD = 40

export class SourceText {
  /** Folder that relative paths in this file start from. */
  readonly folder: string
  /** As shown to people: the path as it was given. */
  readonly displayPath: string
  readonly absolutePath: string
  readonly text: string
  readonly #lineStarts: readonly number[]

  constructor(displayPath: string, absolutePath: string, text: string) {
    this.displayPath = displayPath
    this.absolutePath = absolutePath
    this.text = text
    this.folder = dirname(absolutePath)
    this.#lineStarts = lineStartsOf(text)
  }

  /** Columns count characters, not UTF-16 units. */
  positionAt(offset: number): Position {
    const index = this.#lineIndexOf(offset)
    const before = this.text.slice(this.#lineStarts[index], offset)
    return { file: this.displayPath, line: index + 1, column: [...before].length + 1 }
  }

  /** The line of `range.start` with its neighbours and carets under the range (to the end of that line at most). */
  frame(range: TextRange): string {
    const marked = this.#lineIndexOf(range.start)
    const first = Math.max(0, marked - CONTEXT_LINES)
    const last = Math.min(this.#lastShownLine(), marked + CONTEXT_LINES)
    const gutterWidth = String(Math.max(last, marked) + 1).length
    const rows: string[] = []
    for (let index = first; index <= Math.max(last, marked); index++) {
      const gutter = String(index + 1).padStart(gutterWidth)
      const line = this.#line(index)
      if (index !== marked) {
        rows.push(`  ${gutter} | ${clip(line, 0).text}`)
        continue
      }
      const column = range.start - this.#lineStarts[index]!
      const shown = clip(line, column)
      const caretStart = column - shown.cut + shown.lead
      const caretCount = Math.min(
        range.end - range.start,
        line.trimEnd().length - column,
        shown.text.length - caretStart,
      )
      rows.push(`> ${gutter} | ${shown.text}`)
      rows.push(
        `  ${' '.repeat(gutterWidth)} | ${blankOf(shown.text, caretStart)}${'^'.repeat(Math.max(1, caretCount))}`,
      )
    }
    return rows.map((row) => row.trimEnd()).join('\n')
  }

  #line(index: number): string {
    const end = this.#lineStarts[index + 1] ?? this.text.length
    return this.text.slice(this.#lineStarts[index], end).replace(/\r?\n$/, '')
  }

  /** A final newline starts a line that nobody sees. */
  #lastShownLine(): number {
    const last = this.#lineStarts.length - 1
    return this.#lineStarts[last] === this.text.length ? last - 1 : last
  }

  #lineIndexOf(offset: number): number {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.#lineStarts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The part of a long line around `column`; `cut` units are missing before it, `lead` stand for them. */
function clip(line: string, column: number): { text: string; cut: number; lead: number } {
  if (line.length <= MAX_LINE_LENGTH) return { text: line, cut: 0, lead: 0 }
  const cut = Math.max(0, column - CLIPPED_LEAD)
  const lead = cut > 0 ? '… ' : ''
  const tail = cut + MAX_LINE_LENGTH < line.length ? ' …' : ''
  return { text: `${lead}${line.slice(cut, cut + MAX_LINE_LENGTH)}${tail}`, cut, lead: lead.length }
}

/** Blanks as wide as the first `count` units of `line`: tabs stay tabs, an astral character is one column. */
function blankOf(line: string, count: number): string {
  return [...line.slice(0, count)].map((character) => (character === '\t' ? '\t' : ' ')).join('')
}
