/** A disk that is full at every point of a build: the error says so, nothing is left, and with enough room it goes through. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { IoError } from '../../src/errors.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { listNames, makeProject } from '../support/rejected-build.js'

const KIB = 1024
const STEP_BYTES = 16 * KIB
/** More than the results take; tmpfs counts whole pages, holes cost nothing. */
const ENOUGH_BYTES = 2048 * KIB

/** Every kind of sink, by its name and as `outputs:` has it. */
const OUTPUTS = [
  ['gz', 'gz'],
  ['xz', '{ format: xz, level: 0 }'],
  ['zst', 'zst'],
  ['bmap beside the raw image', 'raw, bmap'],
  ['Android sparse files', '{ format: android-sparse, split: 1MiB }'],
  ['qcow2', 'qcow2'],
  ['compressed qcow2', '{ format: qcow2, level: 6 }'],
  ['single partitions', 'split'],
  ['vmdk', 'vmdk'],
] as const

const scratch = scratchFolder()

/** Bytes that no compressor shortens. */
function noise(length: number): Buffer {
  let state = 1
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    }),
  )
}

describeWithTools(
  'a full disk',
  ['mount', 'umount', 'du', 'xz', 'zstd', 'qemu-img'],
  () => {
    const small = join(scratch, 'small')

    beforeAll(() => {
      mkdirSync(small)
      tool('mount', '-t', 'tmpfs', '-o', `size=${STEP_BYTES}`, 'diskloom-test', small)
    })
    afterAll(() => void tool('umount', small))

    it('is told as such wherever it happens, and leaves nothing', async () => {
      const folder = makeProject(scratch, {
        config: `image: disk.img
table: gpt
partitions:
  - { name: raw, fs: raw.bin }
  - { name: boot, size: 2MiB, fs: fat/tree }
bundle: { include: [other.bin] }
`,
        files: {
          'raw.bin': Buffer.from(Array.from({ length: 300 * KIB }, (_, index) => (index * index) >> 5)),
          'tree/file.txt': 'text',
          'other.bin': Buffer.alloc(64 * KIB, 'other'),
        },
      })
      let failures = 0
      let done = false
      for (let sizeBytes = STEP_BYTES; sizeBytes <= ENOUGH_BYTES && !done; sizeBytes += STEP_BYTES) {
        tool('mount', '-o', `remount,size=${sizeBytes}`, small)
        try {
          await build({ config: join(folder, 'board.yaml'), out: small, environment: {} })
          done = true
        } catch (error) {
          failures++
          expect(error, `with ${sizeBytes} bytes: ${(error as Error).stack}`).toBeInstanceOf(IoError)
          expect((error as IoError).message).toMatch(/^Cannot write .* the disk is full$/)
          expect(listNames(small), `with ${sizeBytes} bytes`).toEqual([])
        }
      }
      expect(done).toBe(true)
      expect(failures).toBeGreaterThan(20)
    })

    it.each(OUTPUTS)('is told as such when it ends in the middle of %s', async (name, output) => {
      const folder = makeProject(scratch, {
        config: `image: disk.img
source_date_epoch: 1767225600
partitions:
  - { name: raw, fs: raw.bin }
  - { name: boot, size: 2MiB, fs: fat/tree }
  - { name: flash, size: 1MiB, fill: 0xFF }
outputs: [${output}]
`,
        files: { 'raw.bin': noise(300 * KIB), 'tree/file.txt': 'text' },
      })
      const attempt = (sizeBytes: number): Promise<unknown> => {
        tool('mount', '-o', `remount,size=${sizeBytes}`, small)
        return build({ config: join(folder, 'board.yaml'), out: small, environment: { PATH: process.env.PATH } }).then(
          () => undefined,
          (error: unknown) => error,
        )
      }
      rmSync(join(small, 'disk.img'), { recursive: true, force: true })
      expect(await attempt(ENOUGH_BYTES * 2)).toBeUndefined()
      const needed = Number(/^(\d+)/.exec(tool('du', '-s', '-B1', small))![1])
      rmSync(join(small, 'disk.img'), { recursive: true })
      for (const eighth of [1, 3, 5, 7]) {
        const sizeBytes = Math.ceil((needed * eighth) / 8 / STEP_BYTES) * STEP_BYTES
        // What is only needed at the end of a build may just fit.
        if (sizeBytes >= needed) break
        const error = await attempt(sizeBytes)
        expect(error, `${name} with ${sizeBytes} of ${needed} bytes`).toBeInstanceOf(IoError)
        expect((error as IoError).message).toMatch(
          name === 'vmdk' ? /(the disk is full|No space left on device)/ : /^Cannot write .* the disk is full$/,
        )
        expect(listNames(small), `${name} with ${sizeBytes} bytes`).toEqual([])
      }
    })
  },
  { root: true },
)
