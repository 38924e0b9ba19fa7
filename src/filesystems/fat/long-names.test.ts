import { describe, expect, it } from 'vitest'
import { encodeLongName, foldCase, longNameSlots, shortNameChecksum } from './long-names.js'

describe('foldCase', () => {
  it.each([
    ['README', 'readme'],
    ['ÄÖÜ', 'äöü'],
    ['Ж', 'ж'],
    ['Ω', 'ω'],
  ])('%s and %s are the same', (a, b) => {
    expect(foldCase(a)).toBe(foldCase(b))
  })

  it.each([
    ['ß', 'SS'],
    ['ı', 'I'],
    ['ſ', 'S'],
    ['a', 'b'],
  ])('%s and %s are not', (a, b) => {
    expect(foldCase(a)).not.toBe(foldCase(b))
  })
})

describe('encodeLongName', () => {
  it('has the example of the specification', () => {
    // [FATGEN §7.3] "The quick brown.fox"
    const target = new Uint8Array(3 * 32)
    expect(shortNameChecksum('THEQUI~1FOX')).toBe(0x07)
    expect(encodeLongName(target, 32, 'The quick brown.fox', 'THEQUI~1FOX')).toBe(96)
    expect(Buffer.from(target).toString('hex')).toBe(
      `${'00'.repeat(32)}42${'77006e002e0066006f00'}0f0007${'78000000ffffffffffffffff'}0000${'ffffffff'}` +
        `01${'54006800650020007100'}0f0007${'7500690063006b0020006200'}0000${'72006f00'}`,
    )
  })

  it.each([
    [1, 1],
    [13, 1],
    [14, 2],
    [255, 20],
  ])('a name of %i units takes %i slots', (units, slots) => {
    expect(longNameSlots('x'.repeat(units))).toBe(slots)
  })

  it('has no terminator where the name fills its last slot', () => {
    const target = new Uint8Array(32)
    encodeLongName(target, 0, 'x'.repeat(13), 'XXXXXX~1   ')
    expect(Buffer.from(target).toString('hex')).toBe(
      `41${'7800'.repeat(5)}0f00${shortNameChecksum('XXXXXX~1   ').toString(16)}${'7800'.repeat(6)}0000${'7800'.repeat(2)}`,
    )
  })
})
