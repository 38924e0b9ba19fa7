/**
 * Random trees in volumes of random shape, written over a medium full of 0xD1: e2fsck finds nothing, debugfs and the
 * kernel give back what went in. `DISKLOOM_SEED=n` replays one case, `n-m` a range.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LayoutError } from '../../src/errors.js'
import { type ExtFormatOptions, extFormat } from '../../src/filesystems/ext4/format.js'
import { extentEnd } from '../../src/image/extent.js'
import type { FileTree } from '../../src/tree/file-tree.js'
import {
  ENVIRONMENT,
  expectClean,
  imageDigest,
  listMounted,
  listTree,
  withMount,
  writeVolume,
} from '../support/ext4-volume.js'
import { canMount, describeWithTools, scratchFolder } from '../support/oracle.js'
import { randomCase } from '../support/random-ext-tree.js'

const CASES = process.env.DISKLOOM_DEEP === undefined ? 200 : 4000
const BATCH = 20
const [first, last] = (process.env.DISKLOOM_SEED ?? `1-${CASES}`).split('-').map(Number) as [number, number?]
const seeds = Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index)
const batches = Array.from({ length: Math.ceil(seeds.length / BATCH) }, (_, index) =>
  seeds.slice(index * BATCH, (index + 1) * BATCH),
)

/** A larger volume may hold less: from 2,048 blocks on it has a journal. */
function holds(tree: FileTree, sizeBytes: number, options: ExtFormatOptions): boolean {
  try {
    extFormat.plan(tree, sizeBytes, options, ENVIRONMENT)
    return true
  } catch (error) {
    if (error instanceof LayoutError) return false
    throw error
  }
}

describeWithTools('random trees in ext volumes', ['e2fsck', 'getfattr'], () => {
  const folder = scratchFolder()

  it.each(batches.map((batch) => ({ first: batch[0]!, last: batch.at(-1)!, batch })))(
    'seeds $first to $last are clean and come back',
    ({ batch }) => {
      for (const seed of batch) {
        const { tree, options, extraBytes } = randomCase(seed)
        const smallest = extFormat.smallestSizeBytes(tree, options, ENVIRONMENT)
        const path = join(folder, `${seed}.img`)
        try {
          const sizeBytes = holds(tree, smallest + extraBytes, options) ? smallest + extraBytes : smallest
          expect(writeVolume(tree, sizeBytes, options, path).sizeBytes).toBeLessThanOrEqual(sizeBytes)
          expectClean(path)
          if (canMount()) {
            const expected = listTree(tree, options.inode_size === 128)
            expect(withMount(path, 'ro', listMounted)).toEqual(expected)
          }
        } catch (error) {
          throw new Error(`DISKLOOM_SEED=${seed} (${JSON.stringify(options)}, +${extraBytes})`, { cause: error })
        } finally {
          rmSync(path, { force: true })
        }
      }
    },
  )

  it('the smallest size holds the tree and 4096 bytes less do not', () => {
    for (const seed of seeds.slice(0, 60)) {
      const { tree, options } = randomCase(seed)
      const smallest = extFormat.smallestSizeBytes(tree, options, ENVIRONMENT)
      expect(() => extFormat.plan(tree, smallest - 4096, options, ENVIRONMENT), `seed ${seed}`).toThrow(/^Cannot /)
      const image = extFormat.plan(tree, smallest, options, ENVIRONMENT).encode()
      expect(extentEnd(image.extents.at(-1)!), `seed ${seed}`).toBe(smallest)
    }
  })

  it('makes the same volume whatever the order of insertion', () => {
    for (const seed of seeds.slice(0, 40)) {
      const { tree, options } = randomCase(seed)
      const shuffled = { ...tree, children: new Map([...tree.children].reverse()) }
      const size = extFormat.smallestSizeBytes(tree, options, ENVIRONMENT)
      const [one, other] = [tree, shuffled].map((each) =>
        imageDigest(extFormat.plan(each, size, options, ENVIRONMENT).encode()),
      )
      expect(other, `seed ${seed}`).toBe(one)
    }
  })
})
