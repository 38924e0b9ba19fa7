/** Text in columns, for terminals. */
import { visibleWord } from '../bytes/visible-text.js'

export interface Column<Row> {
  readonly title: string
  readonly align: 'left' | 'right'
  readonly value: (row: Row) => string
  /** May move to a line of its own under the row where the width does not suffice; the highest number moves first. */
  readonly mayMove?: number
}

const GUTTER = '  '

export interface TextTable<Row> {
  readonly header: string
  readonly line: (row: Row) => string
  /** The columns that did not fit: `title value` pairs. */
  readonly moved: (row: Row) => string
}

/** As wide as the content asks, and no wider than `columns` while columns can move. A column without any value is left out. Foreign text is made visible, so that columns keep their width. */
export function layOutTable<Row>(rows: readonly Row[], all: readonly Column<Row>[], columns: number): TextTable<Row> {
  const visible = all.map((column) => ({ ...column, value: (row: Row) => visibleWord(column.value(row)) }))
  const filled = visible.filter((column) => rows.some((row) => column.value(row) !== ''))
  const widthOf = (column: Column<Row>): number =>
    rows.reduce((width, row) => Math.max(width, textWidth(column.value(row))), textWidth(column.title))
  const shown = [...filled]
  const moved: Column<Row>[] = []
  const total = (): number => shown.reduce((sum, column) => sum + widthOf(column) + GUTTER.length, 0)
  while (total() > columns) {
    const next = shown.filter(({ mayMove }) => mayMove !== undefined).sort((a, b) => b.mayMove! - a.mayMove!)[0]
    if (next === undefined) break
    shown.splice(shown.indexOf(next), 1)
    moved.unshift(next)
  }
  const widths = shown.map(widthOf)
  const join = (cells: readonly string[]): string => {
    const padded = cells.map((cell, index) => {
      const blank = ' '.repeat(widths[index]! - textWidth(cell))
      return shown[index]!.align === 'left' ? cell + blank : blank + cell
    })
    return `${GUTTER}${padded.join(GUTTER)}`.trimEnd()
  }
  return {
    header: join(shown.map(({ title }) => title)),
    line: (row) => join(shown.map(({ value }) => value(row))),
    moved: (row) =>
      moved
        .filter(({ value }) => value(row) !== '')
        .map(({ title, value }) => `${title} ${value(row)}`)
        .join(GUTTER),
  }
}

function textWidth(text: string): number {
  return [...text].length
}
