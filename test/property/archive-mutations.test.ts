/** Damaged archives: a tree or an error that says what is wrong, never a crash, a hang or a bug's error. */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DiskloomError } from '../../src/errors.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { readCpioTree } from '../../src/tree/cpio.js'
import { readTarTree } from '../../src/tree/tar.js'
import { measureTree } from '../../src/tree/tree-stats.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const RUNS = process.env.DISKLOOM_DEEP === '1' ? 20_000 : 400

describeWithTools('damaged archives', ['tar', 'bsdtar'], () => {
  const scratch = scratchFolder()
  const folder = join(scratch, 'payload')
  mkdirSync(join(folder, 'deep', 'x'.repeat(120)), { recursive: true })
  writeFileSync(join(folder, 'file'), 'content '.repeat(100))
  writeFileSync(join(folder, 'deep', 'größe'), '')
  writeFileSync(join(folder, 'sparse'), 'begin')
  truncateSync(join(folder, 'sparse'), 1 << 18)
  writeFileSync(join(folder, 'sparse'), 'more', { flag: 'a' })
  symlinkSync('y'.repeat(150), join(folder, 'link'))

  const archives: [name: string, read: typeof readTarTree, bytes: Uint8Array][] = [
    ['pax', '--format=pax', '--sparse', '--sparse-version=1.0'],
    ['pax 0.1', '--format=pax', '--sparse', '--sparse-version=0.1'],
    ['gnu', '--format=gnu', '--sparse'],
  ].map(([name, ...args]) => [name!, readTarTree, packed('tar', args)])
  archives.push(['newc', readCpioTree, packed('bsdtar', ['--format=newc'])])

  function packed(program: string, args: string[]): Uint8Array {
    const path = join(scratch, 'archive')
    tool(program, '-cf', path, ...args, '-C', folder, '.')
    return readFileSync(path)
  }

  describe.each(archives)('%s', (_, read, whole) => {
    const options = {
      owner: { kind: 'keep' } as const,
      holes: 'none' as const,
      xattrs: 'keep' as const,
      workFolder: mkdtempSync(join(scratch, 'work-')),
      runner: makeCommandRunner(process.env),
    }
    const path = join(scratch, 'damaged')
    const at = fc.nat({ max: whole.length - 1 })
    // Headers are rare in what is mostly padding: digits and letters hit their fields more often than any byte does.
    const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('0179 \0\n=,xLKSg')))
    const damage = fc.record({
      changes: fc.array(fc.tuple(at, byte), { maxLength: 4 }),
      length: fc.oneof({ weight: 3, arbitrary: fc.constant(whole.length) }, at),
    })

    it('gives a tree or an error of ours', { timeout: 600_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(damage, async ({ changes, length }) => {
          const bytes = whole.slice(0, length)
          for (const [offset, value] of changes) if (offset < length) bytes[offset] = value
          writeFileSync(path, repairChecksums(bytes))
          try {
            const { tree, release } = await read(path, options)
            expect(measureTree(tree).bytes).toBeGreaterThanOrEqual(0)
            release()
          } catch (error) {
            expect(error).toBeInstanceOf(DiskloomError)
          }
        }),
        { numRuns: RUNS },
      )
    })
  })
})

const BLOCK = 512
const CHECKSUM = 148

/** Sets the checksum of every block that looks like a tar header, so that damage reaches what is behind it. */
function repairChecksums(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes)
  for (let at = 0; at + BLOCK <= buffer.length; at += BLOCK) {
    if (buffer.toString('latin1', at + 257, at + 262) !== 'ustar') continue
    buffer.fill(' ', at + CHECKSUM, at + CHECKSUM + 8)
    const sum = buffer.subarray(at, at + BLOCK).reduce((total, byte) => total + byte, 0)
    buffer.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + CHECKSUM, 'latin1')
  }
  return buffer
}
