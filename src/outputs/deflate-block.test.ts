import { randomBytes } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deflateBlock } from './deflate-block.js'
import { DEFLATE_END, deflateFill } from './deflate-fill.js'

const noise = randomBytes(1 << 20)
const KINDS: Record<string, (length: number) => Uint8Array> = {
  noise: (length) => randomBytes(length),
  text: (length) => Buffer.from('partition table, offset, length; '.repeat(length / 33 + 1)).subarray(0, length),
  mixed: (length) =>
    Buffer.concat([randomBytes(Math.floor(length / 2)), Buffer.alloc(length - Math.floor(length / 2))]),
  layered: (length) => Buffer.alloc(length).map((_, index) => ((index >> 15) % 3 === 0 ? index >> 4 : noise[index]!)),
}

const inflate = (...blocks: Uint8Array[]) => inflateRawSync(Buffer.concat([...blocks, DEFLATE_END]))

describe('deflateBlock', () => {
  it.each([0, 1, 5, 6, 9])('level %i: inflates to what went in, alone and between others', async (level) => {
    for (const length of [1, 2, 3, 100, 4096, 65535, 65536, 98304, 104_448, 200_000, 1 << 20]) {
      for (const kind of Object.values(KINDS)) {
        const bytes = kind(length)
        const block = await deflateBlock(bytes, level)
        const between = inflate(...deflateFill(0, 300), ...block, ...deflateFill(9, 5), ...block)
        expect(inflate(...block).equals(bytes), `${length}`).toBe(true)
        expect(between.subarray(300, 300 + length).equals(bytes) && between.subarray(305 + length).equals(bytes)).toBe(
          true,
        )
      }
    }
  })

  it('refers to nothing before its bytes where they begin with zeros', async () => {
    const begins = [Buffer.from('00000000f4030000000000', 'hex'), Buffer.from('0000000001020304'.repeat(40), 'hex')]
    for (const begin of begins) {
      for (const length of [0, 100, 50_000, 65_536 - begin.length, 98_304, 1 << 20]) {
        const bytes = Buffer.concat([begin, Buffer.alloc(length), begin, Buffer.alloc(300), begin])
        for (const level of [1, 5, 9]) expect(inflate(...(await deflateBlock(bytes, level))).equals(bytes)).toBe(true)
      }
    }
  })

  it('joins any blocks of any sizes', async () => {
    const block = fc.uint8Array({ minLength: 1, maxLength: 2000 })
    const blocks = fc.array(block, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(blocks, fc.integer({ min: 0, max: 9 }), async (parts, level) => {
        const deflated = await Promise.all(parts.map((bytes) => deflateBlock(bytes, level)))
        expect(inflate(...deflated.flat()).equals(Buffer.concat(parts))).toBe(true)
      }),
    )
  })

  it('leaves the process as it was', async () => {
    const listeners = () => process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
    const before = listeners()
    await deflateBlock(Buffer.alloc(100), 5)
    expect(listeners()).toBe(before)
  })
})
