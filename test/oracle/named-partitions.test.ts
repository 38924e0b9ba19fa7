/** Partitions are called as their config calls them, where the image's own table has no names or is not on it. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { scratchFolder } from '../support/oracle.js'
import { cli, cliJson, runCli } from '../support/run-cli.js'

const folder = scratchFolder()
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  mkdirSync(at('tree/etc'), { recursive: true })
  writeFileSync(at('tree/etc/hostname'), 'board\n')
  writeFileSync(at('blob.bin'), 'a boot loader\n')
  writeFileSync(
    at('card.yaml'),
    `image: card.img
table: mbr
source_date_epoch: 1700000000
partitions:
  - { name: spl, start: 8KiB, fs: blob.bin, in_table: false }
  - { name: boot, size: 4MiB, fs: fat/tree }
  - { name: rootfs, size: 16MiB, fs: ext4/tree }
`,
  )
  writeFileSync(
    at('nor.yaml'),
    `image: nor.bin
table: mtd
size: 2MiB
source_date_epoch: 1700000000
partitions:
  - { name: u-boot, size: 256KiB, fs: blob.bin }
  - { name: rootfs, size: rest, fs: jffs2/tree }
`,
  )
  for (const config of ['card', 'nor']) await cli('build', at(`${config}.yaml`), '--out', at('out'))
  copyFileSync(at('out/card.img/card.img'), at('alone.img'))
  copyFileSync(at('out/nor.bin/nor.bin'), at('alone.bin'))
})

describe('an MBR disk', () => {
  it.each([['out/card.img'], ['out/card.img/card.img'], ['out/card.img/card.img.zip']])(
    'has the names of the manifest in %s',
    async (image) => {
      for (const name of ['boot', 'rootfs'])
        expect(await cli('cat', at(`${image}:${name}:/etc/hostname`))).toBe('board\n')
      await cli('extract', at(`${image}:spl`), '--out', at('spl.out'))
      expect(readFileSync(at('spl.out'), 'utf8')).toMatch(/^a boot loader\n/)
    },
  )

  it('has those of a config, where it is alone', async () => {
    expect((await runCli('ls', at('alone.img:rootfs:/'))).stderr).toContain('Cannot find partition "rootfs"')
    const flags = ['--config', at('card.yaml')]
    expect(await cli('cat', at('alone.img:rootfs:/etc/hostname'), ...flags)).toBe('board\n')
    expect(await cli('inspect', at('alone.img'), ...flags)).toContain('rootfs')
  })

  it('is called so in the receipt of flash', async () => {
    await cli('flash', at('out/card.img'), at('target'), '--file', '--yes', '--receipt', at('receipt'))
    const receipt = JSON.parse(readFileSync(at('receipt'), 'utf8')) as { partitions: { name: string }[] }
    expect(receipt.partitions.map(({ name }) => name)).toEqual(['boot', 'rootfs'])
  })

  it('takes no names of a manifest that lists other files', async () => {
    mkdirSync(at('other'), { recursive: true })
    copyFileSync(at('alone.img'), at('other/some.img'))
    copyFileSync(at('out/card.img/manifest.json'), at('other/manifest.json'))
    expect((await runCli('ls', at('other/some.img:rootfs:/'))).status).toBe(2)
    writeFileSync(at('other/manifest.json'), '{')
    expect((await runCli('ls', at('other/some.img:2:/'))).status).toBe(0)
  })
})

describe('raw flash', () => {
  it.each([['out/nor.bin'], ['out/nor.bin/nor.bin'], ['out/nor.bin/nor.bin.zip']])(
    'has the partitions of the manifest in %s',
    async (image) => {
      expect(await cli('cat', at(`${image}:rootfs:/etc/hostname`))).toBe('board\n')
      expect(await cli('ls', at(`${image}:1:etc`))).toBe('hostname\n')
    },
  )

  it('has those of a config or of mtdparts=, where it is alone', async () => {
    const mtdparts = readFileSync(at('out/nor.bin/mtdparts.txt'), 'utf8').trim()
    for (const flags of [
      ['--config', at('nor.yaml')],
      ['--mtdparts', mtdparts],
      ['--mtdparts', 'flash:0x40000(u-boot)ro,-(rootfs)'],
    ]) {
      expect(await cli('cat', at('alone.bin:rootfs:/etc/hostname'), ...flags)).toBe('board\n')
    }
    const inspected = (await cliJson('inspect', at('alone.bin'), '--mtdparts', mtdparts)) as [{ partitions: object[] }]
    expect(inspected[0].partitions).toMatchObject([{ name: 'u-boot' }, { name: 'rootfs', format: 'jffs2' }])
  })

  it.each([
    ['x:1m(a),2m(b)', '"2m(b)" takes bytes 1048576 to 3145728, the image has 2097152'],
    ['x:big(a)', '"big(a)" is no partition'],
    ['x:1m(a);y:1m(b)', 'it describes several flashes'],
  ])('refuses mtdparts=%s', async (words, message) => {
    const { status, stderr } = await runCli('ls', at('alone.bin:a:/'), '--mtdparts', words)
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) })
  })
})
