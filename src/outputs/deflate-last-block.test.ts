import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastBlockOf } from './deflate-last-block.js'

const RUNS = process.env.DISKLOOM_DEEP === undefined ? 2000 : 100_000

/** Blocks of every type, codes longer than one look-up, and streams of many blocks. */
const OPTIONS: Record<string, ZlibOptions> = {
  stored: { level: 0 },
  fixed: { strategy: constants.Z_FIXED },
  'of literals only': { strategy: constants.Z_HUFFMAN_ONLY },
  'of runs only': { strategy: constants.Z_RLE },
  fast: { level: 1 },
  dense: { level: 9 },
  'of little memory, so of many blocks': { memLevel: 1 },
}

/** Bytes of rising rarity, so that their codes have every length; then text, a run, and noise. */
function contentOf(length: number, seed: number): Buffer {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  const skewed = Buffer.alloc(length).map(() => Math.min(255, Math.floor(-Math.log2(1 - random()) * 12)))
  const text = Buffer.from('an offset, a length; '.repeat(length / 60 + 1))
  const noise = Buffer.alloc(Math.floor(length / 3)).map(() => random() * 256)
  return Buffer.concat([skewed, text, Buffer.alloc(Math.floor(length / 5), 0xff), noise])
}

/** The same answer, found the long way: with BFINAL cleared zlib wants more, and all is out. */
function assertLastBlock(stream: Buffer, content: Buffer): void {
  const { headerBit, endBit } = lastBlockOf(stream, content)
  expect(Math.ceil(endBit / 8)).toBe(stream.length)
  const open = Buffer.from(stream)
  expect((open[headerBit >> 3]! >> (headerBit & 7)) & 1).toBe(1)
  open[headerBit >> 3]! &= ~(1 << (headerBit & 7))
  expect(() => inflateRawSync(open)).toThrow('unexpected end of file')
  expect(inflateRawSync(open, { finishFlush: constants.Z_SYNC_FLUSH }).equals(content)).toBe(true)
}

describe('lastBlockOf', () => {
  it.each(Object.entries(OPTIONS))('finds the last block of a stream %s', (_, options) => {
    for (const length of [0, 1, 2, 300, 66_000, 400_000]) {
      const content = length < 3 ? Buffer.alloc(length, 7) : contentOf(length, length)
      assertLastBlock(deflateRawSync(content, options), content)
    }
  })

  it('takes no other content, length or end', () => {
    const content = contentOf(5000, 1)
    const stream = deflateRawSync(content)
    const other = Buffer.from(content)
    other[4999]! ^= 1
    const wrong: [Buffer, Buffer][] = [
      [stream, other],
      [stream, content.subarray(1)],
      [stream, content.subarray(0, -1)],
      [stream, Buffer.concat([content, Buffer.of(0)])],
      [stream.subarray(0, -1), content],
      [Buffer.concat([stream, Buffer.of(0)]), content],
      [Buffer.alloc(0), content],
    ]
    for (const [bytes, expected] of wrong) expect(() => lastBlockOf(bytes, expected)).toThrow('does not inflate')
  })

  it('takes a damaged stream only where zlib gives the same bytes', () => {
    const streams = Object.values(OPTIONS).map((options) => {
      const content = contentOf(2000, 3)
      return { content, stream: deflateRawSync(content, options) }
    })
    const damage = fc.record({ which: fc.nat(streams.length - 1), at: fc.nat(), bit: fc.nat(7) })
    fc.assert(
      fc.property(damage, ({ which, at, bit }) => {
        const { content, stream } = streams[which]!
        const damaged = Buffer.from(stream)
        damaged[at % damaged.length]! ^= 1 << bit
        try {
          lastBlockOf(damaged, content)
        } catch {
          return
        }
        expect(inflateRawSync(damaged).equals(content)).toBe(true)
      }),
      { numRuns: RUNS },
    )
  })
})
