import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { extentsWithin, overlayImages, placeImage, sliceImage, unspecifiedStretches } from './compose.js'
import { type DiskImage, type Extent, ImageBuilder, type MakeBytes, type SourceFile } from './extent.js'
import { MappedDigest, outlineOf } from './mapped-digest.js'
import { PayloadReader } from './payload-reader.js'
import { readImage } from './read.js'
import { MIN_FILL_BYTES, runsOf } from './runs.js'
import { sourceFileOf } from './source-file.js'
import { WINDOW_ALIGN_BYTES, WINDOW_BYTES, windowsOf } from './windows.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-extent-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FILE_BYTES = 300_000
const path = join(folder, 'payload')
writeFileSync(path, Buffer.from(Array.from({ length: FILE_BYTES }, (_, index) => (index * 7 + (index >> 8)) & 0xff)))
const file: SourceFile = { path, sizeBytes: FILE_BYTES, mtimeNs: statSync(path, { bigint: true }).mtimeNs }

/** No two neighbours alike, wherever it is cut. */
const make: MakeBytes = (target, offset) => {
  for (let index = 0; index < target.length; index++) target[index] = (offset + index) * 31 + ((offset + index) >> 8)
}

const SIZE = 400_000

/** An image of SIZE bytes and the model that it must agree with: byte values, -1 where unspecified. */
const images = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 90_000 })),
      length: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 100_000 })),
      kind: fc.constantFrom('bytes', 'made', 'file', 'zero', 'ones'),
      seed: fc.integer({ min: 0, max: FILE_BYTES + 5000 }),
    }),
    { maxLength: 12 },
  )
  .map((parts) => {
    const builder = new ImageBuilder(SIZE)
    const extents: Extent[] = []
    let at = 0
    for (const { gap, length, kind, seed } of parts) {
      at += gap
      const size = Math.min(length, SIZE - at)
      if (size <= 0) break
      if (kind === 'bytes')
        extents.push({
          offset: at,
          length: size,
          source: { kind: 'bytes', bytes: new Uint8Array(size).fill(seed & 0xff) },
        })
      else if (kind === 'made') extents.push({ offset: at, length: size, source: { kind: 'made', make, offset: seed } })
      else if (kind === 'file') extents.push({ offset: at, length: size, source: { kind: 'file', file, offset: seed } })
      else extents.push({ offset: at, length: size, source: { kind: 'fill', byte: kind === 'zero' ? 0 : 0xff } })
      at += size
    }
    // In any order: the builder sorts.
    for (const extent of extents.toReversed()) builder.extent(0, extent)
    return builder.finish()
  })

function read(image: DiskImage, offset: number, length: number): Uint8Array {
  const target = new Uint8Array(length).fill(0xd1)
  const reader = new PayloadReader()
  readImage(image, offset, target, reader)
  reader.close()
  return target
}

function specified(image: DiskImage): Uint8Array {
  const map = new Uint8Array(image.sizeBytes)
  for (const { offset, length } of image.extents) map.fill(1, offset, offset + length)
  return map
}

function digest(image: DiskImage, cut: number): string {
  const sum = new MappedDigest(outlineOf(image))
  const all = read(image, 0, image.sizeBytes)
  for (let at = 0; at < all.length; at += cut) sum.update(at, all.subarray(at, at + cut))
  return sum.finish()
}

/** The same image with every extent cut in two. */
function recut(image: DiskImage): DiskImage {
  const builder = new ImageBuilder(image.sizeBytes)
  for (const { offset, length } of image.extents) {
    const middle = offset + Math.floor(length / 3)
    for (const [start, end] of [
      [offset, middle],
      [middle, offset + length],
    ] as const) {
      for (const part of extentsWithin(image, start, end)) builder.extent(0, part)
    }
  }
  return builder.finish()
}

