/** Damaged images of every format: an image or an error of ours, in bounded time and memory; never a crash, a hang or a bug. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { DiskloomError } from '../../src/errors.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { PayloadReader } from '../../src/image/payload-reader.js'
import { readImage } from '../../src/image/read.js'
import { MAX_IMAGE_BYTES } from '../../src/readers/limits.js'
import { readImageFile } from '../../src/readers/read-image-file.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const DEEP = process.env.DISKLOOM_DEEP === '1'
const RUNS = DEEP ? 10_000 : 500
const MOST_SECONDS = 10
const MOST_GROWTH_BYTES = 300 << 20
const SIZE = 3 << 20

const folder = scratchFolder()
const raw = join(folder, 'image.raw')
const make: Record<string, string> = {
  'image.gz': 'gzip -6 -c image.raw > image.gz',
  'image.xz': 'xz -0 -c image.raw > image.xz',
  'image.zst': 'zstd -q -c image.raw > image.zst',
  'image.zip': 'echo text > text.txt; zip -q image.zip text.txt image.raw',
  'stored.zip': 'head -c 9000 image.raw > small.img; zip -q0 stored.zip small.img',
  'image.qcow2': 'qemu-img convert -f raw -O qcow2 -o cluster_size=4096 image.raw image.qcow2',
  'packed.qcow2': 'qemu-img convert -c -f raw -O qcow2 -o cluster_size=4096 image.raw packed.qcow2',
  'image.simg': 'img2simg image.raw image.simg',
}

describeWithTools('damaged images', ['bash', 'gzip', 'xz', 'zstd', 'zip', 'qemu-img', 'img2simg'], () => {
  beforeAll(() => {
    const text = Buffer.from('partition table, offset, length; '.repeat(300))
    materialize(
      new ImageBuilder(SIZE)
        .bytes(4096, text)
        .fill(1 << 20, 70_000, 0xff)
        .bytes(2 << 20, text.subarray(7))
        .finish(),
      raw,
    )
    for (const command of Object.values(make)) tool('bash', '-euc', `cd "$0"; ${command}`, folder)
  })

  it.each(Object.keys(make))('%s', { timeout: 1_800_000 }, async (name) => {
    const whole = readFileSync(join(folder, name))
    const damaged = join(folder, `damaged-${name}`)
    // Headers are at the ends, and rare: half of all changes go there.
    const at = fc.oneof(
      fc.nat({ max: whole.length - 1 }),
      fc.nat({ max: Math.min(255, whole.length - 1) }),
      fc.nat({ max: Math.min(255, whole.length - 1) }).map((back) => whole.length - 1 - back),
    )
    const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff))
    const damage = fc.record({
      changes: fc.array(fc.tuple(at, byte), { minLength: 1, maxLength: 5 }),
      length: fc.oneof({ weight: 4, arbitrary: fc.constant(whole.length) }, at),
    })
    const before = process.memoryUsage().rss
    let opened = 0
    await fc.assert(
      fc.asyncProperty(damage, async ({ changes, length }) => {
        const bytes = whole.subarray(0, length).slice()
        for (const [offset, value] of changes) if (offset < length) bytes[offset] = value
        writeFileSync(damaged, bytes)
        const started = performance.now()
        try {
          const { image, release } = await readImageFile(damaged, {
            workFolder: folder,
            runner: makeCommandRunner(process.env),
            demand: 'nothing',
          })
          try {
            opened++
            expect(image.sizeBytes).toBeLessThanOrEqual(MAX_IMAGE_BYTES)
            readEnds(image)
          } finally {
            release()
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DiskloomError)
          expect((error as DiskloomError).message).toMatch(/^Cannot /)
        }
        expect((performance.now() - started) / 1000).toBeLessThan(MOST_SECONDS)
      }),
      { numRuns: RUNS },
    )
    // Not everything was refused: damage to content reaches the reader's end.
    if (!/\.(xz|gz|zst|zip)$/.test(name)) expect(opened).toBeGreaterThan(0)
    expect(process.memoryUsage().rss - before).toBeLessThan(MOST_GROWTH_BYTES)
  })

  it('the files as they are', async () => {
    const expected = readFileSync(raw)
    for (const name of Object.keys(make)) {
      const { image, release } = await readImageFile(join(folder, name), {
        workFolder: folder,
        runner: makeCommandRunner(process.env),
        demand: 'nothing',
      })
      const found = Buffer.alloc(image.sizeBytes)
      readImage(image, 0, found, new PayloadReader())
      expect(found.equals(expected.subarray(0, found.length)), name).toBe(true)
      release()
    }
  })
})

/** Every place that an image names must be readable. */
function readEnds(image: Parameters<typeof readImage>[0]): void {
  const reader = new PayloadReader()
  const target = new Uint8Array(1)
  for (const { offset, length } of image.extents.slice(0, 2000)) {
    readImage(image, offset, target, reader)
    readImage(image, offset + length - 1, target, reader)
  }
  reader.abandon()
}
