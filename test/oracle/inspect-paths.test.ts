/** ls, cat, stat and extract follow links inside the volume, and take patterns. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { scratchFolder } from '../support/oracle.js'
import { cli, cliJson, runCli } from '../support/run-cli.js'

const folder = scratchFolder()
const image = join(folder, 'out/sd.img/sd.img')
const at = (path: string): string => `${image}:root:${path}`

beforeAll(async () => {
  const tree = join(folder, 'tree')
  for (const name of ['usr/bin', 'etc/dir.conf']) mkdirSync(join(tree, name), { recursive: true })
  writeFileSync(join(tree, 'usr/bin/dash'), 'a shell\n')
  for (const name of ['a.conf', 'b.conf', 'c.txt', 'q[1].conf']) writeFileSync(join(tree, 'etc', name), `${name}\n`)
  symlinkSync('usr/bin', join(tree, 'bin'))
  symlinkSync('dash', join(tree, 'usr/bin/sh'))
  symlinkSync('/usr/../usr/bin/sh', join(tree, 'shell'))
  symlinkSync('two', join(tree, 'one'))
  symlinkSync('one', join(tree, 'two'))
  symlinkSync('/nowhere', join(tree, 'lost'))
  writeFileSync(
    join(folder, 'board.yaml'),
    'image: sd.img\nsource_date_epoch: 1700000000\npartitions: [{ name: root, size: 16MiB, fs: ext4/tree }]\n',
  )
  await cli('build', join(folder, 'board.yaml'), '--out', join(folder, 'out'), '--only', 'image')
})

describe('links', () => {
  it('above the last name and at it lead to the file, absolute ones from the root of the volume', async () => {
    for (const path of ['/bin/sh', '/bin/dash', '/shell']) expect(await cli('cat', at(path))).toBe('a shell\n')
  })

  it('to a folder are listed as the folder', async () => {
    expect(await cli('ls', at('/bin'))).toBe('dash\nsh\n')
    expect(await cli('tree', at('/bin'))).toMatch(/^\/usr\/bin\n/)
    expect(await cli('ls', at('/lost'))).toBe('/lost\n')
  })

  it('are shown by stat with what they lead to', async () => {
    expect((await cliJson('stat', at('/bin/sh')))[0]).toMatchObject({ type: 'symlink', leadsTo: '/usr/bin/dash' })
    expect((await cliJson('stat', at('/lost')))[0]).toMatchObject({ leadsNowhere: expect.stringContaining('/nowhere') })
  })

  it('give extract the file, under the name that was asked for', async () => {
    const out = join(folder, 'sh')
    await cli('extract', at('/shell'), '--out', out)
    expect(readFileSync(out, 'utf8')).toBe('a shell\n')
  })

  it.each([
    ['/one', 'is part of a loop of links'],
    ['/one/x', 'is part of a loop of links'],
    ['/lost', 'there is nothing of that name, to which the link "/lost" to "/nowhere" leads'],
  ])('%s is an error', async (path, message) => {
    const { status, stderr } = await runCli('cat', at(path))
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) })
  })
})

describe('paths', () => {
  it('begin at the root of the volume with and without a slash', async () => {
    expect(await cli('cat', at('etc/c.txt'))).toBe('c.txt\n')
    expect(await cli('ls', at('etc/c.txt'))).toBe('/etc/c.txt\n')
  })

  it.each([['ls'], ['cat'], ['stat'], ['tree'], ['extract'], ['inspect']])(
    'of an image that does not exist end %s with 6',
    async (command) => {
      expect((await runCli(command, join(folder, 'missing.img'))).status).toBe(6)
    },
  )
})

describe('patterns', () => {
  it('list what they match', async () => {
    expect(await cli('ls', at('/etc/*.conf'))).toBe('/etc/a.conf\n/etc/b.conf\n/etc/dir.conf\n/etc/q[1].conf\n')
    expect(await cli('ls', at('/b*/da?h'))).toBe('/usr/bin/dash\n')
  })

  it('give cat every file, and refuse before the first byte', async () => {
    expect(await cli('cat', at('/etc/[ab].conf'))).toBe('a.conf\nb.conf\n')
    const { status, stdout, stderr } = await runCli('cat', at('/etc/*.conf'))
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain('"/etc/dir.conf" of partition 1 "root"')
  })

  it('are names where such a name exists', async () => {
    expect(await cli('cat', at('/etc/q[1].conf'))).toBe('q[1].conf\n')
  })

  it('extract all files into one folder', async () => {
    const out = join(folder, 'confs')
    await cli('extract', at('/etc/*.conf'), '--out', out)
    expect(readdirSync(out)).toEqual(['a.conf', 'b.conf', 'dir.conf', 'q[1].conf'])
    const { status, stderr } = await runCli('extract', at('/etc/*.conf'))
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--out FOLDER') })
  })

  it('that match nothing are an error', async () => {
    const { status, stderr } = await runCli('ls', at('/etc/*.none'))
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('no name matches this pattern') })
  })
})
