import { expect, it } from 'vitest'
import { isZero } from './zeros.js'

it('finds a byte that is not zero at every place, and none outside', () => {
  for (const length of [0, 1, 7, 8, 9, 15, 16, 17, 40]) {
    const bytes = new Uint8Array(length + 2).fill(1)
    bytes.fill(0, 1, length + 1)
    expect(isZero(bytes, 1, length + 1)).toBe(true)
    expect(isZero(bytes.subarray(1, length + 1))).toBe(true)
    for (let at = 1; at <= length; at++) {
      bytes[at] = 0x80
      expect(isZero(bytes, 1, length + 1), `byte ${at} of ${length}`).toBe(false)
      bytes[at] = 0
    }
  }
})
