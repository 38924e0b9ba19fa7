import { describe, expect, it } from 'vitest'
import { type Column, layOutTable } from './text-table.js'

type Row = readonly [name: string, size: string, note: string]
const COLUMNS: readonly Column<Row>[] = [
  { title: 'name', align: 'left', value: ([name]) => name },
  { title: 'size', align: 'right', value: ([, size]) => size },
  { title: 'note', align: 'left', value: ([, , note]) => note, mayMove: 1 },
]
const ROWS: readonly Row[] = [
  ['a', '1 B', 'x'],
  ['größe', '1000 B', ''],
]

describe('layOutTable', () => {
  it('aligns what fits', () => {
    const table = layOutTable(ROWS, COLUMNS, 80)
    expect([table.header, ...ROWS.map(table.line)]).toEqual([
      '  name     size  note',
      '  a         1 B  x',
      '  größe  1000 B',
    ])
    expect(table.moved(ROWS[0]!)).toBe('')
  })

  it('moves what may move where the width does not suffice', () => {
    const table = layOutTable(ROWS, COLUMNS, 18)
    expect(table.header).toBe('  name     size')
    expect(ROWS.map(table.moved)).toEqual(['note x', ''])
  })

  it('leaves out a column without values', () => {
    expect(layOutTable([ROWS[1]!], COLUMNS, 80).header).toBe('  name     size')
  })
})
