/** Random images on a used device: what is specified is there, what is not is as it was, whole blocks apart. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { alignDown, alignUp } from '../../src/bytes/align.js'
import { writeDevice } from '../../src/flash/write-device.js'
import { type DiskImage, ImageBuilder } from '../../src/image/extent.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { MemoryDevice, USED } from '../support/memory-device.js'

const RUNS = process.env.DISKLOOM_DEEP === undefined ? 100 : 2000
const KIB = 1024
/** Writes are whole blocks of this many bytes. */
const BLOCK_BYTES = 4096
/** Both ends are wiped and written whole. */
const WIPED_BYTES = 1 << 20

/** Gap, length and content of an extent; lengths near the borders of runs, blocks and windows. */
const extent = fc.record({
  gap: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9000 }), fc.constant(70 * KIB)),
  length: fc.oneof(
    fc.integer({ min: 1, max: 10_000 }),
    fc.constantFrom(4096, 65_535, 65_536, 65_537, 200 * KIB, 1 << 20, (1 << 20) + 1),
  ),
  byte: fc.constantFrom(undefined, 0, 0, 0xff),
})
const image = fc
  .tuple(fc.integer({ min: 0, max: 3 << 20 }), fc.array(extent, { maxLength: 12 }), fc.integer({ min: 0, max: 3000 }))
  .map(([start, extents, sectors]) => build(start, extents, sectors))

interface DrawnExtent {
  gap: number
  length: number
  byte: number | undefined
}

function build(start: number, extents: DrawnExtent[], sectors: number): DiskImage {
  const end = extents.reduce((sum, { gap, length }) => sum + gap + length, start)
  const builder = new ImageBuilder(alignUp(end, 512) + sectors * 512 + 512)
  let at = start
  for (const { gap, length, byte } of extents) {
    at += gap
    if (byte === undefined)
      builder.bytes(
        at,
        Uint8Array.from({ length }, (_, index) => (index * 7 + at) & 0xff),
      )
    else builder.fill(at, length, byte)
    at += length
  }
  return builder.finish()
}

it('holds what is specified and keeps what is not', async () => {
  await fc.assert(
    fc.asyncProperty(image, fc.boolean(), async (drawn, verify) => {
      const device = new MemoryDevice(drawn.sizeBytes)
      await writeDevice(device, drawn, { verify, partitions: [], sinks: [], threads: INLINE_THREADS })
      const touched = new Uint8Array(drawn.sizeBytes).fill(0)
      touched.fill(1, 0, WIPED_BYTES).fill(1, Math.max(0, drawn.sizeBytes - WIPED_BYTES))
      for (const { offset, length, source } of drawn.extents) {
        const found = device.bytes.subarray(offset, offset + length)
        const expected =
          source.kind === 'bytes' ? source.bytes : new Uint8Array(length).fill((source as { byte: number }).byte)
        expect(Buffer.compare(found, expected), `extent at ${offset}`).toBe(0)
        touched.fill(1, alignDown(offset, BLOCK_BYTES), alignUp(offset + length, BLOCK_BYTES))
      }
      const changed = device.bytes.findIndex((byte, at) => touched[at] === 0 && byte !== USED)
      expect(changed).toBe(-1)
    }),
    { numRuns: RUNS },
  )
})
