/**
 * Damaged disks through everything that looks inside: inspect, verify, listing, reading, extraction as a tar, comparison with the sound
 * one. Each ends in a right answer or a FormatError, in bounded time; never in a crash, a hang or a bug.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { FormatError } from '../../src/errors.js'
import { chunksOf } from '../../src/image/chunks.js'
import type { DiskImage } from '../../src/image/extent.js'
import { ImageBuilder, imageOfBytes } from '../../src/image/extent.js'
import { checkImage } from '../../src/inspect/check-image.js'
import { compareDisks } from '../../src/inspect/diff/compare-disks.js'
import { tarOf } from '../../src/inspect/extract.js'
import { inspectImage } from '../../src/inspect/inspection.js'
import { type OpenImage, openDiskImage } from '../../src/inspect/open-image.js'
import { walkTree } from '../../src/tree/file-tree.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const RUNS = process.env.DISKLOOM_DEEP === '1' ? 10_000 : 100
const MOST_SECONDS = 10
const MIB = 1 << 20
const DISK_BYTES = 7 * MIB

const SCRIPTS = {
  gpt: 'label: gpt\nstart=2048, size=2M, type=U\nstart=6144, size=3M, type=L, name=root\n',
  mbr: 'label: dos\nstart=2048, size=2M, type=c, bootable\nstart=6144, type=5, size=4M\nstart=6400, size=3M, type=83\n',
} as const
const EXT_OFFSET = { gpt: 6144 * 512, mbr: 6400 * 512 } as const

/** Where damage tells most: tables, boot sectors, FATs, superblock, descriptors, the first inodes. */
function hotSpots(kind: keyof typeof SCRIPTS): number[] {
  const ext = EXT_OFFSET[kind]
  return [
    440,
    512,
    1024,
    DISK_BYTES - 512,
    DISK_BYTES - 16_896,
    MIB,
    MIB + 512,
    MIB + 2048,
    MIB + 8192,
    ext + 1024,
    ext + 2048,
    ext + 3072,
    ext + 64 * 1024,
    6144 * 512,
  ]
}

const mutations = (kind: keyof typeof SCRIPTS) =>
  fc.array(
    fc.record({
      offset: fc.oneof(
        {
          weight: 3,
          arbitrary: fc.tuple(fc.constantFrom(...hotSpots(kind)), fc.nat(1023)).map(([base, at]) => base + at),
        },
        { weight: 1, arbitrary: fc.nat(DISK_BYTES - 9) },
      ),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.constantFrom(
          new Uint8Array(4).fill(0xff),
          new Uint8Array(8),
          new Uint8Array([1]),
          new Uint8Array([0xff, 0xff, 0xff, 0x7f]),
        ),
      ),
    }),
    { minLength: 1, maxLength: 6 },
  )

describeWithTools('damaged disks', ['sfdisk', 'mkfs.fat', 'mcopy', 'mke2fs'], () => {
  const scratch = scratchFolder()
  const sound: Partial<Record<keyof typeof SCRIPTS, Buffer>> = {}
  beforeAll(() => {
    const payload = join(scratch, 'payload')
    tool(
      'sh',
      '-c',
      'mkdir -p "$1/a/b" && for i in $(seq 60); do echo $i > "$1/a/file-$i"; done && ln -s a "$1/l" && ln "$1/a/file-1" "$1/a/b/h"',
      'sh',
      payload,
    )
    for (const kind of ['gpt', 'mbr'] as const) {
      const path = join(scratch, kind)
      writeFileSync(path, Buffer.alloc(DISK_BYTES))
      runTool('sfdisk', ['-q', path], { input: SCRIPTS[kind] })
      tool('mkfs.fat', '--offset', '2048', path, '2048')
      tool('mcopy', '-s', '-i', `${path}@@1M`, join(payload, 'a'), '::a')
      tool('mke2fs', '-q', '-t', 'ext4', '-d', payload, '-E', `offset=${EXT_OFFSET[kind]}`, path, '2900K')
      sound[kind] = readFileSync(path)
    }
  })

  it.each(['gpt', 'mbr'] as const)(
    'of %s end in an answer or a FormatError',
    (kind) => {
      const whole = openBytes(sound[kind]!)
      expect(checkImage(whole).findings).toEqual([])
      fc.assert(
        fc.property(mutations(kind), (changes) => {
          const bytes = Buffer.from(sound[kind]!)
          for (const { offset, bytes: change } of changes)
            if (offset + change.length <= bytes.length) bytes.set(change, offset)
          const started = performance.now()
          lookEverywhere(bytes, whole)
          expect((performance.now() - started) / 1000).toBeLessThan(MOST_SECONDS)
        }),
        { numRuns: RUNS },
      )
    },
    600_000,
  )
})

function openBytes(bytes: Buffer): OpenImage {
  return openDiskImage(imageOfBytes(bytes), { name: 'disk', format: 'raw' })
}

function lookEverywhere(bytes: Buffer, whole: OpenImage): void {
  const disk = orRefused(() => openBytes(bytes))
  if (disk === undefined) return
  JSON.stringify(inspectImage(disk), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  checkImage(disk)
  for (const partition of disk.partitions) {
    const { volume } = partition.content()
    if (volume === undefined) continue
    orRefused(() => volume.usedStretches())
    const tree = orRefused(() => volume.tree())
    if (tree === undefined) continue
    for (const [, node] of walkTree(tree)) if (node.type === 'file') readFew(node.content)
    readFew(tarOf(tree).image)
  }
  orRefused(() => compareDisks(whole, disk, { text: true }))
}

/** The first mebibyte: a damaged length may say petabytes. */
function readFew(content: DiskImage): void {
  const extents = content.extents.filter(({ offset }) => offset < MIB)
  const builder = new ImageBuilder(Math.min(content.sizeBytes, MIB))
  for (const { offset, length, source } of extents) {
    builder.extent(0, { offset, length: Math.min(length, MIB - offset, content.sizeBytes - offset), source })
  }
  for (const chunk of chunksOf(builder.finish())) if (chunk.length === 0) throw new Error('an empty chunk')
}

function orRefused<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
