import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadText } from '../../test/support/load-text.js'
import { scratchFolder } from '../../test/support/oracle.js'
import { IoError } from '../errors.js'
import { loadConfig } from './load-config.js'
import type { PartitionSpec } from './spec.js'

const CONFIGS = fileURLToPath(new URL('../../configs', import.meta.url))
const scratch = scratchFolder()

const KIB = 1024
const MIB = KIB ** 2
const GIB = KIB ** 3
const SECTOR = 512
// `$` before a brace, without the linter taking these texts for template literals.
const $ = '\u0024'

/** As docs/DESIGN.md shows it. */
const DESIGN = `
image: linux_burn_image
size: 7456MiB                # bytes, KiB/MiB/GiB, or sectors: 15269888s. Left out: as small as holds everything
table: gpt                   # gpt | mbr | none
partitions:
  - { name: kernel,  start: 33792s,    end: 164863s,   fs: boot.img }      # a file: copied as it is
  - { name: program, start: 164864s,   end: 689151s,   fs: ext4/program }  # formatted, then the folder's content
  - { name: data,    start: 689152s,   end: 7180799s,  fs: ext4 }          # formatted, empty
  - { name: backup,  start: 7180800s,  end: 13672446s, fs: ext4 }
  - { name: others,  start: 13672447s, end: 15245311s, fs: ext4 }          # not aligned: a warning, and built all the same
bundle:
  include: [bootimg_AutoBoot.bin, spi_part.cfg, u-boot_AutoBoot.bin]
gadget:                      # what the board needs to show its storage over USB
  install_root: '$${$}{INSTALL_ROOT}'        # stays a variable in the list that is written
  modules: [libcomposite, usb_f_mass_storage, g_mass_storage]
  device_tree: { file: rootfs.dts.STM32F7, node: "&usb_hs", dr_mode: peripheral }
`

const PART_CONFIG = `kernel 33792s 164863s boot.img\r
\t\tprogram 164864s 689151s ext4/program
\r
# the rest
\t\tdata 689152s 7180799s ext4   # empty
backup 7180800s 13672446s ext4
others 13672447s 15245311s ext4
`

const bytes = (count: number) => ({ kind: 'bytes', bytes: count })
const EMPTY_EXT4 = {
  kind: 'ext',
  type: 'ext4',
  content: [],
  owner: { kind: 'root' },
  holes: 'none',
  engine: 'native',
  xattrs: 'auto',
  options: {},
}

/** The five partitions of the original job, sectors inclusive as the config has them. */
const EMMC_PARTITIONS = (
  [
    ['kernel', 33792, 164863, { kind: 'raw', path: '/board/boot.img' }],
    [
      'program',
      164864,
      689151,
      {
        ...EMPTY_EXT4,
        content: [{ kind: 'folder', path: '/board/program', configPath: ['partitions', 1, 'fs'] }],
      },
    ],
    ['data', 689152, 7180799, EMPTY_EXT4],
    ['backup', 7180800, 13672446, EMPTY_EXT4],
    ['others', 13672447, 15245311, EMPTY_EXT4],
  ] as const
).map(([name, first, last, volume], index) => ({
  name,
  start: bytes(first * SECTOR),
  endExclusive: bytes((last + 1) * SECTOR),
  attributes: 0n,
  bootable: false,
  inTable: true,
  logical: false,
  volume,
  configPath: ['partitions', index],
}))

/** The only partition of a config with these keys and lines. */
function onePartition(keys: string, lines = ''): PartitionSpec {
  return loadText(`image: x\n${lines}\npartitions:\n  - { ${keys} }\n`).spec.partitions[0]!
}

