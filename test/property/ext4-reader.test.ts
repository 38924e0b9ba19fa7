/**
 * Random trees in volumes of random shape, over a used medium: the reader gives back what went in, and finds nothing to
 * complain of. `DISKLOOM_SEED=n` replays one case, `n-m` a range.
 */
import { describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../src/bytes/text.js'
import { extFormat } from '../../src/filesystems/ext4/format.js'
import { openExtVolume } from '../../src/filesystems/ext4/reader/open-ext-volume.js'
import { ImageView } from '../../src/image/image-view.js'
import { type FileTree, sortedEntries, walkTree } from '../../src/tree/file-tree.js'
import { onUsedMedium } from '../support/ext4-reader.js'
import { ENVIRONMENT } from '../support/ext4-volume.js'
import { randomCase } from '../support/random-ext-tree.js'
import { portrait } from '../support/tree-portrait.js'

const CASES = process.env.DISKLOOM_DEEP === undefined ? 200 : 4000
const BATCH = 20
const [first, last] = (process.env.DISKLOOM_SEED ?? `1-${CASES}`).split('-').map(Number) as [number, number?]
const seeds = Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index)
const batches = Array.from({ length: Math.ceil(seeds.length / BATCH) }, (_, index) =>
  seeds.slice(index * BATCH, (index + 1) * BATCH),
)
const LOST_AND_FOUND = byteString('lost+found')

/** As a volume has it: symlinks with all permissions, small inodes without fractions of seconds. */
function asStored(tree: FileTree, wholeSeconds: boolean): Map<string, object> {
  const expected = portrait(tree, { wholeSeconds, xattrs: true })
  for (const [path, node] of walkTree(tree)) {
    if (node.type === 'symlink') expected.set(path, { ...expected.get(path)!, mode: '777' })
  }
  return expected
}

describe('random trees read back from ext volumes', () => {
  it.each(batches.map((batch) => ({ first: batch[0]!, last: batch.at(-1)!, batch })))(
    'seeds $first to $last',
    ({ batch }) => {
      for (const seed of batch) {
        const { tree, options } = randomCase(seed)
        const size = extFormat.smallestSizeBytes(tree, options, ENVIRONMENT)
        const plan = extFormat.plan(tree, size, options, ENVIRONMENT)
        const volume = openExtVolume(ImageView.of(onUsedMedium(plan), 'volume'))
        const found = volume.tree()
        const skip = tree.children.has(LOST_AND_FOUND) ? [] : ['lost+found']
        const wholeSeconds = options.inode_size === 128
        expect(portrait(found, { wholeSeconds, xattrs: true, skip }), `seed ${seed}`).toEqual(
          asStored(tree, wholeSeconds),
        )
        expect(volume.check(), `seed ${seed}`).toEqual([])
        expect(volume.summary.label ?? '', `seed ${seed}`).toBe(options.label)
        expect(volume.summary.state).toBe('clean')
        findsWhatTheTreeHas(volume, found, seed)
      }
    },
  )
})

/** Every directory by its path, with the children that the whole tree has. */
function findsWhatTheTreeHas(volume: ReturnType<typeof openExtVolume>, tree: FileTree, seed: number): void {
  for (const [path, node] of walkTree(tree)) {
    const names = path === '' ? [] : (path.split('/') as ByteString[])
    const found = volume.find(names)
    expect(found?.type, `seed ${seed}: ${path}`).toBe(node.type)
    if (node.type !== 'directory' || found?.type !== 'directory') continue
    expect(sortedEntries(found).map(([name]) => name)).toEqual(sortedEntries(node).map(([name]) => name))
    for (const child of found.children.values()) if (child.type === 'directory') expect(child.children.size).toBe(0)
  }
  expect(volume.find(['no such name' as ByteString])).toBeUndefined()
}
