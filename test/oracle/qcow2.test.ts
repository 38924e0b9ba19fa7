import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type DiskImage, ImageBuilder } from '../../src/image/extent.js'
import { createPlannedSink } from '../../src/outputs/planned-sink.js'
import { createQcow2Sink } from '../../src/outputs/qcow2-file.js'
import { planQcow2 } from '../../src/outputs/qcow2-plan.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { weave } from '../../src/outputs/weave.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { assertSameBytes, rawBytes, specifiedBlocks, variedImage } from '../support/varied-image.js'

const CLUSTER_BYTES = 65536
const GIB = 2 ** 30
const folder = scratchFolder()

async function write(name: string, image: DiskImage): Promise<string> {
  const path = join(folder, name)
  await weave(image, [await createPlannedSink(path, planQcow2(image))], INLINE_THREADS)
  return path
}

interface MapEntry {
  start: number
  length: number
  present: boolean
  zero: boolean
  data: boolean
}

describeWithTools('qcow2, by qemu-img', ['qemu-img'], () => {
  it('is clean under check and becomes the raw image, whatever the size', async () => {
    for (const sizeBytes of [40 * 2 ** 20, 40 * 2 ** 20 + 512 * 3, 25 * 2 ** 20 + 4096]) {
      const image = variedImage(sizeBytes)
      const path = await write(`${sizeBytes}.qcow2`, image)
      expect(tool('qemu-img', 'check', path)).toContain('No errors were found on the image.')
      const raw = `${path}.raw`
      tool('qemu-img', 'convert', '-O', 'raw', path, raw)
      assertSameBytes(readFileSync(raw), rawBytes(image))
    }
  })

  it('keeps the three states: zeros are zero clusters, what is unspecified is not allocated', async () => {
    const image = variedImage(40 * 2 ** 20)
    const path = await write('states.qcow2', image)
    const map = JSON.parse(tool('qemu-img', 'map', '--output=json', path)) as MapEntry[]
    const specified = specifiedBlocks(image, CLUSTER_BYTES)
    const raw = rawBytes(image)
    // Stretches end at holes within a cluster of the file, too.
    for (const { start, length, present, zero, data } of map) {
      for (let at = start; at < start + length; at += CLUSTER_BYTES) {
        expect([at, present]).toEqual([at, specified[Math.floor(at / CLUSTER_BYTES)]])
        if (zero && !data)
          expect(raw.subarray(at, Math.min(at + CLUSTER_BYTES, start + length)).every((byte) => byte === 0)).toBe(true)
      }
    }
    expect(map.some(({ present, zero, data }) => present && zero && !data)).toBe(true)
  })

  it('counts and maps far out: content at 600 GiB and 3 TiB costs two tables', async () => {
    const image = new ImageBuilder(4096 * GIB)
      .bytes(600 * GIB - 100, new Uint8Array(200).fill(7))
      .fill(600 * GIB + CLUSTER_BYTES, 2 * GIB)
      .bytes(3072 * GIB, new Uint8Array(100_000).fill(9))
      .finish()
    const path = await write('far.qcow2', image)
    expect(tool('qemu-img', 'check', path)).toContain('No errors were found on the image.')
    expect(statSync(path).size).toBeLessThan(2 ** 21)
    for (const [offset, expected] of [
      [600 * GIB - 100, 7],
      [3072 * GIB, 9],
    ] as const) {
      const out = tool('qemu-io', '-f', 'qcow2', '-r', '-c', `read -P ${expected} ${offset} 100`, path)
      expect(out).not.toContain('Pattern verification failed')
    }
  })

  it('has reference counts in several blocks where the file has more than 2 GiB', async () => {
    const image = new ImageBuilder(5 * GIB).fill(1 << 20, 4.5 * GIB, 0xff).finish()
    const { headers, stretches, sizeBytes } = planQcow2(image)
    const path = join(folder, 'large.qcow2')
    // Only the structure: the content of the fill would be 4.5 GiB.
    const sink = await createPlannedSink(path, { headers, stretches, sizeBytes })
    await sink.finish()
    expect(tool('qemu-img', 'check', path)).toContain('No errors were found on the image.')
  })

  it('compressed, is clean under check, becomes the raw image, and keeps the three states', async () => {
    for (const sizeBytes of [25 * 2 ** 20 + 4096, 25 * 2 ** 20 + 512 * 3]) {
      const image = variedImage(sizeBytes)
      const path = join(folder, `${sizeBytes}.packed.qcow2`)
      await weave(image, [await createQcow2Sink(path, image, { level: 6 }, INLINE_THREADS)], INLINE_THREADS)
      expect(tool('qemu-img', 'check', path)).toContain('No errors were found on the image.')
      const raw = `${path}.raw`
      tool('qemu-img', 'convert', '-O', 'raw', path, raw)
      assertSameBytes(readFileSync(raw), rawBytes(image))
      const specified = specifiedBlocks(image, CLUSTER_BYTES)
      for (const { start, length, present } of JSON.parse(
        tool('qemu-img', 'map', '--output=json', path),
      ) as MapEntry[]) {
        for (let at = start; at < start + length; at += CLUSTER_BYTES) {
          expect([at, present]).toEqual([at, specified[Math.floor(at / CLUSTER_BYTES)]])
        }
      }
    }
  })

  it('compressed, puts text, noise and fills side by side, each stored as is shortest', async () => {
    const cluster = (index: number): Uint8Array =>
      index % 3 === 0 ? randomBytes(CLUSTER_BYTES) : Buffer.alloc(CLUSTER_BYTES, `line ${index * index} of a log\n`)
    const content = Buffer.concat(Array.from({ length: 64 }, (_, index) => cluster(index)))
    const image = new ImageBuilder(64 * 2 ** 20)
      // Clusters begin and end inside these.
      .bytes(3 * CLUSTER_BYTES - 1000, content)
      .fill(128 * CLUSTER_BYTES + 100, 40 * CLUSTER_BYTES, 0xff)
      .bytes(200 * CLUSTER_BYTES + 4096, new Uint8Array(10).fill(1))
      .bytes(200 * CLUSTER_BYTES + 40960, new Uint8Array(10).fill(2))
      .finish()
    const path = join(folder, 'mixed.qcow2')
    await weave(image, [await createQcow2Sink(path, image, { level: 6 }, INLINE_THREADS)], INLINE_THREADS)
    const report = tool('qemu-img', 'check', path)
    expect(report).toContain('No errors were found on the image.')
    tool('qemu-img', 'convert', '-O', 'raw', path, `${path}.raw`)
    assertSameBytes(readFileSync(`${path}.raw`), rawBytes(image))
    // 23 clusters of noise as they are; all others are a fraction.
    expect(statSync(path).size).toBeLessThan(40 * CLUSTER_BYTES)
    const info = JSON.parse(tool('qemu-img', 'check', '--output=json', path)) as Record<string, number>
    expect(info['compressed-clusters']).toBeGreaterThan(60)
  })
})
