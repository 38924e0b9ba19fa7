/** Payloads that cannot be read: the words stand beside each. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { readContent } from '../../src/build/content/read-content.js'
import { LayoutError } from '../../src/errors.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { ArchiveShelf } from '../../src/tree/archive-shelf.js'
import type { CommandRunner } from '../../src/tree/command-runner.js'
import { type FolderOptions, readFolder } from '../../src/tree/folder.js'
import { readSourceFile } from '../../src/tree/raw-file.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const OPTIONS: FolderOptions = { owner: { kind: 'root' }, holes: 'none', xattrs: 'none' }
const scratch = scratchFolder()
const at = (path: string): string => join(scratch, path)
writeFileSync(at('file'), 'x')
symlinkSync('loop', at('loop'))

it.each([
  ['missing', 'it does not exist, a folder that this user can read is accepted'],
  ['file', 'it is a file, a folder that this user can read is accepted'],
  ['file/below', 'a part of its path is no folder, a folder that this user can read is accepted'],
  ['loop', 'its symlinks run in a circle, a folder that this user can read is accepted'],
])('folder %s', async (name, words) => {
  const failure = readFolder(at(name), { ...OPTIONS, configPath: ['partitions', 1, 'fs'] })
  await expect(failure).rejects.toThrow(LayoutError)
  await expect(failure).rejects.toMatchObject({
    problems: [{ message: `Cannot read folder "${at(name)}": ${words}`, path: ['partitions', 1, 'fs'] }],
  })
})

it.each([
  ['missing', 'it does not exist, a file that this user can read is accepted'],
  ['', 'it is a folder, a regular file is accepted'],
  ['file/below', 'a part of its path is no folder, a file that this user can read is accepted'],
])('raw file "%s"', (name, words) => {
  expect(() => readSourceFile(at(name))).toThrow(LayoutError)
  expect(() => readSourceFile(at(name))).toThrow(`Cannot read file "${at(name)}": ${words}`)
})

it('raw file that is a device', () => {
  expect(() => readSourceFile('/dev/null')).toThrow('"/dev/null": it is a character device, a regular file is accepted')
})

it('tells everything that is wrong in all sources at once', async () => {
  const source = (name: string) => ({ kind: 'folder' as const, path: at(name), configPath: [name] })
  const archives = new ArchiveShelf({ workFolder: scratch, runner: makeCommandRunner({}) })
  const options = { ...OPTIONS, archives, variable: () => undefined }
  await expect(readContent([source('missing'), source('file')], options)).rejects.toMatchObject({
    problems: [
      { message: expect.stringContaining('missing'), path: ['missing'] },
      { message: expect.stringContaining('it is a file'), path: ['file'] },
    ],
  })
})

it('xattrs: keep without getfattr; auto does without', async () => {
  mkdirSync(at('payload'))
  const real = makeCommandRunner(process.env)
  const runner: CommandRunner = { ...real, locate: () => undefined }
  await expect(readFolder(at('payload'), { ...OPTIONS, xattrs: 'keep', runner })).rejects.toMatchObject({
    code: 'LAYOUT',
    problems: [
      {
        message: `Cannot read the extended attributes of folder "${at('payload')}": getfattr is not installed, xattrs: keep needs it`,
        hint: 'install the package attr, or set xattrs: none',
      },
    ],
  })
  expect((await readFolder(at('payload'), { ...OPTIONS, xattrs: 'auto', runner })).tree.xattrs).toBeUndefined()
})

describeWithTools('what another user may not read', ['setpriv', 'mkfifo'], () => {
  it('is told all at once', () => {
    const payload = at('closed')
    mkdirSync(join(payload, 'folder'), { recursive: true })
    mkdirSync(join(payload, 'locked'))
    for (const name of ['file', 'open', 'folder/file']) writeFileSync(join(payload, name), 'x')
    tool('mkfifo', '-m', '0', join(payload, 'fifo'))
    for (const name of ['file', 'folder/file', 'locked']) chmodSync(join(payload, name), 0)
    for (const name of [scratch, payload, join(payload, 'folder')]) chmodSync(name, 0o755)
    const dist = (path: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), 'dist', path)).href)
    const program = `
      import { readFolder } from ${dist('tree/folder.js')}
      try {
        await readFolder(${JSON.stringify(payload)}, ${JSON.stringify(OPTIONS)})
      } catch (error) {
        console.log([error.code, ...error.problems.map(({ message }) => message)].join('\\n'))
      }`
    const user = process.geteuid?.() === 0 ? ['--reuid=65534', '--regid=65534', '--clear-groups'] : []
    const result = runTool('setpriv', [...user, process.execPath, '--input-type=module', '-e', program])
    expect(result.stderr).toBe('')
    const words = 'permission denied, everything in a payload folder must be readable by this user'
    expect(result.stdout.trimEnd().split('\n').sort()).toEqual(
      [
        'LAYOUT',
        `Cannot read 2 files: permission denied: "${payload}/file", "${payload}/folder/file"; everything in a payload folder must be readable by this user`,
        `Cannot read folder "${payload}/locked": ${words}`,
      ].sort(),
    )
    for (const name of ['file', 'folder/file', 'locked']) chmodSync(join(payload, name), 0o700)
  })
})
