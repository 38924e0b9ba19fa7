/** `verify --config` finds nothing in what `build` has just made of that config, whatever the config is. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { DiskloomError } from '../../src/errors.js'
import { checkImageFile } from '../../src/inspect.js'
import { scratchFolder } from '../support/oracle.js'

const DEEP = process.env.DISKLOOM_DEEP === '1'
const RUNS = { numRuns: DEEP ? 3000 : 48, seed: Number(process.env.DISKLOOM_SEED ?? 20261130) }
const KIB = 1024

const word = fc.constantFrom('root', 'Boot A', 'data.1', 'größe', 'x', 'UPPER')

/** Keys of a partition by its kind, without name and place. */
const ext = fc
  .record({
    fs: fc.constantFrom('ext2', 'ext3', 'ext4'),
    content: fc.constantFrom('', '/tree', '/empty'),
    label: fc.option(fc.constantFrom('root', 'größe', 'a b')),
    blockSize: fc.option(fc.constantFrom(1024, 4096, 4096)),
    inodeSize: fc.option(fc.constantFrom(128, 256)),
    owner: fc.option(fc.constantFrom('root', 'keep')),
    holes: fc.option(fc.constantFrom('none', 'all')),
    free: fc.boolean(),
  })
  .map(({ fs, content, label, blockSize, inodeSize, owner, holes, free }) => {
    const options = [
      ...(blockSize === null ? [] : [`block_size: ${blockSize}`]),
      ...(inodeSize === null ? [] : [`inode_size: ${inodeSize}`]),
    ]
    return {
      size: free ? 'auto' : '8MiB',
      keys: [
        `fs: ${fs}${content}`,
        ...(label === null ? [] : [`label: "${label}"`]),
        ...(options.length === 0 ? [] : [`options: { ${options.join(', ')} }`]),
        ...(owner === null || content === '' ? [] : [`owner: ${owner}`]),
        ...(holes === null || content === '' ? [] : [`holes: ${holes}`]),
      ],
    }
  })

const fat = fc
  .record({
    fs: fc.constantFrom('fat', 'fat12', 'fat16', 'fat32'),
    content: fc.constantFrom('', '/fat-tree'),
    label: fc.option(fc.constantFrom('BOOT', 'A B')),
    fats: fc.option(fc.constantFrom(1, 2)),
    auto: fc.boolean(),
  })
  .map(({ fs, content, label, fats, auto }) => ({
    size: auto ? 'auto' : { fat: '3MiB', fat12: '2MiB', fat16: '72MiB', fat32: '40MiB' }[fs],
    keys: [
      `fs: ${fs}${content}`,
      ...(label === null ? [] : [`label: "${label}"`]),
      ...(fats === null ? [] : [`options: { fats: ${fats} }`]),
    ],
  }))

const other = fc.constantFrom(
  { size: 'auto', keys: ['fs: raw.bin'] },
  { size: '2MiB', keys: ['fs: raw.bin'] },
  { size: '1MiB', keys: ['fs: raw.bin', 'fill: 0xff'] },
  { size: '1MiB', keys: ['fs: zeros.bin'] },
  { size: '256KiB', keys: [] },
  { size: '4MiB', keys: ['fs: swap'] },
  { size: '64KiB', keys: ['fs: u-boot-env/env.txt'] },
  { size: '128KiB', keys: ['fs: u-boot-env/env.txt', 'options: { redundant: both }'] },
)

interface Draft {
  readonly size: string
  readonly keys: readonly string[]
}

const partition = fc.record({
  draft: fc.oneof(
    { weight: 4, arbitrary: ext },
    { weight: 3, arbitrary: fat },
    { weight: 3, arbitrary: other },
  ) as fc.Arbitrary<Draft>,
  name: word,
  logical: fc.boolean(),
  attributes: fc.constantFrom('', 'attributes: [read_only]', 'attributes: [no_automount]', 'bootable: true'),
  align: fc.constantFrom('', 'align: 4KiB', 'align: 64KiB'),
})

const disk = fc
  .record({
    table: fc.constantFrom('gpt', 'mbr', 'none'),
    sectorSize: fc.constantFrom(512, 4096),
    partitions: fc.array(partition, { minLength: 1, maxLength: 3 }),
    blob: fc.boolean(),
    verity: fc.boolean(),
  })
  .map(({ table, sectorSize, partitions, blob, verity }) => {
    const lines = partitions.map(({ draft, name, logical, attributes, align }, index) => {
      const inTable = table !== 'none'
      const keys = [
        `name: "${name} ${index}"`,
        `size: ${draft.size}`,
        ...draft.keys,
        ...(table === 'mbr' && logical && index > 0 ? ['logical: true'] : []),
        ...(attributes !== '' && inTable && (table === 'gpt' || attributes.startsWith('boot')) ? [attributes] : []),
        ...(align === '' ? [] : [align]),
      ]
      return `  - { ${keys.join(', ')} }\n`
    })
    if (blob) lines.unshift(`  - { name: spl, start: 64KiB, fs: spl.bin, in_table: false }\n`)
    if (verity && table === 'gpt') {
      lines.push('  - { name: covered, size: 4MiB, fs: ext4/tree, options: { block_size: 4096 } }\n')
      lines.push('  - { name: hashes, fs: verity, covers: covered, size: auto }\n')
    }
    return `image: disk.img\nsource_date_epoch: 1600000000\ntable: ${table}\nsector_size: ${sectorSize}\npartitions:\n${lines.join('')}`
  })

