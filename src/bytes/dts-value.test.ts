import { describe, expect, it } from 'vitest'
import { dtsBytes, dtsText, parseDtsValue, referencesOf, sameDtsValue } from './dts-value.js'

describe('parseDtsValue', () => {
  const GOOD: [text: string, bytes: string, again?: string][] = [
    ['', ''],
    ['"okay"', '6f6b617900'],
    ['"a", "b"', '61006200'],
    ['"say \\"x\\"\\\\"', '7361792022782 25c00'.replace(' ', '')],
    ['"\\x41\\101"', '414100', '"AA"'],
    ['<1 0x10>', '0000000100000010', '<1 16>'],
    ['< 4096 >', '00001000', '<0x1000>'],
    ['/bits/ 8 <1 255>', '01ff'],
    ['/bits/ 64 <0x100000002>', '0000000100000002'],
    ['[00fF 1a]', '00ff1a', '[00 ff 1a]'],
    ['<1>,"x" , [02]', '00000001780002', '<1>, "x", [02]'],
  ]
  for (const [text, bytes, again = text] of GOOD) {
    it(`reads ${text}`, () => {
      const value = parseDtsValue(text)!
      expect(Buffer.from(dtsBytes(value, () => 0)).toString('hex')).toBe(bytes)
      expect(dtsText(value)).toBe(again)
      expect(sameDtsValue(parseDtsValue(dtsText(value))!, value)).toBe(true)
    })
  }

  for (const text of [
    'MACRO',
    '<MACRO>',
    '<(1 + 1)>',
    '<-1>',
    '<0x100000000>',
    '/bits/ 8 <256>',
    '[0]',
    '"a',
    '"a" "b"',
    '&a',
    '<1> /* */',
  ]) {
    it(`leaves ${text} to a preprocessor`, () => {
      expect(parseDtsValue(text)).toBeUndefined()
    })
  }

  it('keeps references, and knows their places', () => {
    const value = parseDtsValue('"ab", <1 &phy 0 &{/soc/x}>')!
    expect(referencesOf(value)).toEqual([
      { reference: '&phy', offset: 7 },
      { reference: '&{/soc/x}', offset: 15 },
    ])
    expect(Buffer.from(dtsBytes(value, (name) => name.length)).toString('hex')).toBe(
      '616200' + '00000001' + '00000004' + '00000000' + '00000009',
    )
    expect(sameDtsValue(value, parseDtsValue('"ab", <1 &phy 0 &{/soc/y}>')!)).toBe(false)
    expect(sameDtsValue(value, parseDtsValue('"ab", <1>, <&phy 0 &{/soc/x}>')!)).toBe(true)
  })

  it('writes what is not ASCII as UTF-8, one character per byte', () => {
    expect(dtsText([{ kind: 'string', text: 'ü' }])).toBe('"\xc3\xbc"')
    expect(parseDtsValue('"\xc3\xbc"')).toEqual([{ kind: 'string', text: 'ü' }])
  })
})