describe('loadConfig', () => {
  it('gives the meaning of the config in DESIGN.md', () => {
    const { spec, warnings, files } = loadText(DESIGN)
    expect(spec).toEqual({
      name: 'linux_burn_image',
      sizeBytes: 15_269_888 * SECTOR,
      table: 'gpt',
      sectorSize: SECTOR,
      seed: 'linux_burn_image',
      gpt: { entries: 128 },
      partitions: EMMC_PARTITIONS,
      bundle: {
        name: 'linux_burn_image.zip',
        level: 6,
        include: ['bootimg_AutoBoot.bin', 'spi_part.cfg', 'u-boot_AutoBoot.bin'].map((name, index) => ({
          path: `/board/${name}`,
          name,
          configPath: ['bundle', 'include', index],
        })),
      },
      outputs: ['raw', 'zip'],
      gadget: {
        installRoot: `${$}{INSTALL_ROOT}`,
        modules: ['libcomposite', 'usb_f_mass_storage', 'g_mass_storage'],
        deviceTree: {
          file: '/board/rootfs.dts.STM32F7',
          node: '&usb_hs',
          drMode: 'peripheral',
          configPath: ['gadget', 'device_tree'],
        },
        configPath: ['gadget'],
      },
    })
    expect(warnings).toEqual([])
    expect(files).toEqual(['/board/a.yaml'])
  })

  it('reads PartConfig.cfg, tabs, CRLF and comments included, as the same partitions', () => {
    const { spec } = loadText({ 'PartConfig.cfg': PART_CONFIG })
    expect(spec.partitions).toEqual(EMMC_PARTITIONS)
    expect(spec).toMatchObject({
      name: 'linux_burn_image',
      table: 'gpt',
      seed: 'linux_burn_image',
      outputs: ['raw', 'zip'],
    })
    expect(spec.sizeBytes).toBeUndefined()
    expect(loadText({ PartConfig: PART_CONFIG }, { sizeBytes: 7456 * MIB }).spec.sizeBytes).toBe(7456 * MIB)
  })

  it('tells the formats apart by extension, else by content', () => {
    expect(loadText({ 'board.cfg': DESIGN }).spec.partitions).toHaveLength(5)
    expect(loadText({ 'board.json': '{"image": "x", "partitions": [{"fs": "boot.img"}]}' }).spec.name).toBe('x')
    expect(loadText({ board: '%YAML 1.2\n---\nimage: x\npartitions: []\n' }).spec.name).toBe('x')
  })

  it('takes --size over the config', () => {
    expect(loadText('image: x\nsize: 1GiB\npartitions: []\n', { sizeBytes: 2 * GIB }).spec.sizeBytes).toBe(2 * GIB)
    expect(loadText('image: x\nsize: auto\npartitions: []\n').spec.sizeBytes).toBeUndefined()
  })

  it('reads what is written, whatever YAML makes of it', () => {
    const { spec } = loadText(
      'image: 1.10\nseed: 0012\nvars: { ID: 11111111-2222-3333-4444-555555555555 }\nmbr: { signature: 0x0A0B0C0D }\ntable: mbr\nsource_date_epoch: 10\n' +
        'partitions:\n  - { name: no, label: 1e3, fs: fat16, size: 16MiB, type: 0xC, options: { volume_id: 1234-5678, oem: 07 } }\n',
    )
    expect(spec).toMatchObject({ name: '1.10', seed: '0012', mbrSignature: 0x0a0b0c0d, sourceDateEpoch: 10 })
    expect(spec.partitions[0]).toMatchObject({
      name: 'no',
      type: '0xC',
      volume: { label: '1e3', options: { volume_id: 0x12345678, oem: '07' } },
    })
    // YAML takes it for 2 × 10^1234, infinity.
    expect(onePartition('fs: boot.img, uuid: 2e123456-0000-4000-8000-000000000000').uuid).toBe(
      '2e123456-0000-4000-8000-000000000000',
    )
  })

  it('follows anchors and merge keys; what is written out wins', () => {
    const { spec } = loadText(
      'image: x\npartitions:\n  - &base { name: a, fs: ext4, size: 8MiB, options: &o { block_size: 1KiB } }\n  - { <<: *base, name: b, size: 16MiB }\n  - name: c\n    <<: [{ label: L }, *base]\n    options: { <<: *o, inodes: 100 }\n',
    )
    expect(spec.partitions).toMatchObject([
      { name: 'a', size: bytes(8 * MIB) },
      { name: 'b', size: bytes(16 * MIB), volume: { type: 'ext4', options: { block_size: 1024 } } },
      { name: 'c', size: bytes(8 * MIB), volume: { label: 'L', options: { block_size: 1024, inodes: 100 } } },
    ])
  })

  it('throws IoError for a config that is not there, ConfigError for one that is no text', () => {
    expect(() => loadConfig('/nowhere/a.yaml', { environment: {} })).toThrow(IoError)
    expect(() => loadConfig('/nowhere/a.yaml', { environment: {} })).toThrow(
      'Cannot read config /nowhere/a.yaml: there is no such file',
    )
    const path = join(scratch, 'a.yaml')
    writeFileSync(path, Buffer.from([0x69, 0xff, 0x0a]))
    expect(() => loadConfig(path, { environment: {} })).toThrow(`Cannot read config ${path}: it is not in UTF-8`)
    writeFileSync(path, Buffer.from('\ufeffimage: x', 'utf16le'))
    expect(() => loadConfig(path, { environment: {} })).toThrow(
      `Cannot read config ${path}: it is in UTF-16, UTF-8 is accepted`,
    )
  })

  it('reads the ready configs, and the emmc job alike from both of its forms', () => {
    const folders = readdirSync(CONFIGS, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(folders.length).toBeGreaterThan(0)
    for (const { name } of folders) {
      expect(loadConfig(join(CONFIGS, name, `${name}.yaml`), { environment: {} }).warnings).toEqual([])
    }
    const [yaml, lines] = ['emmc-8g.yaml', 'PartConfig.cfg'].map(
      (name) => loadConfig(join(CONFIGS, 'emmc-8g', name), { environment: {} }).spec,
    )
    expect(lines!.partitions).toEqual(yaml!.partitions)
  })

  it('locates values, and the nearest parent of what is not there', () => {
    const config = loadText(DESIGN)
    expect(config.locate(['partitions', 1, 'fs'])!.position).toEqual({ file: '/board/a.yaml', line: 7, column: 60 })
    expect(config.locate(['partitions', 1, 'label'])!.position).toMatchObject({ line: 7, column: 5 })
    expect(config.locate(['bundle', 'include', 9])!.position).toMatchObject({ line: 12, column: 12 })
    expect(config.locate([])!.frame).toContain('^^^^^')
  })

  it('warns where a raw file is hardly meant', () => {
    const { warnings, spec } = loadText('image: x\npartitions: [{ name: a, fs: ext44, size: 1MiB }]\n')
    expect(spec.partitions[0]!.volume).toEqual({ kind: 'raw', path: '/board/ext44' })
    expect(warnings).toMatchObject([
      {
        message: 'fs of partition "a" is read as the path of a raw file, ext44',
        hint: 'Did you mean "ext4"? A raw file of that name is written ./ext44',
        position: { line: 2, column: 29 },
      },
    ])
  })
})

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
      kind: 'ext',
      type: 'ext3',
      label: 'root',
      uuid: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      content: [
        { kind: 'folder', path: '/board/base', configPath: ['partitions', 0, 'content', 0] },
        { kind: 'folder', path: '/abs/extra', configPath: ['partitions', 0, 'content', 1] },
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
      kind: 'fat',
      type: 'fat',
      content: [{ kind: 'folder', path: '/board/boot', configPath: ['partitions', 0, 'fs'] }],
      options: { volume_id: 0x1234abcd, cluster_size: 4096 },
    })
  })

  it('takes raw files and empty partitions, with what fills them', () => {
    expect(onePartition('fs: ./ext4, fill: 0xFF').volume).toEqual({ kind: 'raw', path: '/board/ext4', fill: 0xff })
    expect(onePartition('size: 1MiB, fill: 0').volume).toEqual({ kind: 'none', fill: 0 })
  })

  it('takes attributes as names, bits and a mask', () => {
    expect(onePartition('fs: a, attributes: [required, 60, hidden]').attributes).toBe(1n | (1n << 60n) | (1n << 62n))
    expect(onePartition('fs: a, attributes: 0x8000000000000004').attributes).toBe((1n << 63n) | 4n)
  })
})

