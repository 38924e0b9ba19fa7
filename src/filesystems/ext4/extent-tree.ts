/**
 * Extent trees. An inode leads to four extents itself; with more, full nodes of their own hold them, and nodes above
 * those until four entries are enough. e2fsck asks for no rebuilding: no tree could be lower.
 */
import { ceilDivide } from '../../bytes/align.js'
import { invariant } from '../../errors.js'
import { blockChecksum } from './checksums.js'
import {
  EXT_INIT_MAX_LEN,
  EXT4_EXT_MAGIC,
  Ext4Extent,
  Ext4ExtentHeader,
  Ext4ExtentIdx,
  Ext4ExtentTail,
} from './disklayout/extent.js'
import { highHalf, lowHalf } from './disklayout/halves.js'
import { I_BLOCK_BYTES } from './disklayout/inode.js'
import type { BlockRun } from './file-blocks.js'

const ROOT_ENTRIES = Math.floor((I_BLOCK_BYTES - Ext4ExtentHeader.SIZE) / Ext4Extent.SIZE)

function entriesPerNode(blockSize: number): number {
  return Math.floor((blockSize - Ext4ExtentHeader.SIZE) / Ext4Extent.SIZE)
}

/** Extents of one run: no extent is longer than EXT_INIT_MAX_LEN. */
function countExtents(runs: readonly BlockRun[]): number {
  return runs.reduce((sum, { length }) => sum + ceilDivide(length, EXT_INIT_MAX_LEN), 0)
}

/** Nodes of each level below the root, from the leaves up. */
function countNodes(extents: number, blockSize: number): number[] {
  const counts: number[] = []
  for (let count = extents; count > ROOT_ENTRIES; ) {
    count = ceilDivide(count, entriesPerNode(blockSize))
    counts.push(count)
  }
  return counts
}

/** Blocks that the tree takes beside the inode. */
export function countExtentTreeBlocks(runs: readonly BlockRun[], blockSize: number): number {
  if (runs.length <= 1 && (runs[0]?.length ?? 0) <= EXT_INIT_MAX_LEN) return 0
  return countNodes(countExtents(runs), blockSize).reduce((sum, count) => sum + count, 0)
}

/** An entry of a node: an extent in a leaf, otherwise the block of a lower node and the first file block it leads to. */
interface Entry {
  readonly logical: number
  readonly physical: number
  /** 0 in an index. */
  readonly length: number
}

export interface EncodedMap {
  /** For i_block. */
  readonly root: Uint8Array
  readonly blocks: readonly { readonly block: number; readonly bytes: Uint8Array }[]
}

/**
 * The tree over `runs` (sorted by logical block) with its nodes in `mapBlocks`, as many as countExtentTreeBlocks says.
 * `seed`, the inode's checksum seed, is undefined without metadata_csum. `root` becomes the result's: zeros, if it is given.
 */
export function encodeExtentTree(
  runs: readonly BlockRun[],
  mapBlocks: readonly number[],
  blockSize: number,
  seed: number | undefined,
  root = new Uint8Array(I_BLOCK_BYTES),
): EncodedMap {
  // Nearly every file is one short run, and there is a tree for each.
  let entries: readonly Entry[] = runs.every(({ length }) => length <= EXT_INIT_MAX_LEN) ? runs : runs.flatMap(splitRun)
  const perNode = entriesPerNode(blockSize)
  const counts = countNodes(entries.length, blockSize)
  const blocks: { block: number; bytes: Uint8Array }[] = []
  counts.forEach((count, depth) => {
    const upper: Entry[] = []
    for (let node = 0; node < count; node++) {
      const part = entries.slice(node * perNode, (node + 1) * perNode)
      const block = mapBlocks[blocks.length]
      invariant(block !== undefined, 'an extent tree has fewer blocks than nodes')
      const bytes = new Uint8Array(blockSize)
      encodeNode(bytes, part, perNode, depth)
      if (seed !== undefined) signNode(bytes, perNode, seed)
      blocks.push({ block, bytes })
      upper.push({ logical: part[0]!.logical, physical: block, length: 0 })
    }
    entries = upper
  })
  encodeNode(root, entries, ROOT_ENTRIES, counts.length)
  return { root, blocks }
}

function splitRun({ logical, physical, length }: BlockRun): Entry[] {
  if (length <= EXT_INIT_MAX_LEN) return [{ logical, physical, length }]
  return Array.from({ length: ceilDivide(length, EXT_INIT_MAX_LEN) }, (_, index) => {
    const skip = index * EXT_INIT_MAX_LEN
    return { logical: logical + skip, physical: physical + skip, length: Math.min(EXT_INIT_MAX_LEN, length - skip) }
  })
}

function encodeNode(target: Uint8Array, entries: readonly Entry[], capacity: number, depth: number): void {
  Ext4ExtentHeader.encodeInto(target, 0, {
    eh_magic: EXT4_EXT_MAGIC,
    eh_entries: entries.length,
    eh_max: capacity,
    eh_depth: depth,
    eh_generation: 0,
  })
  entries.forEach(({ logical, physical, length }, index) => {
    const at = Ext4ExtentHeader.SIZE + index * Ext4Extent.SIZE
    if (depth === 0) {
      Ext4Extent.encodeInto(target, at, {
        ee_block: logical,
        ee_len: length,
        ee_start_hi: highHalf(physical),
        ee_start_lo: lowHalf(physical),
      })
    } else {
      Ext4ExtentIdx.encodeInto(target, at, {
        ei_block: logical,
        ei_leaf_lo: lowHalf(physical),
        ei_leaf_hi: highHalf(physical),
        ei_unused: 0,
      })
    }
  })
}

/** Over everything before the tail, which stands behind the last entry that the node could hold. */
function signNode(node: Uint8Array, capacity: number, seed: number): void {
  const tail = Ext4ExtentHeader.SIZE + capacity * Ext4Extent.SIZE
  Ext4ExtentTail.encodeInto(node, tail, { et_checksum: blockChecksum(seed, node, tail) })
}
