import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ChunkHeader, SparseHeader } from '../../src/archives/android-sparse/disklayout.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { type AndroidSparsePart, LEAST_PART_BYTES, planAndroidSparse } from '../../src/outputs/android-sparse-plan.js'
import { createPlannedSink } from '../../src/outputs/planned-sink.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { weave } from '../../src/outputs/weave.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { assertSameBytes, rawBytes, variedImage, writtenOver } from '../support/varied-image.js'

const BLOCK_BYTES = 4096
const USED = 0xd1
const RAW = 0xcac1
const DONT_CARE = 0xcac3
const folder = scratchFolder()

async function write(name: string, image: ReturnType<typeof variedImage>, limit?: number): Promise<string[]> {
  const parts = planAndroidSparse(image, limit)
  const paths = parts.map((_, index) => join(folder, `${name}.${index}`))
  const sinks = await Promise.all(parts.map((part, index) => createPlannedSink(paths[index]!, part)))
  await weave(image, sinks, INLINE_THREADS)
  return paths
}

/** Writes a sparse file over a medium as a boot loader does: raw and fill are written, what nobody cares for is skipped. */
function flash(path: string, medium: Buffer): void {
  const file = readFileSync(path)
  const header = SparseHeader.decode(file)
  let at = SparseHeader.SIZE
  let offset = 0
  for (let index = 0; index < header.total_chunks; index++) {
    const { chunk_type, chunk_sz, total_sz } = ChunkHeader.decode(file, at)
    const content = file.subarray(at + ChunkHeader.SIZE, at + total_sz)
    const target = medium.subarray(offset, offset + chunk_sz * BLOCK_BYTES)
    if (chunk_type === RAW) content.copy(target)
    else if (chunk_type !== DONT_CARE) target.fill(content)
    at += total_sz
    offset += chunk_sz * BLOCK_BYTES
  }
  expect([at, offset]).toEqual([file.length, header.total_blks * BLOCK_BYTES])
}

const image = variedImage(40 * 2 ** 20)
const LIMITS = [undefined, 1 << 20, 300_001, LEAST_PART_BYTES + 50_000]

describe('Android sparse files', () => {
  it('write what is specified over a used medium and nothing else, in one file or many', async () => {
    for (const limit of LIMITS) {
      const paths = await write(`flash-${limit}`, image, limit)
      const medium = Buffer.alloc(image.sizeBytes, USED)
      for (const path of paths) {
        expect(statSync(path).size).toBeLessThanOrEqual(limit ?? Number.POSITIVE_INFINITY)
        flash(path, medium)
      }
      assertSameBytes(medium, writtenOver(image, BLOCK_BYTES, USED))
      if (limit !== undefined) expect(paths.length).toBeGreaterThan(3)
    }
  })

  it('count raw chunks of more than 4 GiB in pieces, and refuse more blocks than 32 bits count', () => {
    const GIB = 2 ** 30
    const file = { path: '/nothing', sizeBytes: 9 * GIB }
    const parts = planAndroidSparse(new ImageBuilder(10 * GIB).file(0, 9 * GIB, file).finish())
    const chunks = (part: AndroidSparsePart) => part.headers.slice(1).map(({ bytes }) => ChunkHeader.decode(bytes))
    expect(chunks(parts[0]!).map(({ chunk_type, chunk_sz }) => [chunk_type, chunk_sz])).toEqual([
      [RAW, 1048575],
      [RAW, 1048575],
      [RAW, 262146],
      [DONT_CARE, 262144],
    ])
    expect(() => planAndroidSparse(new ImageBuilder(2 ** 44).finish())).toThrow(/at most 4294967295 are accepted/)
  })
})

describeWithTools('Android sparse files, by simg2img', ['simg2img'], () => {
  it('become the raw image, padded to whole blocks', async () => {
    for (const sizeBytes of [image.sizeBytes, image.sizeBytes + 1536]) {
      const content = variedImage(sizeBytes)
      const raw = rawBytes(content)
      for (const limit of LIMITS.slice(0, 3)) {
        const paths = await write(`simg-${sizeBytes}-${limit}`, content, limit)
        const target = join(folder, `${sizeBytes}-${limit}.img`)
        tool('simg2img', ...paths, target)
        const padded = Buffer.alloc(Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES)
        raw.copy(padded)
        assertSameBytes(readFileSync(target), padded)
      }
    }
  })
})
