import { describe, expect, it } from 'vitest'
import { loadText } from '../../test/support/load-text.js'
import type { PartitionSpec } from './spec.js'

const KIB = 1024
const MIB = KIB ** 2

const bytes = (count: number) => ({ kind: 'bytes', bytes: count })

/** The only partition of a config with these keys and lines. */
function onePartition(keys: string, lines = ''): PartitionSpec {
  return loadText(`image: x\n${lines}\npartitions:\n  - { ${keys} }\n`).spec.partitions[0]!
}

describe('places of a partition', () => {
  it.each([
    ['start: 2048s, end: 4095s', { start: bytes(MIB), endExclusive: bytes(2 * MIB) }],
    ['start: 1MiB, end: 2MiB', { start: bytes(MIB), endExclusive: bytes(2 * MIB) }],
    ['start: 1048576, end: 2097151', { start: bytes(MIB), endExclusive: bytes(2 * MIB) }],
    ['start: 1MiB, size: 1MiB', { start: bytes(MIB), size: bytes(MIB) }],
    ['start: 1MiB, end: 2MiB, size: 2048s', { start: bytes(MIB), endExclusive: bytes(2 * MIB) }],
    ['end: 2MiB, size: 1MiB', { start: bytes(MIB), endExclusive: bytes(2 * MIB) }],
    [
      'start: 10%, end: 100%',
      { start: { kind: 'percent', percent: 10 }, endExclusive: { kind: 'percent', percent: 100 } },
    ],
    ['size: 50%', { size: { kind: 'percent', percent: 50 } }],
    ['size: rest', { size: { kind: 'rest' } }],
    ['size: auto', { size: { kind: 'auto' } }],
    ['align: 4KiB, size: 8s', { align: 4 * KIB, size: bytes(4 * KIB) }],
  ])('%s', (keys, expected) => {
    const { start, endExclusive, size, align } = onePartition(`${keys}, fs: ext4`)
    const places = Object.entries({ start, endExclusive, size, align }).filter(([, value]) => value !== undefined)
    expect(Object.fromEntries(places)).toEqual(expected)
  })

  it('counts in sectors of 4096 bytes where the config says so', () => {
    expect(onePartition('start: 256s, end: 511s, fs: ext4', 'sector_size: 4096')).toMatchObject({
      start: bytes(MIB),
      endExclusive: bytes(2 * MIB),
    })
  })

  it('fills in the size: the length of a raw file, the rest of a disk, or what fits', () => {
    const sizes = (text: string) => loadText(`image: x\n${text}`).spec.partitions.map(({ size }) => size?.kind)
    expect(sizes('size: 1GiB\npartitions: [{ fs: a.img }, { fs: b.img }, { fs: ext4 }]')).toEqual([
      'auto',
      'auto',
      'rest',
    ])
    expect(sizes('partitions: [{ fs: a.img }, { fs: ext4 }]')).toEqual(['auto', 'auto'])
    expect(sizes('size: 1GiB\npartitions: [{ name: empty }]')).toEqual(['rest'])
    expect(sizes('size: 1GiB\npartitions: [{ fs: ext4 }, { fs: spl, in_table: false, start: 8KiB }]')).toEqual([
      'rest',
      'auto',
    ])
  })
})

describe('volumes', () => {
  it('takes the long form of ext', () => {
    const { volume } = onePartition(
      'fs: ext3, size: 64MiB, content: [base, /abs/extra], label: root, fs_uuid: AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE, owner: { uid: { 1000: 0, 33: 34 } }, holes: all, xattrs: keep, engine: auto, options: { features: "^resize_inode, quota", reserved_percent: 0.5, journal_size: 4MiB, lazy_itable_init: true }',
      'engine: host',
    )
    expect(volume).toEqual({
      kind: 'file-system',
      type: 'ext3',
      label: 'root',
      uuid: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      content: [
        { kind: 'path', path: '/board/base', configPath: ['partitions', 0, 'content', 0] },
        { kind: 'path', path: '/abs/extra', configPath: ['partitions', 0, 'content', 1] },
      ],
      owner: {
        kind: 'map',
        uid: new Map([
          [1000, 0],
          [33, 34],
        ]),
        gid: new Map(),
      },
      holes: 'all',
      xattrs: 'keep',
      engine: 'auto',
      options: {
        features: ['^resize_inode', 'quota'],
        reserved_percent: 0.5,
        journal_size: 4 * MIB,
        lazy_itable_init: true,
      },
    })
  })

  it('takes features as a list too, and the engine of the whole config', () => {
    const { volume } = onePartition('fs: ext4, size: 8MiB, options: { features: [^64bit, "a,b"] }', 'engine: host')
    expect(volume).toMatchObject({ engine: 'host', options: { features: ['^64bit', 'a', 'b'] } })
  })

  it('takes the volume id of a FAT as its fs_uuid', () => {
    expect(
      onePartition('fs: vfat/boot, size: 8MiB, fs_uuid: 1234-abcd, options: { cluster_size: 4KiB }').volume,
    ).toEqual({
      kind: 'file-system',
      type: 'fat',
      holes: 'none',
      xattrs: 'auto',
      content: [{ kind: 'path', path: '/board/boot', configPath: ['partitions', 0, 'fs'] }],
      engine: 'native',
      options: { volume_id: 0x1234abcd, cluster_size: 4096 },
    })
  })

  it('takes what only host tools write, whatever engine is the default, and swap', () => {
    expect(
      onePartition('fs: squashfs/root, owner: keep, options: { compression: zstd, level: 19, block_size: 1MiB }')
        .volume,
    ).toEqual({
      kind: 'file-system',
      type: 'squashfs',
      engine: 'host',
      holes: 'none',
      content: [{ kind: 'path', path: '/board/root', configPath: ['partitions', 0, 'fs'] }],
      owner: { kind: 'keep' },
      xattrs: 'auto',
      options: { compression: 'zstd', level: 19, block_size: MIB },
    })
    expect(onePartition('fs: swap, size: 64MiB, label: S, options: { page_size: 16KiB }').volume).toEqual({
      kind: 'file-system',
      type: 'swap',
      content: [],
      engine: 'native',
      holes: 'none',
      xattrs: 'auto',
      label: 'S',
      options: { page_size: 16 * KIB },
    })
  })

  it('takes raw files and empty partitions, with what fills them', () => {
    expect(onePartition('fs: ./ext4, fill: 0xFF').volume).toEqual({
      kind: 'raw',
      path: '/board/ext4',
      written: './ext4',
      fill: 0xff,
    })
    expect(onePartition('size: 1MiB, fill: 0').volume).toEqual({ kind: 'none', fill: 0 })
  })

  it('takes attributes as names, bits and a mask', () => {
    expect(onePartition('fs: a, attributes: [required, 60, hidden]').attributes).toBe(1n | (1n << 60n) | (1n << 62n))
    expect(onePartition('fs: a, attributes: 0x8000000000000004').attributes).toBe((1n << 63n) | 4n)
  })
})
