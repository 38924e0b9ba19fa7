/**
 * fsck.exfat, dump.exfat and mkfs.exfat judge what the exFAT writer wrote, over a medium that held
 * something else.
 */
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { DifferenceError } from '../../src/errors.js'
import { ExfatBootSector } from '../../src/filesystems/exfat/disklayout.js'
import { geometryOf } from '../../src/filesystems/exfat/geometry.js'
import type { ExfatFormatOptions } from '../../src/filesystems/exfat/option-table.js'
import { openExfatVolume } from '../../src/filesystems/exfat/reader/open-exfat-volume.js'
import { asExfatTime } from '../../src/filesystems/exfat/times.js'
import { encodeUpCaseTable } from '../../src/filesystems/exfat/up-case.js'
import { type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { compareWithBuild } from '../../src/verify.js'
import { EditedVolume, type ExfatDraft, fsckExfat, makeExfat } from '../support/exfat-volume.js'
import { GIB, KIB, MIB, TIB } from '../support/image-spec.js'
import { withView } from '../support/open-view.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { fatTree, file, folder, randomFatTree } from '../support/qemu-trees.js'
import { Random } from '../support/random-ext-tree.js'
import { runCli } from '../support/run-cli.js'
import { portrait } from '../support/tree-portrait.js'

const RANDOM_TREES = process.env.DISKLOOM_DEEP ? 2000 : 40

/** Returns what exFAT keeps of a tree: names, contents, and times as it has them. */
function kept(tree: FileTree): Map<string, object> {
  for (const [, node] of walkTree(tree)) {
    node.mode = node.type === 'directory' ? 0o755 : 0o644
    Object.assign(node, { mtime: asExfatTime(node.mtime) })
  }
  return portrait(tree, { skip: [''] })
}

/** Checks a volume by fsck.exfat and by the product's reader, which gives the tree back. */
function expectSound(path: string, tree: FileTree): void {
  expect(fsckExfat(path)).toBe('clean')
  withView(path, (view) => {
    const volume = openExfatVolume(view)
    expect(volume.check()).toEqual([])
    expect(portrait(volume.tree(), { skip: [''] })).toEqual(kept(tree))
    const used = volume.usedStretches().filter(({ offset }) => offset > 0)
    expect(used.every(({ offset, length }) => offset + length <= volume.summary.sizeBytes)).toBe(true)
  })
}

const DRAFTS: readonly [string, ExfatDraft][] = [
  ['as small as can be', {}],
  ['1 MiB', { sizeBytes: 1 * MIB, options: { cluster_size: 512 } }],
  ['64 MiB less one sector', { sizeBytes: 64 * MIB - 512 }],
  ['64 MiB with a label', { sizeBytes: 64 * MIB, options: { label: 'Käse 🧀 ✓' } }],
  ['a label of eleven units', { options: { label: 'ELEVEN unit' } }],
  ...[512, 1 * KIB, 8 * KIB, 32 * KIB, 128 * KIB, 1 * MIB].map((bytes): [string, ExfatDraft] => [
    `clusters of ${bytes}`,
    { options: { cluster_size: bytes }, unspecified: 'hole' },
  ]),
  ['sectors of 4096', { sectorSize: 4096 }],
  ['sectors of 4096 and clusters of 64 KiB', { sectorSize: 4096, options: { cluster_size: 64 * KIB } }],
  ['a start inside a boundary', { offsetBytes: 63 * 512, options: { alignment: 64 * KIB } }],
  ['a boundary of 16 MiB', { options: { alignment: 16 * MIB }, unspecified: 'hole' }],
  ['300 MiB', { sizeBytes: 300 * MIB, unspecified: 'hole' }],
  ['40 GiB', { sizeBytes: 40 * GIB, unspecified: 'hole' }],
]

describeWithTools('exFAT', ['fsck.exfat', 'mkfs.exfat', 'dump.exfat'], () => {
  const scratch = scratchFolder()
  const image = join(scratch, 'volume')

  it.each(DRAFTS)('volumes are sound: %s', (_, draft) => {
    const isTiny = draft.sizeBytes === 1 * MIB
    const tree = isTiny ? folder({ a: file('a') }) : fatTree(draft.options?.cluster_size ?? 4096)
    const { facts } = makeExfat(image, tree, draft)
    expectSound(image, tree)
    expect(dumpOf(image)).toMatchObject({
      'Volume label': facts.label,
      'Cluster size': String(facts.cluster_size),
      'Total Clusters': String(facts.clusters),
      'Free Clusters': String(facts.free_clusters),
    })
    rmSync(image)
  })

  it('volumes hold a file of more than 4 GiB', () => {
    const content = { sizeBytes: 5 * GIB + 1, extents: [...file('begin').content.extents] }
    const tree = folder({ large: { ...file(''), content }, small: file('after it') })
    makeExfat(image, tree, { unspecified: 'hole' })
    expect(fsckExfat(image)).toBe('clean')
    withView(image, (view) => {
      const { children } = openExfatVolume(view).tree()
      expect([...children.values()].map((node) => node.type === 'file' && node.content.sizeBytes)).toEqual([
        5 * GIB + 1,
        8,
      ])
    })
    rmSync(image)
  })

  it(`holds ${RANDOM_TREES} random trees`, { timeout: 600_000 }, () => {
    for (let seed = 1; seed <= RANDOM_TREES; seed++) {
      const random = new Random(seed)
      const tree = randomFatTree(random)
      const sectorSize = random.pick([512, 512, 4096])
      const options: ExfatFormatOptions = {
        cluster_size: Math.max(sectorSize, random.pick([512, 1024, 4096, 32 * KIB])),
        alignment: random.pick([4 * KIB, 64 * KIB]),
        label: random.pick(['', 'DATA', '漢字']),
      }
      makeExfat(image, tree, { options, sectorSize, offsetBytes: sectorSize * random.below(5000) })
      try {
        expectSound(image, tree)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })

  const sizes = [64 * MIB, 64 * MIB + 512, 100_000_000, 255 * MIB + 7 * 512, 256 * MIB, 256 * MIB + 512, 1 * GIB]
    .concat([7_948_206_080, 32 * GIB, 32 * GIB + 512, 63_864_569_856, 256 * GIB])
    .concat(process.env.DISKLOOM_DEEP ? [2 * TIB, 8 * TIB] : [])
  it.each(sizes)('has the geometry of mkfs.exfat in %i bytes', (sizeBytes) => {
    rmSync(image, { force: true })
    writeFileSync(image, '')
    truncateSync(image, sizeBytes)
    tool('mkfs.exfat', image)
    const geometry = geometryOf({ sectorSize: 512, offsetBytes: 0 }, sizeBytes)!
    withView(image, (view) => {
      const { facts } = openExfatVolume(view).summary
      expect(facts).toMatchObject({
        cluster_size: geometry.clusterBytes,
        clusters: geometry.clusters,
        fat_offset: geometry.fatOffsetBytes,
        cluster_heap_offset: geometry.heapOffsetBytes,
      })
      expect(openExfatVolume(view).check()).toEqual([])
      expect(view.decode(ExfatBootSector, 0).FatLength * 512).toBe(geometry.fatBytes)
      const bitmapClusters = Math.ceil(Math.ceil(geometry.clusters / 8) / geometry.clusterBytes)
      const tableAt = geometry.heapOffsetBytes + bitmapClusters * geometry.clusterBytes
      const { bytes } = encodeUpCaseTable()
      expect(Buffer.from(view.read(tableAt, bytes.length, 'up-case table')).equals(bytes)).toBe(true)
    })
    rmSync(image)
  })

  it('writes a volume GUID where it is asked for, which fsck.exfat 1.2 does not know', () => {
    const options = { volume_guid: '01234567-89ab-cdef-0123-456789abcdef', volume_id: 0x1234abcd }
    makeExfat(image, folder({ a: file('a') }), { options })
    expect(fsckExfat(image)).toContain('0xa0')
    withView(image, (view) => {
      const volume = openExfatVolume(view)
      expect(volume.check()).toEqual([])
      expect(volume.summary).toMatchObject({ uuid: '1234-ABCD', facts: { volume_guid: options.volume_guid } })
    })
  })

  it('is verified with and without the config, and a damaged byte is named by its field', async () => {
    const config = join(scratch, 'card.yaml')
    mkdirSync(join(scratch, 'content'))
    writeFileSync(join(scratch, 'content/hello.txt'), 'hello\n')
    writeFileSync(
      config,
      'image: card.img\nsource_date_epoch: 1700000000\npartitions:\n  - { name: data, size: 8MiB, fs: exfat/content, label: DATA }\n',
    )
    const out = join(scratch, 'out')
    await build({ config, out, only: 'image' })
    const card = join(out, 'card.img', 'card.img')
    expect(await runCli('verify', card)).toMatchObject({ status: 0 })
    expect(await runCli('verify', card, '--config', config)).toMatchObject({ status: 0 })
    expect(await runCli('cat', `${card}:data:/HELLO.txt`)).toMatchObject({ status: 0, stdout: 'hello\n' })

    const start = 1 * MIB
    const { ClusterHeapOffset } = withView(card, (view) => view.decode(ExfatBootSector, start))
    const heap = start + ClusterHeapOffset * 512
    const root = heap + 3 * 4096
    for (const [at, place] of [
      [start + 0x64, 'boot sector, VolumeSerialNumber'],
      [start + 12 * 512 + 0x50, 'backup boot sector, FatOffset'],
      [heap, 'allocation bitmap'],
      [heap + 4096, 'up-case table'],
      [root + 3 * 32 + 12, 'entry in root directory, LastModifiedTimestamp'],
      [root + 4 * 32 + 20, 'entry in root directory, FirstCluster'],
    ] as const) {
      expect(await differenceAt(config, card, at)).toContain(place)
    }
  })
})

/**
 * The first difference that `verify --rebuild` finds after one byte was changed; the byte is put
 * back.
 */
async function differenceAt(config: string, image: string, at: number): Promise<string> {
  const volume = new EditedVolume(image)
  volume.flip(at, 0x01)
  try {
    await compareWithBuild({ config, image })
    return 'no difference'
  } catch (error) {
    if (!(error instanceof DifferenceError)) throw error
    return error.problems[0]!.message
  } finally {
    volume.flip(at, 0x01)
    volume.close()
  }
}

/** The lines of dump.exfat, `name: value`. */
function dumpOf(path: string): Record<string, string> {
  const lines = tool('dump.exfat', path).split('\n')
  return Object.fromEntries(lines.map((line) => line.split(':').map((part) => part.trim()) as [string, string]))
}
