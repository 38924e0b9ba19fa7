import { randomFillSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { zstdFrame } from './zstd-frame.js'

/** What no encoder makes shorter. */
const NOISE = randomFillSync(new Uint8Array(200_000))

function inMemoryOf(bytes: number): Uint8Array {
  const content = new Uint8Array(new SharedArrayBuffer(bytes), 0, NOISE.length)
  content.set(NOISE)
  return content
}

describe('zstdFrame', () => {
  it('puts a frame that is longer than its content into the room behind it, or else into memory of its own', async () => {
    const [roomy, tight] = [inMemoryOf(NOISE.length + 4096), inMemoryOf(NOISE.length)]
    const [inPlace, apart] = [await zstdFrame(roomy, 3), await zstdFrame(tight, 3)]
    expect(inPlace.blocks.length).toBeGreaterThan(NOISE.length)
    expect(inPlace.blocks.buffer).toBe(roomy.buffer)
    expect(apart.blocks.buffer).not.toBe(tight.buffer)
    expect(Buffer.compare(inPlace.blocks, apart.blocks)).toBe(0)
    expect(inPlace.checksum).toEqual(apart.checksum)
  })
})
