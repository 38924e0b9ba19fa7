import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { windowsOf } from '../image/windows.js'
import { blockStretches } from './block-stretches.js'

const SIZE = 900_001
const DEEP = process.env.DISKLOOM_DEEP === undefined ? 1 : 20

/** Extents of all kinds with gaps, many of them shorter than a block. */
const images = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 150_000 })),
      length: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 60_000, max: 200_000 })),
      kind: fc.constantFrom('bytes', 'zero', 'ones'),
    }),
    { maxLength: 14 },
  )
  .map((parts): DiskImage => {
    const builder = new ImageBuilder(SIZE)
    let at = 0
    for (const { gap, length, kind } of parts) {
      at += gap
      const size = Math.min(length, SIZE - at)
      if (size <= 0) break
      if (kind === 'bytes') builder.bytes(at, new Uint8Array(size).fill(0x5a))
      else builder.fill(at, size, kind === 'zero' ? 0 : 0xff)
      at += size
    }
    return builder.finish()
  })

describe('blockStretches', () => {
  for (const blockBytes of [4096, 65536]) {
    it(`are exactly the blocks of ${blockBytes} bytes with something specified, and say what is in them`, () => {
      fc.assert(
        fc.property(images, (image) => {
          const raw = new Uint8Array(SIZE)
          readImage(image, 0, raw, new PayloadReader())
          const covered = new Set<number>()
          let previous: { end: number; fill: number | undefined } | undefined
          for (const stretch of blockStretches(image, blockBytes)) {
            const { start, end, fill } = stretch
            expect([start % blockBytes, end % blockBytes, end > start]).toEqual([0, 0, true])
            if (previous !== undefined) {
              expect(start).toBeGreaterThanOrEqual(previous.end)
              expect(start === previous.end && fill === previous.fill).toBe(false)
            }
            if (fill !== undefined) expect(raw.subarray(start, end).every((byte) => byte === fill)).toBe(true)
            for (let at = start; at < end; at += blockBytes) covered.add(at / blockBytes)
            previous = stretch
          }
          const specified = new Set<number>()
          for (const { offset, length } of image.extents) {
            const last = Math.floor((offset + length - 1) / blockBytes)
            for (let block = Math.floor(offset / blockBytes); block <= last; block++) specified.add(block)
          }
          expect([...covered].sort((a, b) => a - b)).toEqual([...specified].sort((a, b) => a - b))
        }),
        { numRuns: 150 * DEEP },
      )
    })
  }

  it('leave no byte that is not zero to a window or fill outside data and fills', () => {
    fc.assert(
      fc.property(images, (image) => {
        const raw = new Uint8Array(SIZE)
        readImage(image, 0, raw, new PayloadReader())
        const rebuilt = new Uint8Array(SIZE)
        const stretches = [...blockStretches(image, 4096)]
        for (const { start, end, fill } of stretches) if (fill !== undefined) rebuilt.fill(fill, start, end)
        for (const window of windowsOf(image)) {
          for (const { start, end, fill } of stretches) {
            if (fill !== undefined) continue
            const from = Math.max(start, window.start)
            const to = Math.min(end, window.end, SIZE)
            if (from < to) rebuilt.set(raw.subarray(from, to), from)
          }
        }
        expect(Buffer.compare(rebuilt, raw)).toBe(0)
      }),
      { numRuns: 100 * DEEP },
    )
  })
})
