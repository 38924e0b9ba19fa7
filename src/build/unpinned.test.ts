import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../config/load-config.js'
import { findUnpinned, notPinnedWarning, type PinningOptions } from './unpinned.js'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'diskloom-unpinned-'))
  mkdirSync(join(scratch, 'd'))
  for (const name of ['raw.bin', 'root.tar']) writeFileSync(join(scratch, name), '')
})
afterAll(() => rmSync(scratch, { recursive: true }))

const EPOCH = { seconds: 1, nanoseconds: 0 }

function unpinned(config: string, options: Partial<PinningOptions> = {}) {
  const path = join(scratch, 'a.yaml')
  writeFileSync(path, `image: a.img\nsize: 64MiB\n${config}`)
  const { spec } = loadConfig(path, { environment: {} })
  return findUnpinned(spec, { epoch: EPOCH, readsXattrs: true, ...options })
}
const kindsOf = (config: string, options?: Partial<PinningOptions>): string[] =>
  unpinned(config, options).map(({ kind, path }) => `${kind} ${path?.join('.')}`)

const volume = (inside: string, more = ''): string => `${more}partitions:\n  - { size: 8MiB, ${inside} }\n`

describe('what depends on the machine', () => {
  it.each<[string, string, Partial<PinningOptions>, string[]]>([
    ['modes of a folder', volume('fs: ext4/d'), {}, ['modes partitions.0.fs']],
    ['times of a folder', volume('fs: ext4/d, modes: host'), { epoch: undefined }, ['times partitions.0.fs']],
    ['times in a FAT', volume('fs: fat/d'), { epoch: undefined }, ['times partitions.0.fs']],
    ['a single file', volume('fs: ext4, content: [{ path: /f, file: raw.bin }]'), {}, ['modes partitions.0.content.0']],
    [
      'a folder in a volume in a file',
      volume('fs: ext4, content: [{ path: /v, image: { fs: ext4, content: d } }]'),
      {},
      ['modes partitions.0.content.0.image.content'],
    ],
    ['getfattr', volume('fs: ext4/d, modes: git'), { readsXattrs: false }, ['xattrs partitions.0.fs']],
    ["a host's tool", volume('fs: squashfs'), {}, ['tools partitions.0.fs']],
    ['xz', volume('fs: ext4', 'outputs: [raw, xz]\n'), {}, ['tools outputs.1']],
    ['times in the zip', volume('fs: raw.bin'), { epoch: undefined }, ['zip partitions.0.fs']],
    [
      'the initramfs',
      `gadget: { initramfs: { content: d } }\n${volume('fs: ext4')}`,
      {},
      ['modes gadget.initramfs.content'],
    ],
  ])('%s', (_, config, options, expected) => {
    expect(kindsOf(config, options)).toEqual(expected)
  })

  it.each<[string, string, Partial<PinningOptions>]>([
    ['modes that the config says', volume('fs: ext4/d', 'modes: git\n'), {}],
    ['modes that are meant', volume('fs: ext4/d, modes: host'), {}],
    ['the mode of a file', volume('fs: ext4, content: [{ path: /f, file: raw.bin, mode: "0644" }]'), {}],
    ['a FAT, which has no modes', volume('fs: fat/d'), {}],
    ['an archive, which has modes and times of its own', volume('fs: ext4/root.tar'), { epoch: undefined }],
    ['what the config makes', volume('fs: ext4, content: [{ path: /f, text: hello }]'), { epoch: undefined }],
    ['an empty volume', volume('fs: ext4'), { epoch: undefined }],
    ['attributes that are not wanted', volume('fs: ext4/d, modes: git, xattrs: none'), { readsXattrs: false }],
    ['a zip that is not made', volume('fs: raw.bin'), { epoch: undefined, only: 'image' }],
  ])('not %s', (_, config, options) => {
    expect(kindsOf(config, options)).toEqual([])
  })
})

describe('the warning of a build', () => {
  it('is one for all, at the first place', () => {
    const config = `partitions:\n  - { size: 8MiB, fs: ext4/d }\n  - { size: 8MiB, fs: ext4/d }\n`
    expect(notPinnedWarning(unpinned(config, { epoch: undefined }))).toEqual({
      message:
        'The result depends on this machine: files have the times of their copies on this machine; files have the modes of their copies on this machine',
      hint: 'Pin it with source_date_epoch: SECONDS, or SOURCE_DATE_EPOCH in the environment; modes: git for a checkout, modes: host where the modes are meant. build --reproducible lists every place',
      finding: 'not-pinned',
      path: ['partitions', 0, 'fs'],
    })
  })

  it('is none where only the zip has a time of the machine', () => {
    expect(notPinnedWarning(unpinned(volume('fs: raw.bin'), { epoch: undefined }))).toBe(undefined)
  })
})
