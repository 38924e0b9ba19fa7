import { describe, expect, it } from 'vitest'
import { expandVariables, type VariableValue } from './expand-variables.js'

const VALUES: Readonly<Record<string, VariableValue>> = { A: { text: '1' }, EMPTY: { text: '' }, BAD: 'failed' }
const expand = (text: string) => expandVariables(text, (name) => VALUES[name])

// \u0024 is $: written plainly, the linter takes these texts for template literals without their backticks.
describe('expandVariables', () => {
  it.each([
    ['plain $HOME $5 $', 'plain $HOME $5 $'],
    ['\u0024{A}', '1'],
    ['x\u0024{A}y\u0024{A}', 'x1y1'],
    ['\u0024{NONE:-d}', 'd'],
    ['\u0024{EMPTY:-d}', 'd'],
    ['\u0024{EMPTY}', ''],
    ['\u0024{A:-d}', '1'],
    ['\u0024{NONE:-}', ''],
    ['\u0024{NONE:-a-\u0024{A}-\u0024{NONE:-z}}', 'a-1-z'],
    ['$\u0024{A}', '\u0024{A}'],
    ['$\u0024{A:-x}', '\u0024{A:-x}'],
    ['$$', '$$'],
  ])('%s → %s', (text, expected) => {
    expect(expand(text)).toEqual({ text: expected, faults: [] })
  })

  it.each([
    ['x\u0024{NONE}y', 1, 8, 'is not set and has no default'],
    ['\u0024{A', 0, 3, 'has no closing brace'],
    ['\u0024{1A}', 0, 5, 'is no variable'],
    ['\u0024{}', 0, 3, 'is no variable'],
    ['\u0024{A-b}', 0, 6, 'is no variable'],
    ['\u0024{A:=b}', 0, 7, 'is no variable'],
    ['\u0024{NONE:-\u0024{NOPE}}', 8, 15, 'is not set and has no default'],
  ])('finds what is wrong in %s', (text, start, end, what) => {
    expect(expand(text).faults).toEqual([expect.objectContaining({ start, end, is: expect.stringContaining(what) })])
  })

  it('keeps silent about what was reported elsewhere', () => {
    expect(expand('\u0024{BAD}').faults).toEqual([{ start: 0, end: 6 }])
  })

  it('stops variables that double each other', () => {
    const long = (): VariableValue => ({ text: 'x'.repeat(40_000) })
    expect(expandVariables('\u0024{A}\u0024{A}', long).faults[0]?.is).toContain('longer than')
  })
})
