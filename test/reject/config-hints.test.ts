/** Slips that people make in configs: one error, at the line of the slip, with the way out. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UnreadableEntries } from '../../src/tree/unreadable-entries.js'
import { scratchFolder } from '../support/oracle.js'
import { runCli } from '../support/run-cli.js'

const scratch = scratchFolder()
const HEAD = 'image: x.img\nsize: 64MiB\n'

async function planned(text: string, name = 'board.yaml'): Promise<{ status: number; stderr: string; errors: number }> {
  const path = join(scratch, name)
  writeFileSync(path, text)
  const { status, stderr } = await runCli('plan', path)
  return { status, stderr, errors: stderr.match(/error:/g)?.length ?? 0 }
}

describe('a slip in a config', () => {
  it.each([
    ['fs: ext5/tree', 'partitions: [{ name: a, fs: ext5/tree }]', 4, 'Did you mean "ext4/tree"?'],
    [
      'content that is missing',
      'partitions: [{ name: a, fs: ext4, content: nosuch.tar }]',
      4,
      /Cannot read "[^"]*nosuch.tar": it does not exist, a folder or an archive/,
    ],
    [
      'a key that is indented too deep',
      'partitions:\n  - name: a\n     size: 16MiB\n    fs: ext4',
      3,
      ':5:6: error: Cannot read YAML: this line is indented deeper',
    ],
    [
      'a key that is indented too little',
      'partitions:\n  - name: a\n    size: 16MiB\n   fs: ext4',
      3,
      'Begin all keys of a map in the same column',
    ],
    [
      'a key in the column of the dash',
      'partitions:\n  - name: a\n  fs: ext4',
      3,
      'Begin all keys of a map in the same column',
    ],
    ['a value with a colon', 'partitions:\n  - name: a\n    label: b: c', 3, 'Quote a value that holds ": "'],
    ['size: 100%', 'partitions: [{ name: a, size: 100%, fs: ext4 }]', 4, 'size: rest takes all that is left'],
    [
      'end: the size of the disk',
      'partitions: [{ name: a, start: 1MiB, end: 64M, fs: ext4 }]',
      4,
      'size: rest takes all that is left',
    ],
    [
      'an end in bytes that is a boundary',
      'partitions: [{ name: a, start: 1MiB, end: 33554432 }]',
      4,
      '33554431 and 33554943 end a sector',
    ],
    [
      'start, end and size that differ',
      'partitions: [{ name: a, start: 1MiB, end: 64MiB, size: 64MiB }]',
      3,
      'in larger units and % the boundary after it',
    ],
    [
      'a list in braces',
      'partitions:\n  {- boot: {size: 16MiB},\n   - root: {size: 16MiB}}',
      3,
      'leave the braces out',
    ],
  ])('%s is one error', async (_, partitions, status, message) => {
    const result = await planned(HEAD + partitions)
    expect({ status: result.status, errors: result.errors }, result.stderr).toEqual({ status, errors: 1 })
    if (typeof message === 'string') expect(result.stderr).toContain(message)
    else expect(result.stderr).toMatch(message)
  })
})

describe('the config of another tool', () => {
  it.each([
    [
      'genimage.cfg',
      'genimage',
      'image sdcard.img {\n\thdimage {\n\t}\n\tpartition boot {\n\t\timage = "boot.vfat"\n\t}\n}\n',
    ],
    ['sd.wks', 'wic', '# short\npart /boot --source bootimg-partition --ondisk mmcblk0 --fstype=vfat --label boot\n'],
    [
      'parameter.txt',
      "Rockchip's loader",
      'FIRMWARE_VER:8.1\nMACHINE_MODEL:RK3399\nCMDLINE:mtdparts=rk29xxnand:0x2000@0x4000(uboot)\n',
    ],
    ['disk.dump', 'sfdisk', 'label: gpt\nlabel-id: 1\nunit: sectors\n\n/dev/sda1 : start= 2048, size= 100\n'],
    ['fwup.conf', 'fwup', 'require-fwup-version="1.0"\nfile-resource zImage {\n  host-path = "zImage"\n}\n'],
    ['50-root.conf', 'systemd-repart', '[Partition]\nType=root\nFormat=ext4\n'],
    [
      'partitions.csv',
      'ESP-IDF',
      '# Name, Type, SubType, Offset, Size\nnvs, data, nvs, 0x9000, 0x6000\nfactory, app, factory, 0x10000, 1M\n',
    ],
    ['sys_partition.fex', "Allwinner's tools", '[mbr]\nsize = 16384\n[partition_start]\n[partition]\n name = boot\n'],
    [
      'layout.tsv',
      'STM32CubeProgrammer',
      '#Opt\tId\tName\tType\tIP\tOffset\tBinary\nP\t0x04\tfsbl1\tBinary\tmmc0\tboot1\ttf-a.stm32\n',
    ],
    [
      'rawprogram0.xml',
      "Qualcomm's tools",
      '<?xml version="1.0" ?>\n<data>\n<program SECTOR_SIZE_IN_BYTES="512" filename="boot.img" />\n</data>\n',
    ],
  ])('%s is recognised as of %s', async (name, tool, text) => {
    const { status, stderr, errors } = await planned(text, name)
    expect({ status, errors }, stderr).toEqual({ status: 3, errors: 1 })
    expect(stderr).toMatch(new RegExp(`Cannot read [^\\n]*${name} as a config: it is [^\\n]*${tool}`))
  })

  it('is not seen in lines of a PartConfig.cfg', async () => {
    const { stderr } = await planned('boot 33792s 164863s ext4\n', 'PartConfig.cfg')
    expect(stderr).toBe('')
  })
})

describe('payload that cannot be read', () => {
  it('is one problem for each reason, with a count and the first paths', () => {
    const entries = new UnreadableEntries()
    for (let at = 0; at < 1000; at++) entries.add('file', `/p/${at}`, Object.assign(new Error('x'), { code: 'EACCES' }))
    entries.add('folder', '/p/x', Object.assign(new Error('x'), { code: 'EACCES' }))
    expect(entries.problems(undefined).map(({ message }) => message)).toEqual([
      'Cannot read 1000 files: permission denied: "/p/0", "/p/1", "/p/10" and 997 more; everything in a payload folder must be readable by this user',
      'Cannot read folder "/p/x": permission denied, everything in a payload folder must be readable by this user',
    ])
  })

  it.skipIf(process.getuid?.() === 0)('is reported so by plan', async () => {
    mkdirSync(join(scratch, 'tree'))
    for (const name of ['a', 'b']) {
      writeFileSync(join(scratch, 'tree', name), '')
      chmodSync(join(scratch, 'tree', name), 0)
    }
    const { stderr, errors } = await planned(`${HEAD}partitions: [{ name: a, fs: ext4/tree }]`)
    expect({ errors, stderr }).toEqual({ errors: 1, stderr: expect.stringContaining('Cannot read 2 files') })
  })
})

it('inspect shows the end of a file that is no whole number of sectors as a byte', async () => {
  const path = join(scratch, 'small.bin')
  writeFileSync(path, Buffer.from([1, 2, 3, 0xff, 0xfe]))
  expect((await runCli('inspect', path)).stdout).toMatch(/0 {2}byte 4 {2}/)
})
