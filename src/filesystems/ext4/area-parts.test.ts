import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AreaPart, makeOfParts } from './area-parts.js'

/** Parts of these lengths, each full of its own number. */
function partsOf(lengths: readonly number[]): { parts: AreaPart[]; encodings: number[] } {
  const encodings = lengths.map(() => 0)
  let offset = 0
  const parts = lengths.map((length, index): AreaPart => {
    const encode = (target: Uint8Array): void => {
      expect(target.every((byte) => byte === 0)).toBe(true)
      encodings[index]!++
      target.fill(index + 1)
    }
    const part = { offset, length, encode }
    offset += length
    return part
  })
  return { parts, encodings }
}

describe('makeOfParts', () => {
  it('makes any stretch as it is in the whole, over dirty memory', () => {
    const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(70_000)), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(), (lengths, from, count) => {
        const { parts } = partsOf(lengths)
        const whole = Buffer.concat(lengths.map((length, index) => Buffer.alloc(length, index + 1)))
        const start = from % whole.length
        const length = 1 + (count % (whole.length - start))
        const target = new Uint8Array(length).fill(0xd1)
        makeOfParts(parts)(target, start)
        expect(Buffer.compare(target, whole.subarray(start, start + length))).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  it('encodes a long part once, however often it is read', () => {
    const { parts, encodings } = partsOf([100, 100_000])
    const make = makeOfParts(parts)
    for (let at = 0; at < 100_100; at += 10_010) make(new Uint8Array(10_010), at)
    expect(encodings).toEqual([1, 1])
  })
})
