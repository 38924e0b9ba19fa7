import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ZipWriter } from '../../src/archives/zip/writer.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { OutputFolder } from '../../src/outputs/output-folder.js'
import { RawSink } from '../../src/outputs/raw-sink.js'
import type { ImageSink } from '../../src/outputs/sink.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { weave } from '../../src/outputs/weave.js'
import { ZipEntrySink } from '../../src/outputs/zip-entry-sink.js'
import { scratchFolder } from '../support/oracle.js'

const folder = scratchFolder()

const image = new ImageBuilder(40 << 20)
  .bytes(0, new Uint8Array(9 << 20).fill(3))
  .fill(10 << 20, 5 << 20, 0xff)
  .bytes(20 << 20, new Uint8Array(100).fill(4))
  .bytes(30 << 20, new Uint8Array(5 << 20).fill(5))
  .finish()

/** The same shape in small, for tests that deflate it once for every write. */
const smallImage = new ImageBuilder(4 << 20)
  .bytes(0, new Uint8Array(1 << 20).fill(3))
  .fill(2 << 20, 1 << 19, 0xff)
  .bytes(3 << 20, new Uint8Array(100).fill(4))
  .finish()

/** Fails at its n-th call and counts them; every call settles a little later, as a disk's do. */
function failingSink(n: number): ImageSink & { calls: number; lent: number } {
  const sink = {
    calls: 0,
    lent: 0,
    async window(): Promise<void> {
      sink.lent++
      await new Promise((resolve) => setImmediate(resolve))
      sink.lent--
      if (++sink.calls === n) throw new Error(`planted at call ${n}`)
    },
    async fill(): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve))
      if (++sink.calls === n) throw new Error(`planted at call ${n}`)
    },
    async finish(): Promise<void> {
      if (++sink.calls === n) throw new Error(`planted at call ${n}`)
    },
  }
  return sink
}

async function callsOfACleanPass(): Promise<number> {
  const sink = failingSink(Number.POSITIVE_INFINITY)
  await weave(image, [sink], INLINE_THREADS)
  return sink.calls
}

describe('weave', () => {
  it('rejects with the sink’s error wherever it fails, and nothing is under way afterwards', async () => {
    const calls = await callsOfACleanPass()
    expect(calls).toBeGreaterThan(6)
    for (let n = 1; n <= calls; n++) {
      const bad = failingSink(n)
      const good = failingSink(Number.POSITIVE_INFINITY)
      await expect(weave(image, [good, bad], INLINE_THREADS)).rejects.toThrow(`planted at call ${n}`)
      expect(bad.lent + good.lent).toBe(0)
    }
  })

  it('ends although more windows are to come than there are buffers, when all that are lent fail', async () => {
    const mebibyte = new Uint8Array(1 << 20).fill(6)
    const long = new ImageBuilder(100 << 20)
    for (let at = 0; at < 100; at++) long.bytes(at << 20, mebibyte)
    let calls = 0
    const full: ImageSink = {
      window: async () => {
        calls++
        await setTimeout(100) // long enough for every buffer to be lent
        throw new Error('full')
      },
      fill: async () => {},
      finish: async () => {},
    }
    await expect(weave(long.finish(), [full], INLINE_THREADS)).rejects.toThrow('full')
    expect(calls).toBeLessThan(100)
  })

  it('stops at the signal, at every window', async () => {
    const calls = await callsOfACleanPass()
    for (let n = 0; n < calls - 2; n++) {
      const controller = new AbortController()
      let seen = 0
      const sink: ImageSink = {
        window: async () => void (seen++ === n && controller.abort()),
        fill: async () => void (seen++ === n && controller.abort()),
        finish: async () => {},
      }
      if (n === calls - 3) break // the last window: nothing is left to stop
      await expect(weave(image, [sink], INLINE_THREADS, { signal: controller.signal })).rejects.toThrow('Interrupted')
    }
  })

  it('hands on a failing write of the zip, for every write', async () => {
    let total = 0
    const count = new ZipWriter({ write: async () => void total++ })
    await count.beginEntry({ name: 'disk', sizeBytes: smallImage.sizeBytes, modifiedSeconds: 0 })
    await weave(
      smallImage,
      [new ZipEntrySink(count, INLINE_THREADS, { sizeBytes: smallImage.sizeBytes, level: 1 })],
      INLINE_THREADS,
    )
    await count.finish()
    for (let n = 1; n <= total; n++) {
      let written = 0
      const attempt = async (): Promise<void> => {
        const zip = new ZipWriter({
          write: async () => {
            if (++written === n) throw new Error(`planted at write ${n}`)
          },
        })
        await zip.beginEntry({ name: 'disk', sizeBytes: smallImage.sizeBytes, modifiedSeconds: 0 })
        await weave(
          smallImage,
          [new ZipEntrySink(zip, INLINE_THREADS, { sizeBytes: smallImage.sizeBytes, level: 1 })],
          INLINE_THREADS,
        )
        await zip.finish()
      }
      await expect(attempt()).rejects.toThrow(`planted at write ${n}`)
    }
  })
})

const RUNNER = makeCommandRunner(process.env)
const PRIVATE_FILE = /^\.diskloom-[0-9a-f]{8}-\d+-[0-9a-f]{12}\/files\/sub\/disk$/

describe('the output folder', () => {
  it('leaves what was there before when it is discarded, and gives names when committed', async () => {
    const path = join(folder, 'a/b')
    const first = await OutputFolder.open(path, RUNNER)
    const staged = first.stage('sub/disk')
    expect(relative(path, staged)).toMatch(PRIVATE_FILE)
    const sink = await RawSink.create(staged, image.sizeBytes, image.sizeBytes)
    await weave(image, [sink], INLINE_THREADS)
    expect(readdirSync(join(path, 'sub'))).toEqual([])
    await first.discard()
    expect(readdirSync(folder)).toEqual([])

    const second = await OutputFolder.open(path, RUNNER)
    await weave(image, [await RawSink.create(second.stage('disk'), image.sizeBytes, image.sizeBytes)], INLINE_THREADS)
    await second.commit()
    await second.discard()
    expect(readdirSync(path)).toEqual(['disk'])
    const bytes = readFileSync(join(path, 'disk'))
    expect(bytes.length).toBe(40 << 20)
    expect([
      bytes[0],
      bytes[9 << 20],
      bytes[10 << 20],
      bytes[(15 << 20) - 1],
      bytes[15 << 20],
      bytes[20 << 20],
    ]).toEqual([3, 0, 0xff, 0xff, 0, 4])
  })

  it.each([
    ['a file', (path: string) => writeFileSync(path, ''), 'a file stands in its place'],
    ['a symlink to nowhere', (path: string) => symlinkSync('/nowhere/at/all', path), 'a file stands in its place'],
  ])('refuses a path through %s, and leaves nothing', async (_, plant, reason) => {
    const base = mkdtempSync(join(folder, 'refused-'))
    const path = join(base, 'in-the-way')
    plant(path)
    await expect(OutputFolder.open(join(path, 'a/b'), RUNNER)).rejects.toThrow(
      `Cannot make the folder ${path}/a/b: ${reason}`,
    )
    expect(readdirSync(base)).toEqual(['in-the-way'])
  })

  it.runIf(process.platform === 'linux')('ends where a file system takes no folders', async () => {
    await expect(OutputFolder.open('/proc/diskloom/out', RUNNER)).rejects.toThrow(
      'Cannot make the folder /proc/diskloom/out: its file system takes no new folders',
    )
  })
})
