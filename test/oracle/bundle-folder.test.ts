import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { build, inputs } from '../../src/build.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const scratch = scratchFolder()
const CONFIG = `image: disk.img
source_date_epoch: 1767225600
partitions: [{ name: raw, fs: raw.bin }]
bundle: { include: [docs, { path: tools, name: host/tools }] }
`

describeWithTools('folders in the bundle', ['unzip', 'sha256sum'], () => {
  it('are in it whole, in bytewise order, links followed, each file in the sums and among the inputs', async () => {
    const folder = join(scratch, 'whole')
    for (const path of ['docs/Ü', 'docs/empty', 'tools']) mkdirSync(join(folder, path), { recursive: true })
    const files = {
      'docs/z.txt': 'z',
      'docs/B.txt': 'B',
      'docs/a.txt': 'a',
      'docs/Ü/ß.txt': 'sharp',
      'tools/flash.sh': '#!/bin/sh\n',
    }
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
    symlinkSync('../docs/Ü', join(folder, 'tools/umlauts'))
    writeFileSync(join(folder, 'raw.bin'), 'raw')
    writeFileSync(join(folder, 'board.yaml'), CONFIG)
    const config = join(folder, 'board.yaml')
    const { folder: results } = await build({ config, out: join(folder, 'out'), environment: {} })

    const zip = join(results, 'disk.img.zip')
    const names = tool('unzip', '-Z1', zip).trim().split('\n')
    expect(names.slice(1, 7)).toEqual([
      'docs/B.txt',
      'docs/a.txt',
      'docs/z.txt',
      'docs/Ü/ß.txt',
      'host/tools/flash.sh',
      'host/tools/umlauts/ß.txt',
    ])
    const unpacked = join(folder, 'unpacked')
    tool('unzip', '-q', zip, '-d', unpacked)
    expect(tool('sh', '-c', 'cd "$0" && sha256sum -c SHA256SUMS', unpacked)).toContain('host/tools/umlauts/ß.txt: OK')
    expect(await inputs({ config, environment: {} })).toEqual(
      expect.arrayContaining([join(folder, 'docs/a.txt'), join(folder, 'tools/flash.sh')]),
    )
  })

  it('are refused with all that cannot be in a zip, or is in it already', async () => {
    const error = await rejectionOf(scratch, {
      config: `image: disk.img
partitions: [{ name: raw, fs: raw.bin }]
bundle: { include: [docs, { path: a.txt, name: docs/a.txt }, { path: missing, name: m }, { path: list, name: x }] }
`,
      files: {
        'raw.bin': 'raw',
        'a.txt': 'a',
        'docs/a.txt': 'a',
        'docs/back\\slash': '',
        'docs/loop': { linkTo: '.' },
        list: { linkTo: 'nowhere' },
      },
    })
    expect(messagesOf(error)).toBe(
      [
        'Cannot put "back\\slash" of folder "docs" into the zip: names in a zip are UTF-8 without backslashes',
        'Cannot put folder "docs/loop" into the zip: it leads back to a folder that holds it, an end is expected',
        'Cannot put "a.txt" into the zip as docs/a.txt: another file of the bundle has that name, every name is accepted once',
        'Cannot read file "missing": it does not exist, a file that this user can read is accepted',
        'Cannot read file "list": it does not exist, a file that this user can read is accepted',
      ].join('\n'),
    )
    expect(error.code).toBe('LAYOUT')
  })
})
