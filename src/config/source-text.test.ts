import { describe, expect, it } from 'vitest'
import { SourceText } from './source-text.js'

const source = (text: string) => new SourceText('a.yaml', '/x/a.yaml', text)

describe('SourceText', () => {
  it('counts lines and columns from 1, in characters', () => {
    const text = 'a: 1\n"😀": é x\r\n\nlast'
    const at = (part: string) => source(text).positionAt(text.indexOf(part))
    expect(at('a')).toEqual({ file: 'a.yaml', line: 1, column: 1 })
    expect(at('x')).toEqual({ file: 'a.yaml', line: 2, column: 8 })
    expect(at('last')).toEqual({ file: 'a.yaml', line: 4, column: 1 })
    expect(source(text).positionAt(text.length)).toEqual({ file: 'a.yaml', line: 4, column: 5 })
    expect(source('').positionAt(0)).toEqual({ file: 'a.yaml', line: 1, column: 1 })
  })

  it('frames the value with its neighbours', () => {
    expect(source('one\ntwo: bad\nthree\nfour\n').frame({ start: 9, end: 12 })).toBe(
      ['  1 | one', '> 2 | two: bad', '    |      ^^^', '  3 | three'].join('\n'),
    )
  })

  it('keeps tabs and CRLF out of the way of the carets', () => {
    expect(source('\t\tx bad\r\nnext\r\n').frame({ start: 4, end: 7 })).toBe(
      ['> 1 | \t\tx bad', '    | \t\t  ^^^', '  2 | next'].join('\n'),
    )
  })

  it('marks the first line of a value of several', () => {
    expect(source('a:\n  b: 1\n  c: 2').frame({ start: 5, end: 16 })).toBe(
      ['  1 | a:', '> 2 |   b: 1', '    |   ^^^^', '  3 |   c: 2'].join('\n'),
    )
  })

  it('aligns line numbers and shows one caret for an empty place', () => {
    const text = `${'x\n'.repeat(9)}ten`
    expect(source(text).frame({ start: 18, end: 18 })).toBe(['   9 | x', '> 10 | ten', '     | ^'].join('\n'))
  })

  it('shows long lines in part', () => {
    const frame = source(`${'a'.repeat(500)}BAD${'b'.repeat(500)}`).frame({ start: 500, end: 503 })
    const [line, carets] = frame.split('\n') as [string, string]
    expect(line.length).toBeLessThan(140)
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('BAD')
  })
})
