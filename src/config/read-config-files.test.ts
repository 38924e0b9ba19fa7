import { describe, expect, it } from 'vitest'
import { loadText } from '../../test/support/load-text.js'

const KIB = 1024
const MIB = KIB ** 2
const GIB = KIB ** 3

const bytes = (count: number) => ({ kind: 'bytes', bytes: count })

// `$` before a brace, without the linter taking these texts for template literals.
const $ = '\u0024'

describe('include', () => {
  const load = (files: Record<string, string>, options = {}) => loadText(files, options)

  it('merges maps and replaces lists, the includer over the later over the earlier', () => {
    const { spec, files } = load({
      'a.yaml': 'include: [sub/one.yaml, two.yaml]\nimage: a\nbundle: { level: 1 }\n',
      'sub/one.yaml': 'image: one\nseed: one\nsize: 1GiB\nbundle: { level: 2, include: [x.bin] }\npartitions: []\n',
      'two.yaml': 'image: two\nseed: two\nbundle: { name: z.zip }\n',
    })
    expect(spec).toMatchObject({ name: 'a', seed: 'two', sizeBytes: GIB })
    expect(spec.bundle).toMatchObject({
      level: 1,
      name: 'z.zip',
      include: [{ path: '/board/sub/x.bin', name: 'x.bin' }],
    })
    expect(files).toEqual(['/board/a.yaml', '/board/sub/one.yaml', '/board/two.yaml'])
  })

  it('merges partitions by name, in the order of the base, new ones after them', () => {
    const { spec } = load({
      'a.yaml':
        'include: base/base.yaml\npartitions:\n  - { name: root, size: 2GiB, label: ~ }\n  - { name: extra, fs: e.img }\n',
      'base/base.yaml':
        'image: x\npartitions:\n  - { name: boot, fs: fat/boot, size: 64MiB }\n  - { name: root, fs: ext4/root, label: R, size: 1GiB }\n',
    })
    expect(spec.partitions.map(({ name }) => name)).toEqual(['boot', 'root', 'extra'])
    expect(spec.partitions[1]).toMatchObject({
      size: bytes(2 * GIB),
      volume: { content: [{ path: '/board/base/root' }] },
    })
    expect(spec.partitions[1]!.volume).not.toHaveProperty('label')
    expect(spec.partitions[2]!.volume).toMatchObject({ kind: 'raw', path: '/board/e.img' })
  })

  it('reads a file that several include once, and points into it', () => {
    const config = load({
      'a.yaml': 'include: [b.yaml, c.yaml]\nimage: x\n',
      'b.yaml': 'include: parts.yaml\n',
      'c.yaml': 'include: parts.yaml\n',
      'parts.yaml': 'partitions:\n  - { name: p, fs: p.img }\n',
    })
    expect(config.files).toHaveLength(4)
    expect(config.spec.partitions).toHaveLength(1)
    expect(config.locate(['partitions', 0, 'fs'])!.position).toEqual({ file: '/board/parts.yaml', line: 2, column: 20 })
  })

  it('adds to a PartConfig.cfg', () => {
    const { spec } = load({
      'a.yaml': 'include: PartConfig.cfg\nimage: mine.img\nsize: 7456MiB\n',
      'PartConfig.cfg': 'kernel 33792s 164863s boot.img\nprogram 164864s 689151s ext4/program\n',
    })
    expect(spec).toMatchObject({ name: 'mine.img', sizeBytes: 7456 * MIB })
    expect(spec.partitions.map(({ name }) => name)).toEqual(['kernel', 'program'])
  })

  it('takes variables in paths', () => {
    const files = { 'a.yaml': `include: "${$}{BOARD}.yaml"\nimage: x\n`, 'b.yaml': 'partitions: []\n' }
    expect(load(files, { set: { BOARD: 'b' } })).toMatchObject({
      files: ['/board/a.yaml', '/board/b.yaml'],
      warnings: [],
    })
  })
})
