/** A disk that is full at every point of a build: the error says so, nothing is left, and with enough room it goes through. */
import { mkdirSync } from 'node:fs'
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

const scratch = scratchFolder()

describeWithTools(
  'a full disk',
  ['mount', 'umount'],
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
  },
  { root: true },
)
