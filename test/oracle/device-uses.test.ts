/** Real loop devices: one over another is a use that lsblk does not tell. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inspectDisk } from '../../src/flash/disks.js'
import { refusalsOf } from '../../src/flash/refusals.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
const RUNNER = makeCommandRunner(process.env)

describeWithTools(
  'a loop device over a loop device that is mounted',
  ['lsblk', 'losetup', 'mke2fs', 'mount'],
  () => {
    it('makes the inner one a device in use, and the outer one too', async () => {
      const file = join(scratch, 'disk')
      writeFileSync(file, '')
      truncateSync(file, 8 << 20)
      tool('mke2fs', '-q', '-F', file)
      const mount = join(scratch, 'mount')
      mkdirSync(mount)
      const attach = (path: string): string => tool('losetup', '--find', '--show', path).trim()
      const told = async (path: string) =>
        refusalsOf(await inspectDisk(RUNNER, path), { allowFixed: true }).map(({ text }) => text)
      const inner = attach(file)
      const outer = attach(inner)
      try {
        tool('mount', outer, mount)
        expect(await told(inner)).toEqual([`${outer} is made of ${inner}`])
        expect(await told(outer)).toEqual([`${outer} is mounted at ${mount}`])
        tool('umount', mount)
        tool('mount', inner, mount)
        expect(await told(outer)).toEqual([`${inner} is mounted at ${mount}`])
      } finally {
        tool('umount', mount)
        for (const device of [outer, inner]) tool('losetup', '--detach', device)
      }
    })
  },
  { root: true },
)
