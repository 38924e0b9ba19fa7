import { describe, expect, it } from 'vitest'
import { tableChecksum } from './checksums.js'
import { decodeUpCaseTable, encodeUpCaseTable, upCase } from './up-case.js'

const units = (...values: number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer)

describe('up-case table of exFAT', () => {
  it('is the recommended one, compressed, with the checksum of the specification', () => {
    const { bytes, checksum } = encodeUpCaseTable()
    expect([bytes.length, checksum, tableChecksum(bytes)]).toEqual([5836, 0xe619d30d, 0xe619d30d])
  })

  it('is the same after it was expanded', () => {
    const table = decodeUpCaseTable(encodeUpCaseTable().bytes)!
    const changed = Array.from(table.entries()).filter(([unit, upper]) => unit !== upper)
    expect(table.length).toBe(0x10000)
    for (const [unit, upper] of changed) expect(upCase(String.fromCharCode(unit))).toBe(String.fromCharCode(upper))
    expect(upCase('\u{10428}')).toBe('\u{10428}')
  })

  it.each([
    ['readme.txt', 'README.TXT'],
    ['größe', 'GRÖßE'],
    ['ÿ', 'Ÿ'],
    ['ω', 'Ω'],
    ['я', 'Я'],
    ['ǆ', 'Ǆ'],
    ['漢字 😀', '漢字 😀'],
  ])('%s is %s', (name, upper) => {
    expect(upCase(name)).toBe(upper)
  })

  it.each([
    ['an odd length', Uint8Array.of(0, 0, 1)],
    ['a run without its length', units(0xffff)],
    ['a run past the last unit', units(0xffff, 0xffff, 0, 0, 0xffff, 5)],
    ['more units than there are', units(0xffff, 0xffff, 0, 0)],
  ])('is refused with %s', (_, bytes) => {
    expect(decodeUpCaseTable(bytes)).toBeUndefined()
  })

  it('may end early: the other units are their own upper case', () => {
    const table = decodeUpCaseTable(units(0xffff, 0x61, 0x41))!
    expect([table[0x61], table[0x62], table[0xffff]]).toEqual([0x41, 0x62, 0xffff])
  })
})
