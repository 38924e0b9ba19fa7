import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DEFLATE_END, deflateFill } from './deflate-fill.js'

const deflated = (byte: number, length: number) => Buffer.concat([...deflateFill(byte, length), DEFLATE_END])

describe('deflateFill', () => {
  it.each([1, 2, 257, 258, 259, 260, 516, 517, 518, 1033, 4096, 65536, 1 << 20, (1 << 24) + 77])(
    'inflates to %i bytes of the fill',
    (length) => {
      for (const byte of [0, 1, 0x41, 0xfe, 0xff]) {
        const back = inflateRawSync(deflated(byte, length))
        expect(back.length).toBe(length)
        expect(back.every((value) => value === byte)).toBe(true)
      }
    },
  )

  it('costs two bits for 258 bytes', () => {
    const size = deflated(0, 1 << 30).length
    expect((1 << 30) / size).toBeGreaterThan(1031)
  })

  it('joins with blocks before and after it', () => {
    const parts = [...deflateFill(7, 1000), ...deflateFill(0, 300_000), ...deflateFill(255, 3), DEFLATE_END]
    const back = inflateRawSync(Buffer.concat(parts))
    const expected = Buffer.concat([Buffer.alloc(1000, 7), Buffer.alloc(300_000), Buffer.alloc(3, 255)])
    expect(createHash('sha1').update(back).digest('hex')).toBe(createHash('sha1').update(expected).digest('hex'))
  })
})