describe('variables', () => {
  const seedOf = (seed: string, lines = '', options = {}) =>
    loadText(`image: x\n${lines}\nseed: ${seed}\npartitions: []\n`, options).spec.seed

  it('come from --set, then vars, then the environment', () => {
    const environment = { V: 'environment' }
    expect(seedOf(`${$}{V}`, '', { environment })).toBe('environment')
    expect(seedOf(`${$}{V}`, 'vars: { V: config }', { environment })).toBe('config')
    expect(seedOf(`${$}{V}`, 'vars: { V: config }', { environment, set: { V: 'line' } })).toBe('line')
    expect(seedOf(`${$}{V:-default}`)).toBe('default')
  })

  it('let a definition ask the environment for its own name', () => {
    const lines = `vars: { V: "${$}{V:-1.0}", W: "v${$}{V}" }`
    expect(seedOf(`${$}{W}`, lines)).toBe('v1.0')
    expect(seedOf(`${$}{W}`, lines, { environment: { V: '2.0' } })).toBe('v2.0')
  })

  it('may stand for values of any type', () => {
    const text = `image: x\npartitions:\n  - { fs: "${$}{FS}", size: "${$}{SIZE}", bootable: "${$}{BOOT}", options: { inodes: "${$}{N}" } }\n`
    const { spec } = loadText(text, { set: { FS: 'ext4/root', SIZE: '64MiB', BOOT: 'true', N: '500' } })
    expect(spec.partitions[0]).toMatchObject({
      size: bytes(64 * MIB),
      bootable: true,
      volume: { options: { inodes: 500 } },
    })
  })

  it('warn of a --set that nothing asks for', () => {
    const { warnings } = loadText(`image: "x${$}{VERSION:-}"\npartitions: []\n`, { set: { VERSOIN: '1' } })
    expect(warnings).toEqual([
      {
        message: `--set VERSOIN=… is not used: nothing in the config asks for ${$}{VERSOIN}`,
        hint: 'Did you mean "VERSION"?',
      },
    ])
  })
})

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
    expect(spec.partitions[2]!.volume).toEqual({ kind: 'raw', path: '/board/e.img' })
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
      'PartConfig.cfg': PART_CONFIG,
    })
    expect(spec).toMatchObject({ name: 'mine.img', sizeBytes: 7456 * MIB })
    expect(spec.partitions).toEqual(EMMC_PARTITIONS)
  })

  it('takes variables in paths', () => {
    const files = { 'a.yaml': `include: "${$}{BOARD}.yaml"\nimage: x\n`, 'b.yaml': 'partitions: []\n' }
    expect(load(files, { set: { BOARD: 'b' } })).toMatchObject({
      files: ['/board/a.yaml', '/board/b.yaml'],
      warnings: [],
    })
  })
})
