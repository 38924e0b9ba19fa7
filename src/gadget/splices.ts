/** Edits of a text, and where new text goes so that the file keeps its looks. */

export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The splices are in order and do not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = ''
  let done = 0
  for (const splice of splices) {
    result += text.slice(done, splice.start) + splice.text
    done = splice.end
  }
  return result + text.slice(done)
}

/** The blanks that the line of `offset` begins with. */
export function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  return /^[ \t]*/.exec(text.slice(lineStart, offset))![0]
}

const DEFAULT_INDENT = '\t'

/** What one level of the file is indented by: the first deeper line after a brace tells. */
export function indentUnit(text: string): string {
  const levels = /^([ \t]*)[^\s/*#][^\n]*\{[ \t]*\r?\n\1([ \t]+)\S/m.exec(text)
  return levels?.[2] ?? DEFAULT_INDENT
}

/** Line ends are those of most lines: of the first one. */
export function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}

export interface StatementPlace {
  /** After the last statement, or after the opening brace. */
  readonly anchor: number
  readonly afterStatement: boolean
  readonly indent: string
  readonly statement: string
}

/** A statement on a line of its own, or on the line of a body that has only one. */
export function insertStatement(
  text: string,
  { open, close }: { readonly open: number; readonly close: number },
  { anchor, afterStatement, indent, statement }: StatementPlace,
): Splice {
  const inside = text.slice(open, close)
  if (!inside.includes('\n')) {
    const pad = !afterStatement && !/^\s/.test(inside) ? ' ' : ''
    return { start: anchor, end: anchor, text: ` ${statement}${inside.trim() === '' ? pad : ''}` }
  }
  const place = endOfQuietLine(text, anchor)
  return { start: place, end: place, text: `${newlineOf(text)}${indent}${statement}` }
}

/** The end of the line (before its line end) when only blanks and whole comments follow on it, else `offset` itself. */
function endOfQuietLine(text: string, offset: number): number {
  const rest = /^(?:[ \t]|\/\*(?:[^*\n]|\*(?!\/))*\*\/)*(?:\/\/[^\r\n]*)?(?=\r?\n)/.exec(text.slice(offset))
  return rest === null ? offset : offset + rest[0].length
}

/** Takes a statement out: with its line where it has that for itself, else with the blanks before it. */
export function wholeLine(text: string, { start, end }: { readonly start: number; readonly end: number }): Splice {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const before = text.slice(lineStart, start)
  const rest = /^[ \t]*\r?\n/.exec(text.slice(end))
  if (/^[ \t]*$/.test(before)) {
    return rest === null
      ? { start, end: end + /^[ \t]*/.exec(text.slice(end))![0].length, text: '' }
      : { start: lineStart, end: end + rest[0].length, text: '' }
  }
  return { start: start - /[ \t]*$/.exec(before)![0].length, end, text: '' }
}

/** `addition` on a line of its own, with the line ends of the file. */
export function atLineStart(text: string, addition: string): string {
  const own = text === '' || text.endsWith('\n') ? addition : `\n${addition}`
  return newlineOf(text) === '\r\n' ? own.replaceAll('\n', '\r\n') : own
}
