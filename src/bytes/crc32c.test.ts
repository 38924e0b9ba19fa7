import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32cOfZeros, crc32cRaw } from './crc32c.js'

describe('CRC-32C', () => {
  it('is the one of RFC 3720, B.4', () => {
    const inverted = (bytes: Uint8Array): string => (~crc32cRaw(0xffffffff, bytes) >>> 0).toString(16)
    expect(inverted(new Uint8Array(32))).toBe('8a9136aa')
    expect(inverted(new Uint8Array(32).fill(0xff))).toBe('62a8ab43')
    expect(inverted(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe('46dd794e')
  })

  it('goes over zeros in steps as it does one by one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.nat(70_000), (seed, zeroBytes) => {
        expect(crc32cOfZeros(seed, zeroBytes)).toBe(crc32cRaw(seed, new Uint8Array(zeroBytes)))
      }),
    )
    expect(crc32cOfZeros(0x12345678, 0)).toBe(0x12345678)
  })
})
