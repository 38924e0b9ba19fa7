// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the config's own syntax
/** What entries of `content:` mean; what is refused stands in test/reject/content.test.ts. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadText } from '../../test/support/load-text.js'
import type { ContentSource } from './spec.js'

const AT = ['partitions', 0, 'content', 0]

/** The one entry of a content list. */
function entry(keys: string): ContentSource {
  const { spec } = loadText(
    `image: x\nvars: { V: "6.1" }\npartitions:\n  - { fs: ext4, size: 8MiB, content: [{ ${keys} }] }\n`,
  )
  const { volume } = spec.partitions[0]!
  if (volume.kind !== 'file-system') throw new Error('no file system')
  return volume.content[0]!
}

describe('layers', () => {
  it.each([
    ['folder: app', { kind: 'folder', path: '/board/app' }],
    ['tar: a.tar, to: /opt//app/', { kind: 'tar', path: '/board/a.tar', to: 'opt/app' }],
    ['cpio: a.cpio, to: /, owner: root', { kind: 'cpio', path: '/board/a.cpio', owner: account('root', 'root') }],
    ['list: a.list, include: "etc/**"', { kind: 'list', path: '/board/a.list', include: ['etc/**'] }],
    ['folder: a, exclude: [.git, "*.o"]', { kind: 'folder', path: '/board/a', exclude: ['.git', '*.o'] }],
    ['folder: a, owner: "1000:adm"', { kind: 'folder', path: '/board/a', owner: account('1000', 'adm') }],
    ['folder: a, owner: keep', { kind: 'folder', path: '/board/a', owner: { kind: 'keep' } }],
    ['folder: a, owner: { gid: { 5: 6 } }', { kind: 'folder', path: '/board/a', owner: map([], [[5, 6]]) }],
    ['device_table: t.txt', { kind: 'device-table', path: '/board/t.txt' }],
  ])('%s', (keys, meaning) => {
    expect(entry(keys)).toEqual({ ...meaning, configPath: [...AT, keys.split(':')[0]] })
  })

  function account(user: string, group: string) {
    return { kind: 'account', user, group }
  }

  function map(uid: [number, number][], gid: [number, number][]) {
    return { kind: 'map', uid: new Map(uid), gid: new Map(gid) }
  }
})

describe('changes', () => {
  it.each([
    ['remove: "*.a"', { kind: 'remove', patterns: ['*.a'] }],
    [
      'rename: "/boot/vmlinuz-${V}", to: /boot/vmlinuz',
      { kind: 'rename', from: '/boot/vmlinuz-6.1', to: 'boot/vmlinuz' },
    ],
    ['set: [a, b], mode: 0755', { kind: 'set', patterns: ['a', 'b'], attributes: { mode: 0o755 } }],
    ['set: a, mode: 0o4755, owner: www-data', set(0o4755, 'www-data')],
    ['set: a, mode: 644, owner: 5', set(0o644, '5')],
  ])('%s', (keys, meaning) => {
    expect(entry(keys)).toEqual({ ...meaning, configPath: AT })
  })

  function set(mode: number, user: string) {
    return { kind: 'set', patterns: ['a'], attributes: { mode, owner: { user, group: user } } }
  }
})

describe('single paths', () => {
  it.each([
    ['text: ""', { kind: 'text', text: '' }],
    ['text: "${V}\\n"', { kind: 'text', text: '6.1\n' }],
    ['file: build/zImage', { kind: 'file', path: '/board/build/zImage' }],
    ['directory: true', { kind: 'directory' }],
    ['link: ../lib', { kind: 'symlink', target: '../lib' }],
    ['device: c 5 1', { kind: 'char', major: 5, minor: 1 }],
    ['device: "b 4095:1048575"', { kind: 'block', major: 4095, minor: 1_048_575 }],
    ['device: p', { kind: 'fifo' }],
  ])('%s', (keys, meaning) => {
    const put = { kind: 'put', path: 'etc/x', entry: meaning, attributes: {}, configPath: AT }
    expect(entry(`path: /etc/x, ${keys}`)).toEqual(put)
  })

  it('takes mode and owner beside them', () => {
    expect(entry('path: etc/x, text: a, mode: "0600", owner: "0:4"')).toMatchObject({
      attributes: { mode: 0o600, owner: { user: '0', group: '4' } },
    })
  })
})

it('the example of docs/content.md is a config', () => {
  const page = readFileSync(new URL('../../docs/content.md', import.meta.url), 'utf8')
  const example = /^```yaml\n(.*?)^```$/ms.exec(page)![1]!
  const { spec, warnings } = loadText(`image: x\n${example}`, { set: { BOARD: 'b' } })
  expect(warnings).toEqual([])
  const kinds = spec.partitions.map(({ volume }) => 'content' in volume && volume.content.map(({ kind }) => kind))
  expect(kinds).toEqual([
    ['put', 'put', 'put'],
    ['path', 'folder', 'put', 'put', 'rename', 'remove', 'set', 'device-table'],
  ])
})

it('free: bytes, sectors and a share, where the size is open', () => {
  const free = (keys: string): unknown =>
    loadText(`image: x\npartitions:\n  - { fs: ext4/a, ${keys} }\n`).spec.partitions[0]!.free
  expect(free('size: auto, free: 64MiB')).toEqual({ kind: 'bytes', bytes: 64 << 20 })
  expect(free('size: auto, free: 20%')).toEqual({ kind: 'percent', percent: 20 })
  expect(free('free: 8s')).toEqual({ kind: 'bytes', bytes: 4096 })
})

it('variables of lists: those of the config, then the environment; a --set that only a list may use is no slip', () => {
  const text = 'image: x\nvars: { A: one }\npartitions: [{ fs: ext4, size: 8MiB, content: [{ list: a }] }]\n'
  const config = loadText(text, { set: { B: 'two' }, environment: { A: 'other', C: 'three' } })
  expect(['A', 'B', 'C', 'D'].map((name) => config.variable(name))).toEqual(['one', 'two', 'three', undefined])
  expect(config.warnings).toEqual([])
})
