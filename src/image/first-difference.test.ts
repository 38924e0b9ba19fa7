import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DiskImage, ImageBuilder } from './extent.js'
import { firstDifference } from './first-difference.js'
import { PayloadReader } from './payload-reader.js'
import { readImage } from './read.js'

const SIZE = 5000

/** Few values, so that equal stretches and short differences are common. */
const images = fc
  .array(
    fc.record({
      gap: fc.nat(600),
      length: fc.integer({ min: 1, max: 900 }),
      kind: fc.constantFrom('bytes', 'zero', 'one'),
      odd: fc.option(fc.nat(899)),
    }),
    { maxLength: 8 },
  )
  .map((parts) => {
    const builder = new ImageBuilder(SIZE)
    let at = 0
    for (const { gap, length, kind, odd } of parts) {
      at += gap
      const size = Math.min(length, SIZE - at)
      if (size <= 0) break
      if (kind === 'bytes') {
        const bytes = new Uint8Array(size)
        if (odd !== null && odd < size) bytes[odd] = 1
        builder.bytes(at, bytes)
      } else builder.fill(at, size, kind === 'one' ? 1 : 0)
      at += size
    }
    return builder.finish()
  })

function bytesOf(image: DiskImage): Uint8Array {
  const target = new Uint8Array(image.sizeBytes)
  readImage(image, 0, target, new PayloadReader())
  return target
}

describe('the first difference', () => {
  it('is the first byte that differs when both are read', () => {
    fc.assert(
      fc.property(images, images, (a, b) => {
        const [left, right] = [bytesOf(a), bytesOf(b)]
        const found = left.findIndex((byte, index) => byte !== right[index])
        expect(firstDifference(a, b)).toBe(found < 0 ? undefined : found)
      }),
    )
  })

  it('reads nothing of stretches that come from the same place of the same file', () => {
    const file = { path: '/nowhere/at/all', sizeBytes: 100 }
    const image = (before: number) =>
      new ImageBuilder(100)
        .file(0, before, file, 0)
        .file(before, 100 - before, file, before)
        .finish()
    expect(firstDifference(image(10), image(60))).toBe(undefined)
  })

  it('of images of two lengths is at the shorter end', () => {
    expect(firstDifference(new ImageBuilder(10).finish(), new ImageBuilder(20).fill(0, 20).finish())).toBe(10)
  })
})
