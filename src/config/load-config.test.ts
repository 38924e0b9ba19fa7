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
  kind: 'file-system',
  type: 'ext4',
  content: [],
  holes: 'none',
  engine: 'native',
  xattrs: 'auto',
  options: {},
}

/** As the older format has it, which has no word for modes. */
function withoutModes(partition: PartitionSpec): PartitionSpec {
  const { volume } = partition
  if (volume.kind !== 'file-system') return partition
  const content = volume.content.map((source) => {
    if (source.kind !== 'path') return source
    const { modes: _, ...rest } = source
    return rest
  })
  return { ...partition, volume: { ...volume, content } }
}

/** The five partitions of the original job, sectors inclusive as the config has them. */
const EMMC_PARTITIONS = (
  [
    ['kernel', 33792, 164863, { kind: 'raw', path: '/board/boot.img', written: 'boot.img' }],
    [
      'program',
      164864,
      689151,
      {
        ...EMPTY_EXT4,
        content: [{ kind: 'path', path: '/board/program', configPath: ['partitions', 1, 'fs'] }],
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
        level: 5,
        meta: false,
        readme: false,
        include: ['bootimg_AutoBoot.bin', 'spi_part.cfg', 'u-boot_AutoBoot.bin'].map((name, index) => ({
          path: `/board/${name}`,
          name,
          configPath: ['bundle', 'include', index],
        })),
      },
      outputs: [
        { format: 'raw', name: 'linux_burn_image', configPath: ['outputs', 0] },
        { format: 'zip', name: 'linux_burn_image.zip', configPath: ['outputs', 1] },
      ],
      gadget: {
        installRoot: `${$}{INSTALL_ROOT}`,
        modules: ['libcomposite', 'usb_f_mass_storage', 'g_mass_storage'],
        deviceTrees: [
          {
            file: '/board/rootfs.dts.STM32F7',
            node: '&usb_hs',
            properties: [{ name: 'dr_mode', value: [{ kind: 'string', text: 'peripheral' }] }],
            overlay: false,
            check: true,
            includeFolders: [],
            configPath: ['gadget', 'device_tree'],
          },
        ],
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
      outputs: [
        { format: 'raw', name: 'linux_burn_image', configPath: ['outputs', 0] },
        { format: 'zip', name: 'linux_burn_image.zip', configPath: ['outputs', 1] },
      ],
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
    expect(
      loadText('image: x\npartitions: [{ fs: a, uuid: 2e123456-0000-4000-8000-000000000000 }]').spec.partitions[0]!
        .uuid,
    ).toBe('2e123456-0000-4000-8000-000000000000')
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
    expect(lines!.partitions).toEqual(yaml!.partitions.map(withoutModes))
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
    expect(spec.partitions[0]!.volume).toMatchObject({ kind: 'raw', path: '/board/ext44' })
    expect(warnings).toMatchObject([
      {
        message: 'fs of partition "a" is read as the path of a raw file, ext44',
        hint: 'Did you mean "ext4"? A raw file of that name is written ./ext44',
        position: { line: 2, column: 29 },
      },
    ])
  })
})
