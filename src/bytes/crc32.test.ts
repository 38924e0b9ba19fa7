import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineCrc32, crc32, crc32OfFill } from './crc32.js'

describe('crc32', () => {
  it('has the check value of the catalogue', () => {
    expect(crc32(Buffer.from('123456789')).toString(16)).toBe('cbf43926')
  })

  it('combines two stretches as if they were one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(zlibCrc32(Buffer.concat([a, b])))
      }),
    )
  })

  it.each([0, 1, 255, 4096, 1_000_003])('knows the sum of a fill of %i bytes', (length) => {
    for (const byte of [0, 0x20, 0xff]) expect(crc32OfFill(byte, length)).toBe(zlibCrc32(Buffer.alloc(length, byte)))
  })

  it('knows the sum of 8 GiB of zeros from four of 2 GiB', () => {
    const part = crc32OfFill(0, 2 ** 31)
    const whole = [1, 2, 3].reduce((sum) => combineCrc32(sum, part, 2 ** 31), part)
    expect(crc32OfFill(0, 2 ** 33)).toBe(whole)
  })
})
