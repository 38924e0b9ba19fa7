/** `size: auto` with `free:`: what is asked is there as statfs and mtools tell it, and one step less would not have it. */
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { availableBytes } from '../../src/filesystems/ext4/available-space.js'
import { type ExtFormatOptions, extFormat } from '../../src/filesystems/ext4/format.js'
import { ExtPlanner, fits } from '../../src/filesystems/ext4/plan.js'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import { type FreeSpace, freeBytesIn, type VolumeEnvironment } from '../../src/filesystems/volume.js'
import { imageOfBytes } from '../../src/image/extent.js'
import { editTree } from '../../src/tree/edit-tree.js'
import { EPOCH_1980, emptyTree, type FileTree } from '../../src/tree/file-tree.js'
import { withMounted } from '../support/loop-mount.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const ENVIRONMENT: VolumeEnvironment = {
  time: EPOCH_1980,
  uuid: '01234567-89ab-4cde-8f01-23456789abcd',
  offsetBytes: 0,
  sectorSize: 512,
}

/** Files of these lengths. */
function treeOf(...sizes: number[]): FileTree {
  return editTree(
    emptyTree(EPOCH_1980),
    sizes.map((size, index) => ({
      kind: 'put',
      path: `folder/file ${index}`,
      node: {
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: EPOCH_1980,
        content: imageOfBytes(new Uint8Array(size).fill(index)),
      },
      attributes: {},
    })),
  )
}

const TREES = { empty: treeOf(), small: treeOf(1, 5000, 70_000), large: treeOf(3 * MIB, 20 * MIB + 1, 1) }
const bytes = (count: number): FreeSpace => ({ kind: 'bytes', bytes: count })
const percent = (share: number): FreeSpace => ({ kind: 'percent', percent: share })

describeWithTools(
  'free space of ext volumes',
  ['mount', 'e2fsck'],
  () => {
    const scratch = scratchFolder()
    const CASES: [name: string, tree: keyof typeof TREES, options: ExtFormatOptions, free: FreeSpace][] = [
      ['bytes', 'small', { type: 'ext4' }, bytes(3 * MIB)],
      ['one byte more than blocks', 'small', { type: 'ext4', block_size: 4096 }, bytes(4096 * 100 + 1)],
      ['a share', 'large', { type: 'ext4' }, percent(20)],
      ['most of it', 'empty', { type: 'ext4' }, percent(85.5)],
      ['beside much that is reserved', 'large', { type: 'ext4', reserved_percent: 30 }, percent(50)],
      ['without extents the kernel keeps nothing back', 'large', { type: 'ext2' }, bytes(40 * MIB)],
      ['more than a group', 'small', { type: 'ext4' }, bytes(300 * MIB)],
      ['past the size where blocks grow', 'small', { type: 'ext4' }, bytes(600 * MIB)],
    ]

    it.each(CASES)('%s (%s)', (_, treeName, options, free) => {
      const tree = TREES[treeName]
      const size = extFormat.smallestSizeBytes(tree, options, ENVIRONMENT, free)
      const image = join(scratch, 'ext')
      materialize(extFormat.plan(tree, size, options, ENVIRONMENT).encode(), image)
      tool('e2fsck', '-fn', image)
      const { bavail, bsize } = withMounted(image, 0, size, (folder) => statfsSync(folder))
      expect(bavail * bsize).toBeGreaterThanOrEqual(freeBytesIn(size, free))

      const planner = new ExtPlanner(tree, options, ENVIRONMENT)
      const available = (sizeBytes: number): number => availableBytes(planner.place(planner.layOut(sizeBytes)))
      expect(available(size)).toBe(bavail * bsize)
      const below = planner.place(planner.layOut(size - 4096))
      expect(fits(below) && availableBytes(below) >= freeBytesIn(size - 4096, free)).toBe(false)
    })

    it('none asked is the smallest of all', () => {
      const smallest = extFormat.smallestSizeBytes(TREES.large, { type: 'ext4' }, ENVIRONMENT)
      expect(extFormat.smallestSizeBytes(TREES.large, { type: 'ext4' }, ENVIRONMENT, bytes(0))).toBe(smallest)
    })

    it('is refused where reserved blocks leave none', () => {
      const options = { type: 'ext4', reserved_percent: 50 } as const
      expect(() => extFormat.smallestSizeBytes(TREES.small, options, ENVIRONMENT, percent(60))).toThrow(
        'Cannot find an ext4 volume for the payload with 60% free: it does not fit',
      )
    })
  },
  { root: true },
)

describeWithTools('free space of FAT volumes', ['mdir'], () => {
  const scratch = scratchFolder()
  const CASES: [name: string, tree: keyof typeof TREES, options: FatFormatOptions, free: FreeSpace][] = [
    ['bytes', 'small', { type: 'fat' }, bytes(3 * MIB)],
    ['one byte more than clusters', 'small', { type: 'fat16', cluster_size: 2048 }, bytes(12 * MIB + 1)],
    ['a share', 'large', { type: 'fat' }, percent(20)],
    ['most of it', 'small', { type: 'fat' }, percent(90)],
    ['a large one', 'small', { type: 'fat32' }, bytes(64 * MIB)],
  ]

  it.each(CASES)('%s (%s)', (_, treeName, options, free) => {
    const tree = TREES[treeName]
    const size = fatFormat.smallestSizeBytes(tree, options, ENVIRONMENT, free)
    const { facts } = fatFormat.plan(tree, size, options, ENVIRONMENT)
    const left = (facts.free_clusters as number) * (facts.cluster_size as number)
    expect(left).toBeGreaterThanOrEqual(freeBytesIn(size, free))
    const image = join(scratch, 'fat')
    materialize(fatFormat.plan(tree, size, options, ENVIRONMENT).encode(), image)
    const told = /([\d ]+) bytes free/.exec(tool('mdir', '-i', image, '::'))![1]!
    expect(Number(told.replaceAll(' ', ''))).toBe(left)
    // Sectors below that are refused, or leave less.
    for (const below of [1, 2, 7, 32, 63, 64].map((sectors) => size - sectors * 512)) {
      const fewer = attempt(() => fatFormat.plan(tree, below, options, ENVIRONMENT).facts)
      const leftBelow = fewer && (fewer.free_clusters as number) * (fewer.cluster_size as number)
      expect(leftBelow === undefined || leftBelow < freeBytesIn(below, free)).toBe(true)
    }
  })

  it('is refused where the type cannot have it', () => {
    expect(() => fatFormat.smallestSizeBytes(TREES.small, { type: 'fat12' }, ENVIRONMENT, bytes(8192 * MIB))).toThrow(
      'Cannot fit the payload with 8 GiB free into FAT of any size',
    )
  })
})

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
