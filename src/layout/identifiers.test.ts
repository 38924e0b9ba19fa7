import { describe, expect, it } from 'vitest'
import { deriveIdentifiers, firstFourBytes } from './identifiers.js'

describe('deriveIdentifiers', () => {
  // The values are those of another implementation (Python's uuid.uuid5).
  it('stays what it was: boot command lines and fstabs in the field name these', () => {
    const identifiers = deriveIdentifiers('linux_burn_image')
    expect([identifiers.disk, identifiers.partition('2', 'program'), identifiers.volume('2', 'program')]).toEqual([
      'a9abf81f-fb34-56c0-9a1f-18bb88e507da',
      'd73df13c-83db-54e8-b275-5d0094a6f34a',
      'ce5c8f1b-4a4e-5c54-a570-e74439e90f6c',
    ])
  })

  it('tells seeds, kinds, numbers and names apart', () => {
    const [a, b] = [deriveIdentifiers('a'), deriveIdentifiers('b')]
    const all = [a, b].flatMap((seed) => [
      seed.disk,
      ...['1', '2'].flatMap((place) =>
        ['', 'x'].flatMap((name) => [seed.partition(place, name), seed.volume(place, name)]),
      ),
    ])
    expect(new Set(all).size).toBe(all.length)
  })

  it('is of version 5 and the variant of RFC 9562', () => {
    expect(deriveIdentifiers('a').disk).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})

it('takes the first four bytes in the order of the text', () => {
  expect(firstFourBytes('c12a7328-f81f-11d2-ba4b-00a0c93ec93b')).toBe(0xc12a7328)
})