const flash = fc
  .record({
    blockKib: fc.constantFrom(64, 128),
    parts: fc.array(
      fc.constantFrom(
        { size: '2MiB', keys: ['fs: jffs2/tree'] },
        { size: 'auto', keys: ['fs: jffs2/tree'] },
        { size: '1MiB', keys: ['fs: raw.bin'] },
        { size: '512KiB', keys: [] },
        { size: '128KiB', keys: ['fs: u-boot-env/env.txt'] },
        {
          size: '6MiB',
          keys: ['fs: ubi', 'volumes: [{ name: kernel, fs: raw.bin }, { name: root, size: 2MiB, fs: ext2/tree }]'],
        },
      ),
      { minLength: 1, maxLength: 4 },
    ),
    readOnly: fc.boolean(),
  })
  .map(({ blockKib, parts, readOnly }) => {
    const lines = parts.map(({ size, keys }, index) => {
      const more = [...keys, ...(readOnly && index === 0 ? ['attributes: [read_only]'] : [])]
      return `  - { name: p${index}, size: ${size}, ${more.map((key) => `${key}, `).join('')}}\n`.replace(', }', ' }')
    })
    return `image: disk.img\nsource_date_epoch: 1600000000\ntable: mtd\nerase_block: ${blockKib}KiB\nmtd: { min_io_size: 1 }\npartitions:\n${lines.join('')}`
  })

describe('verify --config', () => {
  const scratch = scratchFolder()
  const folder = join(scratch, 'project')
  for (const name of ['tree/sub/deep', 'fat-tree/EFI/Long folder name', 'empty']) {
    mkdirSync(join(folder, name), { recursive: true })
  }
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 7919) % 251))
  writeFileSync(join(folder, 'tree/sub/deep/file.bin'), bytes(70_000))
  // A hole in the middle.
  writeFileSync(join(folder, 'tree/holes.bin'), Buffer.concat([bytes(5000), Buffer.alloc(1200 * KIB), bytes(10)]))
  writeFileSync(join(folder, 'tree/empty'), '')
  symlinkSync('sub/deep', join(folder, 'tree/link'))
  symlinkSync('x'.repeat(200), join(folder, 'tree/long-link'))
  for (let at = 0; at < 40; at++) writeFileSync(join(folder, `tree/sub/f${at}`), bytes(at * 100))
  writeFileSync(join(folder, 'fat-tree/EFI/Long folder name/größe.efi'), bytes(9000))
  writeFileSync(join(folder, 'fat-tree/config.txt'), 'a=1\n')
  writeFileSync(join(folder, 'raw.bin'), bytes(300_001))
  writeFileSync(join(folder, 'zeros.bin'), Buffer.alloc(200_000))
  writeFileSync(join(folder, 'spl.bin'), bytes(30_000))
  writeFileSync(join(folder, 'env.txt'), 'bootcmd=run x\nx=y\n')

  async function expectSound(text: string, counts: { built: number; refused: string[] }): Promise<void> {
    const config = join(folder, 'board.yaml')
    const out = join(scratch, 'out')
    writeFileSync(config, text)
    rmSync(out, { recursive: true, force: true })
    try {
      await build({ config, out, only: 'image', environment: {} })
    } catch (error) {
      if (!(error instanceof DiskloomError)) throw error
      counts.refused.push(error.message)
      return
    }
    counts.built++
    const options = { config, environment: {}, secondOpinion: false }
    const { findings, differences } = await checkImageFile(join(out, 'disk.img/disk.img'), options)
    expect({ text, findings, differences: differences.map(({ message }) => message) }).toEqual({
      text,
      findings: [],
      differences: [],
    })
  }

  it.each([
    ['a disk', disk],
    ['a flash', flash],
  ])('finds nothing in %s that was built of it', async (_, config) => {
    const counts = { built: 0, refused: [] as string[] }
    await fc.assert(
      fc.asyncProperty(config as fc.Arbitrary<string>, (text) => expectSound(text, counts)),
      { ...RUNS, numRuns: config === flash ? RUNS.numRuns / 3 : RUNS.numRuns },
    )
    // Most of what is drawn can be built.
    expect(counts.built, counts.refused.slice(0, 5).join('\n')).toBeGreaterThan(counts.refused.length)
  })
})
