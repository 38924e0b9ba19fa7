/**
 * `size: auto` of FAT against a search over every size, width, cluster size and number of root entries; and as names are
 * added one by one. The search knows nothing of the writer's own but which geometry a size gives.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { LayoutError } from '../../src/errors.js'
import { fitsIn, planContents } from '../../src/filesystems/fat/contents.js'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import { isRefusal, planGeometry } from '../../src/filesystems/fat/geometry.js'
import { geometryWarnings } from '../../src/filesystems/fat/warnings.js'
import { NO_FREE_SPACE, type VolumeEnvironment } from '../../src/filesystems/volume.js'
import { type DirectoryNode, EPOCH_1980, emptyTree, type FileTree } from '../../src/tree/file-tree.js'

const KIB = 1024
const MIB = 1024 * KIB
const RUNS = process.env.DISKLOOM_DEEP === undefined ? 100 : 2000
const ATTRIBUTES = { mode: 0o644, uid: 0, gid: 0, mtime: EPOCH_1980 }

function environmentOf(sectorSize: number): VolumeEnvironment {
  return { time: EPOCH_1980, uuid: '1a2b3c4d-0000-5000-8000-000000000000', offsetBytes: MIB, sectorSize }
}

/** `sizes`: of the files of each folder, the first of which is the root. */
function treeOf(...folders: readonly (readonly number[])[]): FileTree {
  const root = emptyTree(EPOCH_1980)
  for (const [index, sizes] of folders.entries()) {
    const folder = index === 0 ? root : emptyTree(EPOCH_1980)
    if (index > 0) root.children.set(byteString(`D${index}`), folder)
    addFiles(folder, sizes)
  }
  return root
}

function addFiles(folder: DirectoryNode, sizes: readonly number[]): void {
  for (const [index, sizeBytes] of sizes.entries()) {
    folder.children.set(byteString(`F${index}`), { type: 'file', ...ATTRIBUTES, content: { sizeBytes, extents: [] } })
  }
}

function choose(tree: FileTree, options: FatFormatOptions, sectorSize = 512) {
  return fatFormat.chooseSmallest!(tree, options, environmentOf(sectorSize), {
    free: NO_FREE_SPACE,
    grainBytes: sectorSize,
  })
}

/** Every way to fill in what the options leave open: from the fewest to the usual number of root entries, by sectors. */
function* openOptions(options: FatFormatOptions, sectorSize: number): Generator<FatFormatOptions> {
  const widths = options.type === 'fat' ? (['fat12', 'fat16', 'fat32'] as const) : [options.type]
  for (const type of widths) {
    for (let clusterSectors = 1; clusterSectors <= 128; clusterSectors *= 2) {
      const cluster_size = options.cluster_size ?? clusterSectors * sectorSize
      if (options.cluster_size !== undefined && clusterSectors > 1) continue
      const step = sectorSize / 32
      // No payload here takes more slots than 48; what is beyond is only the writer's way to other roundings.
      for (let root_entries = step; root_entries <= Math.max(96, 2 * step); root_entries += step) {
        if (type === 'fat32' && root_entries > step) continue
        yield { ...options, type, cluster_size, root_entries: options.root_entries ?? root_entries }
        if (options.root_entries !== undefined) break
      }
    }
  }
}

/** The smallest size below `endBytes` with any of the options that no warning is about; undefined where there is none. */
function searched(
  tree: FileTree,
  options: FatFormatOptions,
  { sectorSize, endBytes }: { sectorSize: number; endBytes: number },
) {
  const environment = environmentOf(sectorSize)
  let least = endBytes
  for (const candidate of openOptions(options, sectorSize)) {
    if (candidate.type === 'fat32' && options.type === 'fat' && least < 32 * MIB) continue
    const contents = planContents(tree, candidate, environment)
    for (let size = sectorSize; size < least; size += Math.max(sectorSize, KIB)) {
      if (!fitsIn(contents, size)) continue
      const geometry = planGeometry({ ...contents.settings.geometry, sizeBytes: size })
      if (!isRefusal(geometry) && geometryWarnings(geometry).length === 0) least = size
    }
  }
  return least === endBytes ? undefined : least
}

