/**
 * The block map of ext2 and ext3: twelve block numbers in the inode, then one block of numbers, a block of such blocks,
 * and a block of those. A zero is a hole, and a block of numbers that would be all zeros does not exist.
 * [EXT4 disk layout, direct/indirect block addressing]
 */
import { invariant } from '../../errors.js'
import { I_BLOCK_BYTES } from './disklayout/inode.js'
import type { EncodedMap } from './extent-tree.js'
import type { BlockRun } from './file-blocks.js'

const DIRECT_BLOCKS = 12
const LEVELS = 3
const ADDRESS_BYTES = 4

/** The most blocks that a map can lead to. */
export function maxMappedBlocks(blockSize: number): number {
  const perBlock = blockSize / ADDRESS_BYTES
  return DIRECT_BLOCKS + perBlock + perBlock ** 2 + perBlock ** 3
}

/** Blocks of numbers that ranges of a file's blocks take beside the inode. O(ranges · levels). */
export function countIndirectBlocks(
  ranges: readonly { readonly start: number; readonly end: number }[],
  blockSize: number,
): number {
  const perBlock = blockSize / ADDRESS_BYTES
  let count = 0
  let base = DIRECT_BLOCKS
  for (let level = 1; level <= LEVELS; level++) {
    const end = base + perBlock ** level
    // Blocks of numbers at each depth below this level's own block: one for each stretch of so many file blocks that is touched.
    for (let depth = 1; depth <= level; depth++) {
      const span = perBlock ** depth
      let last = -1
      for (const range of ranges) {
        const from = Math.max(range.start, base)
        const to = Math.min(range.end, end)
        if (from >= to) continue
        const first = Math.max(Math.floor((from - base) / span), last + 1)
        const final = Math.floor((to - 1 - base) / span)
        count += Math.max(0, final - first + 1)
        last = Math.max(last, final)
      }
    }
    base = end
  }
  return count
}

/** The map over `runs` with its blocks of numbers in `mapBlocks`, as many as countIndirectBlocks says. */
export function encodeIndirectMap(
  runs: readonly BlockRun[],
  mapBlocks: readonly number[],
  blockSize: number,
): EncodedMap {
  const perBlock = blockSize / ADDRESS_BYTES
  const root = new Uint8Array(I_BLOCK_BYTES)
  const blocks: { block: number; bytes: Uint8Array }[] = []
  /** Blocks of numbers by level, depth and position. */
  const made = new Map<string, DataView>()

  const make = (key: string): DataView => {
    const block = mapBlocks[blocks.length]
    invariant(block !== undefined, 'a block map has fewer blocks than it needs')
    const bytes = new Uint8Array(blockSize)
    const view = viewOf(bytes)
    blocks.push({ block, bytes })
    made.set(key, view)
    return view
  }

  /** The block of numbers whose entries are blocks of `depth - 1`, `index` of its kind within `level`. */
  const holder = (level: number, depth: number, index: number): DataView => {
    const key = `${level}/${depth}/${index}`
    const known = made.get(key)
    if (known !== undefined) return known
    const above = depth === level ? viewOf(root) : holder(level, depth + 1, Math.floor(index / perBlock))
    const entry = depth === level ? DIRECT_BLOCKS + level - 1 : index % perBlock
    const view = make(key)
    above.setUint32(entry * ADDRESS_BYTES, blocks.at(-1)!.block, true)
    return view
  }

  for (const { logical, physical, length } of runs) {
    for (let offset = 0; offset < length; ) {
      const { level, base } = levelOf(logical + offset, perBlock)
      const relative = logical + offset - base
      const view = level === 0 ? viewOf(root) : holder(level, 1, Math.floor(relative / perBlock))
      const room = level === 0 ? DIRECT_BLOCKS : perBlock
      const count = Math.min(length - offset, room - (relative % room))
      for (let index = 0; index < count; index++) {
        view.setUint32(((relative % room) + index) * ADDRESS_BYTES, physical + offset + index, true)
      }
      offset += count
    }
  }
  return { root, blocks }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Which of the inode's numbers leads to a file block (0: one of the direct ones), and the first block of that stretch. */
function levelOf(logical: number, perBlock: number): { level: number; base: number } {
  let base = 0
  let end = DIRECT_BLOCKS
  for (let level = 0; level <= LEVELS; level++) {
    if (logical < end) return { level, base }
    base = end
    end += perBlock ** (level + 1)
  }
  throw new Error(`invariant: block ${logical} is beyond the block map`)
}
