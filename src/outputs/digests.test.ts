import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sliceImage } from '../image/compose.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import { MappedDigest, outlineOf } from '../image/mapped-digest.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { DigestSink } from './digest-sink.js'
import { mappedDigestOfDisk, mergeDigests, planDigests, splitDigestPlan } from './digests.js'
import { INLINE_THREADS } from './threads.js'
import { weave } from './weave.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-digests-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function source(name: string, length: number): SourceFile {
  const path = join(folder, name)
  writeFileSync(path, Buffer.alloc(length, name))
  return { path, sizeBytes: length, mtimeNs: statSync(path, { bigint: true }).mtimeNs }
}

const whole = source('whole', 5_000_003)
const split = source('split', 70_000)
const reversed = source('reversed', 20_000)

const SIZE = 20_000_512
const image: DiskImage = new ImageBuilder(SIZE)
  .bytes(0, new Uint8Array(512).fill(9))
  .file(1_000_192, whole.sizeBytes, whole)
  .file(7_000_064, 30_000, split, 0)
  .file(8_000_000, 40_000, split, 30_000)
  .file(9_000_000, 10_000, reversed, 10_000)
  .file(9_100_000, 10_000, reversed, 0)
  .fill(10_000_000, 5_000_000, 0xff)
  // A short fill on either side of the second partition's end: for the whole disk one long fill, which no window carries.
  .fill(15_960_000, 80_000)
  .bytes(SIZE - 512, new Uint8Array(512).fill(8))
  .finish()

const partitions = [
  { offset: 6_999_552, sizeBytes: 9_000_448 },
  { offset: 1_000_192, sizeBytes: 5_999_360 },
]

function plainBytes(): Uint8Array {
  const bytes = new Uint8Array(SIZE)
  readImage(image, 0, bytes, new PayloadReader())
  return bytes
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('the digests of a pass', () => {
  it('are those of a read of each thing by itself', async () => {
    const { plan, files } = planDigests(image, partitions, true)
    const sink = new DigestSink(INLINE_THREADS.digests(plan))
    await weave(image, [sink], INLINE_THREADS)
    const { results } = sink
    const all = plainBytes()

    expect(results.full).toBe(sha256(all))
    expect(files.map(({ file }) => file)).toEqual([whole, split]) // `reversed` does not stand in its order
    expect(results.files).toEqual(
      files.map(({ file }) => sha256(Buffer.alloc(file.sizeBytes, String(file.path).split('/').at(-1)))),
    )
    plan.stretches.forEach(({ offset, sizeBytes }, index) => {
      const alone = new MappedDigest(outlineOf(sliceImage(image, offset, sizeBytes)))
      alone.update(0, all.subarray(offset, offset + sizeBytes))
      expect(results.stretches[index]).toBe(alone.finish())
    })
  })

  it('has those of the members of an archive in any order, and of no two for one stretch', async () => {
    const archive = source('archive', 100_000)
    writeFileSync(archive.path, Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251)))
    utimesSync(archive.path, 1, 1)
    const file: SourceFile = { ...archive, mtimeNs: 1_000_000_000n }
    const disk = new ImageBuilder(1_000_000)
      .file(10_000, 30_000, file, 60_000)
      .file(50_000, 5_000, file, 512)
      .file(60_000, 4_000, file, 5_512)
      .file(80_000, 9_000, file, 512)
      .file(100_000, 700, file, 20_000)
      .finish()
    const members = [
      { file, offset: 512, length: 9_000 },
      { file, offset: 60_000, length: 30_000 },
      { file, offset: 60_000, length: 30_000 },
      { file, offset: 20_000, length: 701 },
    ]
    const { plan, files } = planDigests(disk, [], false, members)
    expect(files).toEqual(members.slice(0, 2))
    const sink = new DigestSink(INLINE_THREADS.digests(plan))
    await weave(disk, [sink], INLINE_THREADS)
    const bytes = readFileSync(file.path)
    expect(sink.results.files).toEqual(files.map((it) => sha256(bytes.subarray(it.offset, it.offset + it.length))))
  })

  it('cover the disk with stretches, partitions as they are', () => {
    const { plan } = planDigests(image, partitions, false)
    let end = 0
    for (const { offset, sizeBytes } of plan.stretches) {
      expect(offset).toBe(end)
      end += sizeBytes
    }
    expect(end).toBe(SIZE)
    for (const partition of partitions) expect(plan.stretches).toContainEqual(expect.objectContaining(partition))
  })

  it('are the same from two threads', async () => {
    const { plan } = planDigests(image, partitions, true)
    const one = new DigestSink(INLINE_THREADS.digests(plan))
    const two = splitDigestPlan(plan).map((part) => new DigestSink(INLINE_THREADS.digests(part)))
    await weave(image, [one, ...two], INLINE_THREADS)
    expect(mergeDigests(two.map(({ results }) => results))).toEqual(one.results)
  })

  it('of the disk change with any stretch and any place', () => {
    const sums = ['00'.repeat(32), '11'.repeat(32)]
    const stretches = [
      { offset: 0, sizeBytes: 512 },
      { offset: 512, sizeBytes: 512 },
    ]
    const digest = mappedDigestOfDisk(stretches, sums)
    expect(mappedDigestOfDisk(stretches, sums.toReversed())).not.toBe(digest)
    expect(mappedDigestOfDisk([stretches[0]!, { offset: 512, sizeBytes: 1024 }], sums)).not.toBe(digest)
  })
})
