/**
 * Random trees in JFFS2 of random shape, over a flash full of 0xD1: jffs2dump accepts every node and checksum, its own conversion
 * to the other byte order is what diskloom writes in that order, and the reader gives back what went in.
 * `DISKLOOM_SEED=n` replays one case, `n-m` a range.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Jffs2Planner } from '../../src/filesystems/jffs2/plan.js'
import { type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { dumpJffs2, openFile, writeImage, writeJffs2 } from '../support/jffs2-volume.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { randomJffs2Case } from '../support/random-jffs2-tree.js'
import { portrait } from '../support/tree-portrait.js'

const CASES = process.env.DISKLOOM_DEEP === undefined ? 200 : 4000
const BATCH = 20
/** One in so many is converted, which takes two more volumes. */
const CONVERTED = 4
const [first, last] = (process.env.DISKLOOM_SEED ?? `1-${CASES}`).split('-').map(Number) as [number, number?]
const seeds = Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index)
const batches = Array.from({ length: Math.ceil(seeds.length / BATCH) }, (_, index) =>
  seeds.slice(index * BATCH, (index + 1) * BATCH),
)

/** A device's content is a number, which jffs2dump does not turn round; attributes it does not know at all. */
function isConvertible(tree: FileTree): boolean {
  return [...walkTree(tree)].every(([, { type, xattrs }]) => type !== 'char' && type !== 'block' && !xattrs?.size)
}

describeWithTools('random trees in JFFS2', ['jffs2dump'], () => {
  const folder = scratchFolder()

  it.each(batches.map((batch) => ({ first: batch[0]!, last: batch.at(-1)!, batch })))(
    'seeds $first to $last are accepted and come back',
    ({ batch }) => {
      for (const seed of batch) {
        const { tree, options, extraBlocks } = randomJffs2Case(seed)
        const path = join(folder, `${seed}.jffs2`)
        try {
          const planner = new Jffs2Planner(tree, options)
          const sizeBytes = planner.smallestSizeBytes() + extraBlocks * options.erase_block!
          writeImage(planner.plan(sizeBytes).encode(), options, path)
          expect(dumpJffs2(path, options.byte_order).complaints).toEqual([])
          const reader = openFile(path)
          expect(reader.check()).toEqual([])
          expect(portrait(reader.tree(), { xattrs: true })).toEqual(portrait(tree, { xattrs: true }))
          if (seed % CONVERTED === 0 && isConvertible(tree)) expectConverted(tree, sizeBytes, options, path)
        } catch (error) {
          throw new Error(`DISKLOOM_SEED=${seed} (${JSON.stringify(options)}, +${extraBlocks})`, { cause: error })
        } finally {
          rmSync(path, { force: true })
        }
      }
    },
  )

  function expectConverted(tree: FileTree, sizeBytes: number, options: object, path: string): void {
    const [little, converted] = [`${path}.little`, `${path}.big`]
    writeJffs2(tree, sizeBytes, { ...options, byte_order: 'little' }, little)
    tool('jffs2dump', '-l', '-r', '-e', converted, little)
    writeJffs2(tree, sizeBytes, { ...options, byte_order: 'big' }, path)
    expect(readFileSync(converted).equals(readFileSync(path))).toBe(true)
    for (const each of [little, converted]) rmSync(each)
  }

  it('the smallest size is taken, and what holds the nodes is what plan needs', () => {
    for (const seed of seeds.slice(0, 40)) {
      const { tree, options } = randomJffs2Case(seed)
      const planner = new Jffs2Planner(tree, options)
      const smallest = planner.smallestSizeBytes()
      const { facts, warnings } = planner.plan(smallest)
      expect(warnings, `seed ${seed}`).toEqual([])
      const free = (facts.free_erase_blocks as number) * options.erase_block!
      const least = Math.max(smallest - free, 5 * options.erase_block!)
      expect(() => planner.plan(least), `seed ${seed}`).not.toThrow()
      expect(() => planner.plan(least - 1), `seed ${seed}`).toThrow(/^Cannot fit/)
    }
  })
})
