/** Cpio archives as bsdtar writes them, as payload trees. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { readCpioTree } from '../../src/tree/cpio.js'
import type { FileTree } from '../../src/tree/file-tree.js'
import { readFolder } from '../../src/tree/folder.js'
import { makeEveryKind } from '../support/every-kind.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { portrait, summary } from '../support/tree-portrait.js'

const runner = makeCommandRunner(process.env)

describeWithTools('a cpio as a payload tree', ['bsdtar', 'gzip', 'python3', 'mkfifo'], () => {
  const scratch = scratchFolder()
  const folder = join(scratch, 'payload')
  let source: FileTree
  const options = () => ({ owner: { kind: 'keep' } as const, workFolder: mkdtempSync(join(scratch, 'work-')), runner })
  beforeAll(async () => {
    makeEveryKind(folder, { privileged: process.geteuid?.() === 0 })
    source = (await readFolder(folder, { owner: { kind: 'keep' }, holes: 'none', xattrs: 'none' })).tree
  })

  // newc has 32 bits of seconds since 1970; bsdtar leaves sockets out and has 16 bits for each of a device's numbers.
  const skip = ['nothing', 'sparse', 'socket', 'big numbers']

  it.each(['plain', 'gzip'])('%s', async (packing) => {
    const path = join(scratch, 'archive.cpio')
    tool('bsdtar', '--format=newc', '-cf', path, '-C', folder, '.')
    if (packing === 'gzip') tool('gzip', '-kf', path)
    const { tree, release } = await readCpioTree(packing === 'gzip' ? `${path}.gz` : path, options())
    expect(portrait(tree, { skip, wholeSeconds: true })).toEqual(portrait(source, { skip, wholeSeconds: true }))
    release()
  })

  it('takes archives one after the other, as the kernel does', async () => {
    const parts = ['first', 'second'].map((name) => {
      const part = join(scratch, name)
      tool('mkdir', part)
      writeFileSync(join(part, 'shared'), name)
      writeFileSync(join(part, name), '')
      tool('bsdtar', '--format=newc', '--uid=0', '--gid=0', '-cf', `${part}.cpio`, '-C', part, name, 'shared')
      return readFileSync(`${part}.cpio`)
    })
    const path = join(scratch, 'both.cpio')
    writeFileSync(path, Buffer.concat([parts[0]!, Buffer.alloc(1024), parts[1]!]))
    const { tree, release } = await readCpioTree(path, options())
    expect(summary(tree)).toEqual([
      '. directory 755 0:0',
      'first file 644 0:0',
      'second file 644 0:0',
      'shared file 644 0:0 second',
    ])
    release()
  })

  it('refuses what is damaged', async () => {
    const whole = readFileSync(join(scratch, 'archive.cpio'))
    const path = join(scratch, 'bad.cpio')
    const reading = async (bytes: Uint8Array): Promise<unknown> => {
      writeFileSync(path, bytes)
      return readCpioTree(path, options())
    }
    await expect(reading(whole.subarray(0, 60))).rejects.toThrow('Cannot read a cpio header at byte 0')
    await expect(reading(Buffer.from(`070707${'0'.repeat(200)}`))).rejects.toThrow('c_magic is "070707", accepted are')
    await expect(reading(Buffer.from(`070701${'x'.repeat(200)}`))).rejects.toThrow(
      'it is "xxxxxxxx", eight hexadecimal',
    )
    const end = whole.lastIndexOf('070701')
    await expect(reading(whole.subarray(0, end))).rejects.toThrow('without TRAILER!!!')
  })
})
