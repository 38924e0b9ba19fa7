import { describe, expect, it } from 'vitest'
import { bootChecksum, nameHash, setChecksum, tableChecksum } from './checksums.js'

/** Worked out by hand: rotate right by one, then add. */
describe('checksums of exFAT', () => {
  it.each([
    ['', 0],
    ['41', 0x41],
    ['4100', 0x8020],
    ['41004200', 0x2029],
    ['ffff', 0x807f + 0xff],
  ])('the hash of the name %s is %i', (hex, hash) => {
    expect(nameHash(Buffer.from(hex, 'hex'))).toBe(hash)
  })

  it.each([
    ['', 0],
    ['01', 1],
    ['0100', 0x80000000],
    ['010000', 0x40000000],
    ['0101', 0x80000001],
  ])('the checksum of the table %s is %i', (hex, sum) => {
    expect(tableChecksum(Buffer.from(hex, 'hex'))).toBe(sum)
  })

  it('leaves the fields out that change or are the checksum itself', () => {
    const bytes = Buffer.alloc(512, 0xa7)
    const sums = (): number[] => [bootChecksum(bytes), setChecksum(bytes)]
    const [boot, set] = sums()
    for (const at of [0x6a, 0x6b, 0x70]) bytes[at]! ^= 0xff
    expect(sums()[0]).toBe(boot)
    for (const at of [0x6a, 0x6b, 0x70]) bytes[at]! ^= 0xff
    for (const at of [2, 3]) bytes[at]! ^= 0xff
    expect(sums()[1]).toBe(set)
    bytes[4]! ^= 1
    expect(sums()[1]).not.toBe(set)
  })
})