const options = fc.record(
  {
    type: fc.constantFrom('fat' as const, 'fat' as const, 'fat12' as const, 'fat16' as const),
    label: fc.constant('DATA'),
    cluster_size: fc.constantFrom(4096, 8192),
    root_entries: fc.constantFrom(128, 512),
    fats: fc.constantFrom(1, 2, 3),
  },
  { requiredKeys: ['type'] },
)
const sizes = fc.array(fc.oneof(fc.constantFrom(0, 1, 512, 513, 4096, 30_000), fc.integer({ min: 0, max: 60_000 })), {
  maxLength: 12,
})

describe('the smallest FAT volume', () => {
  it('is the one that a search over all options and sizes finds', () => {
    let compared = 0
    fc.assert(
      fc.property(
        options,
        fc.array(sizes, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(512, 4096),
        (given, folders, sectorSize) => {
          const tree = treeOf(...folders)
          let chosen: ReturnType<typeof choose>
          try {
            chosen = choose(tree, given, sectorSize)
          } catch (error) {
            if (!(error instanceof LayoutError)) throw error
            expect(searched(tree, given, { sectorSize, endBytes: MIB })).toBeUndefined()
            return
          }
          const all: FatFormatOptions = { ...given, ...chosen.options }
          const planned = fatFormat.plan(tree, chosen.sizeBytes, all, environmentOf(sectorSize))
          expect(planned.sizeBytes).toBeLessThanOrEqual(chosen.sizeBytes)
          expect(searched(tree, given, { sectorSize, endBytes: Math.min(chosen.sizeBytes, 4 * MIB) })).toBeUndefined()
          compared++
        },
      ),
      { numRuns: RUNS, seed: 1311 },
    )
    expect(compared).toBeGreaterThan(RUNS / 2)
  }, 600_000)

  it.each<[string, FatFormatOptions]>([
    ['in the root of any type', { type: 'fat' }],
    ['in the root of FAT16', { type: 'fat16' }],
  ])('grows by a little with each name %s', (_, given) => {
    const tree = treeOf(Array(440).fill(1))
    let before = choose(tree, given).sizeBytes
    // Beyond 512 slots the usual root is full.
    for (let names = 441; names <= 600; names++) {
      tree.children.set(byteString(`N${names}`), {
        type: 'file',
        ...ATTRIBUTES,
        content: { sizeBytes: 1, extents: [] },
      })
      const { sizeBytes } = choose(tree, given)
      expect(sizeBytes).toBeGreaterThanOrEqual(before)
      expect(sizeBytes).toBeLessThanOrEqual(Math.max(before * 1.02, before + 32 * KIB))
      before = sizeBytes
    }
    expect(before).toBeLessThan(3 * MIB)
  })

  it.each([4_060, 4_100, 8_190, 32_700, 65_400, 65_560])(
    'passes from width to width without a jump at %i clusters',
    (clusters) => {
      const withFiles = (files: number): FileTree => treeOf(Array(files).fill(16 * 512))
      const usual = Math.floor(clusters / 16)
      let before = choose(withFiles(usual - 4), { type: 'fat' }).sizeBytes
      for (let files = usual - 3; files <= usual + 4; files++) {
        const { sizeBytes } = choose(withFiles(files), { type: 'fat' })
        expect(sizeBytes).toBeLessThanOrEqual(before * 1.02)
        before = sizeBytes
      }
    },
  )

  it('keeps a distance from the numbers of clusters at which readers disagree', () => {
    for (const clusters of [4_080, 4_090, 65_515, 65_530]) {
      const tree = treeOf([clusters * 512])
      const { sizeBytes, options: chosen } = choose(tree, { type: 'fat' })
      const { warnings } = fatFormat.plan(tree, sizeBytes, { type: 'fat', ...chosen }, environmentOf(512))
      expect(warnings).toEqual([])
    }
  })
})