describe('the image value', () => {
  it('reads at random what it reads as a whole, over dirty memory', () => {
    fc.assert(
      fc.property(images, fc.nat(SIZE), fc.nat(70_000), (image, offset, length) => {
        const size = Math.min(length, SIZE - offset)
        expect(Buffer.compare(read(image, offset, size), read(image, 0, SIZE).subarray(offset, offset + size))).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('reads zeros from the end of a file on', () => {
    const image = new ImageBuilder(SIZE).padded(
      1000,
      { offset: 0, length: FILE_BYTES, source: { kind: 'file', file, offset: 0 } },
      5000,
    )
    const { extents } = image.finish()
    expect(extents.map(({ offset, length }) => [offset, length])).toEqual([[1000, FILE_BYTES + 5000]])
    const expected = Buffer.concat([readFileSync(path).subarray(-10), Buffer.alloc(5000)])
    for (const [start, end] of [
      [0, 5010],
      [9, 11],
      [10, 100],
      [4000, 5010],
    ] as const) {
      const got = read({ sizeBytes: SIZE, extents }, 1000 + FILE_BYTES - 10 + start, end - start)
      expect(Buffer.compare(got, expected.subarray(start, end))).toBe(0)
    }
  })

  it('pads a part of a file by an extent of its own', () => {
    const part: Extent = { offset: 0, length: 10, source: { kind: 'file', file, offset: 0 } }
    expect(new ImageBuilder(SIZE).padded(0, part, 5).finish().extents).toEqual([
      part,
      { offset: 10, length: 5, source: { kind: 'fill', byte: 0 } },
    ])
  })

  it('reads zeros where nothing is specified', () => {
    fc.assert(
      fc.property(images, (image) => {
        const all = read(image, 0, SIZE)
        for (const [start, end] of unspecifiedStretches(image)) {
          expect(all.subarray(start, end).every((byte) => byte === 0)).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('overlays: the upper where it specifies, else the lower', () => {
    fc.assert(
      fc.property(images, images, (lower, upper) => {
        const both = overlayImages(lower, upper)
        const [a, b, c] = [read(lower, 0, SIZE), read(upper, 0, SIZE), read(both, 0, SIZE)]
        const [inLower, inUpper, inBoth] = [specified(lower), specified(upper), specified(both)]
        for (let index = 0; index < SIZE; index++) {
          if (c[index] !== (inUpper[index] ? b[index] : a[index])) expect.fail(`byte ${index}`)
          if (inBoth[index] !== (inUpper[index]! | inLower[index]!)) expect.fail(`state of byte ${index}`)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('slices what it places', () => {
    fc.assert(
      fc.property(images, fc.nat(5000), (image, offset) => {
        const placed = placeImage(image, offset, SIZE + 9000)
        const back = sliceImage(placed, offset, SIZE)
        expect(back.extents).toEqual(image.extents)
      }),
      { numRuns: 40 },
    )
  })

  it('refuses overlapping extents and extents past the end', () => {
    const overlapping = new ImageBuilder(100).fill(0, 50).fill(49, 2)
    expect(() => overlapping.finish()).toThrow(/overlap: one begins at 49, the one before ends at 50/)
    expect(() => new ImageBuilder(100).fill(99, 2).finish()).toThrow(/ends at 101, the image at 100/)
  })
})

describe('runs', () => {
  it('are the same however the extents are cut', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(outlineOf(recut(image))).toEqual(outlineOf(image))
      }),
      { numRuns: 60 },
    )
  })

  it('cover exactly what is specified, never touch as data, and hold no short fill', () => {
    fc.assert(
      fc.property(images, (image) => {
        const covered = new Uint8Array(SIZE)
        let previous: { kind: string; end: number } | undefined
        for (const run of runsOf(image)) {
          covered.fill(1, run.offset, run.offset + run.length)
          if (run.kind === 'fill') expect(run.length).toBeGreaterThanOrEqual(MIN_FILL_BYTES)
          if (previous?.kind === 'data' && run.kind === 'data') expect(run.offset).toBeGreaterThan(previous.end)
          previous = { kind: run.kind, end: run.offset + run.length }
        }
        expect(Buffer.compare(covered, specified(image))).toBe(0)
      }),
      { numRuns: 40 },
    )
  })
})

describe('windows', () => {
  it('are aligned, ascending, bounded, and carry every byte that is not zero', () => {
    fc.assert(
      fc.property(images, (image) => {
        const all = read(image, 0, SIZE)
        const rebuilt = new Uint8Array(SIZE)
        let previous = 0
        for (const { start, end, fill } of windowsOf(image)) {
          expect(start % WINDOW_ALIGN_BYTES).toBe(0)
          expect(end % WINDOW_ALIGN_BYTES).toBe(0)
          expect(start).toBeGreaterThanOrEqual(previous)
          expect(end).toBeGreaterThan(start)
          if (fill === undefined) expect(end - start).toBeLessThanOrEqual(WINDOW_BYTES)
          const stop = Math.min(end, SIZE)
          if (fill === undefined) rebuilt.set(read(image, start, stop - start), start)
          else rebuilt.fill(fill, start, stop)
          previous = end
        }
        expect(Buffer.compare(rebuilt, all)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the mapped digest', () => {
  it('does not depend on cuts of extents or of what it is fed', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 1000, max: 60_000 }), (image, cut) => {
        expect(digest(recut(image), cut)).toBe(digest(image, SIZE))
      }),
      { numRuns: 30 },
    )
  })

  it('tells zeros that matter from unspecified space, and content from content', () => {
    const nothing = new ImageBuilder(4096).finish()
    const zeros = new ImageBuilder(4096).fill(0, 4096).finish()
    const moved = new ImageBuilder(4096).fill(1, 4095).finish()
    const other = new ImageBuilder(4096).bytes(0, new Uint8Array(4096).fill(1)).finish()
    const sums = [nothing, zeros, moved, other].map((image) => digest(image, 4096))
    expect(new Set(sums).size).toBe(4)
  })

  it('is the documented one', () => {
    const image = new ImageBuilder(200_000)
      .bytes(3, Uint8Array.of(1, 2, 3))
      .fill(100_000, 70_000, 0xff)
      .finish()
    // header(3, 3, data) ‖ 01 02 03 ‖ header(100000, 70000, fill 0xFF), through sha256sum
    expect(digest(image, 200_000)).toBe('06654bcb4de3df7976b2653a409c709ce3a0cd182968bf4f79abd61e03166447')
  })
})

describe('PayloadReader', () => {
  it('notices a file that grew, shrank, changed its time, or went', () => {
    const other = join(folder, 'changing')
    const plan = (): SourceFile => {
      writeFileSync(other, 'before')
      return { path: other, sizeBytes: 6, mtimeNs: statSync(other, { bigint: true }).mtimeNs }
    }
    const readAll = (source: SourceFile) => {
      const reader = new PayloadReader()
      try {
        reader.read(source, 0, new Uint8Array(source.sizeBytes))
        reader.close()
      } finally {
        reader.abandon()
      }
    }
    const same = plan()
    expect(() => readAll(same)).not.toThrow()
    const grown = plan()
    writeFileSync(other, 'before and after')
    expect(() => readAll(grown)).toThrow(/changed while it was read \(it has 16 bytes, it had 6\)/)
    const shrunk = plan()
    writeFileSync(other, 'be')
    expect(() => readAll(shrunk)).toThrow(/it ends at byte 2/)
    const touched = { ...plan(), mtimeNs: 1_000_000_000n }
    expect(() => readAll(touched)).toThrow(/its modification time is another/)
    const measured = (): SourceFile => sourceFileOf(other, 6, statSync(plan().path, { bigint: true }))
    expect(() => readAll(measured())).not.toThrow()
    const first = measured()
    const { atime, mtime } = statSync(other)
    utimesSync(other, atime, mtime)
    const back = sourceFileOf(other, 6, { ...statSync(other, { bigint: true }), ctimeNs: BigInt(first.ctimeNs!) })
    // Written to, and its modification time put back.
    expect(() => readAll(back)).toThrow(/its time of change \(ctime\) is another/)
    const replaced = measured()
    cpSync(other, `${other}.new`, { preserveTimestamps: true })
    renameSync(`${other}.new`, other)
    utimesSync(
      other,
      new Date(Number(replaced.mtimeNs! / 1_000_000n)),
      new Date(Number(replaced.mtimeNs! / 1_000_000n)),
    )
    const { mtimeNs } = statSync(other, { bigint: true })
    expect(() => readAll({ ...replaced, mtimeNs })).toThrow(/another file is in its place|its time of change/)
    const gone = plan()
    rmSync(other)
    expect(() => readAll(gone)).toThrow(/it is no longer there/)
  })
})
