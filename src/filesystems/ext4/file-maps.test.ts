/** Block maps and extent trees decoded again by the plainest of readers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ext4Extent, Ext4ExtentHeader, Ext4ExtentIdx } from './disklayout/extent.js'
import { countExtentTreeBlocks, type EncodedMap, encodeExtentTree } from './extent-tree.js'
import type { BlockRun } from './file-blocks.js'
import { countIndirectBlocks, encodeIndirectMap } from './indirect-map.js'

const BLOCK_SIZE = 1024
const FIRST_MAP_BLOCK = 5_000_000

/** Runs with gaps before them, the physical blocks far apart so that none join. */
const runs = fc
  .array(fc.tuple(fc.oneof(fc.nat(3), fc.nat(70_000)), fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 700 }))), {
    minLength: 1,
    maxLength: 40,
  })
  .map((parts) => {
    const list: BlockRun[] = []
    let logical = 0
    let physical = 1000
    for (const [gap, length] of parts) {
      logical += gap
      list.push({ logical, physical, length })
      logical += length
      physical += length + 7
    }
    return list
  })

const mapBlocksOf = (count: number) => Array.from({ length: count }, (_, index) => FIRST_MAP_BLOCK + index)

function expected(list: readonly BlockRun[]): Map<number, number> {
  const blocks = new Map<number, number>()
  for (const run of list) {
    for (let index = 0; index < run.length; index++) blocks.set(run.logical + index, run.physical + index)
  }
  return blocks
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

function readIndirect(map: EncodedMap): Map<number, number> {
  const byNumber = new Map(map.blocks.map(({ block, bytes }) => [block, viewOf(bytes)]))
  const found = new Map<number, number>()
  const perBlock = BLOCK_SIZE / 4
  const follow = (block: number, depth: number, logical: number): void => {
    if (block === 0) return
    if (depth === 0) {
      found.set(logical, block)
      return
    }
    const view = byNumber.get(block)!
    for (let entry = 0; entry < perBlock; entry++) {
      follow(view.getUint32(entry * 4, true), depth - 1, logical + entry * perBlock ** (depth - 1))
    }
  }
  const root = viewOf(map.root)
  for (let entry = 0; entry < 12; entry++) follow(root.getUint32(entry * 4, true), 0, entry)
  let base = 12
  for (let depth = 1; depth <= 3; depth++) {
    follow(root.getUint32((11 + depth) * 4, true), depth, base)
    base += perBlock ** depth
  }
  return found
}

function readExtents(map: EncodedMap): Map<number, number> {
  const byNumber = new Map(map.blocks.map(({ block, bytes }) => [block, bytes]))
  const found = new Map<number, number>()
  const follow = (node: Uint8Array): void => {
    const header = Ext4ExtentHeader.decode(node)
    for (let index = 0; index < header.eh_entries; index++) {
      const at = Ext4ExtentHeader.SIZE * (index + 1)
      if (header.eh_depth > 0) {
        follow(byNumber.get(Ext4ExtentIdx.decode(node, at).ei_leaf_lo)!)
        continue
      }
      const { ee_block, ee_len, ee_start_lo } = Ext4Extent.decode(node, at)
      for (let block = 0; block < ee_len; block++) found.set(ee_block + block, ee_start_lo + block)
    }
  }
  follow(map.root)
  return found
}

describe('maps of a file', () => {
  it('indirect blocks lead to every block and to nothing else, and are as many as counted', () => {
    fc.assert(
      fc.property(runs, (list) => {
        const ranges = list.map(({ logical, length }) => ({ start: logical, end: logical + length }))
        const count = countIndirectBlocks(ranges, BLOCK_SIZE)
        const map = encodeIndirectMap(list, mapBlocksOf(count), BLOCK_SIZE)
        expect(map.blocks.length).toBe(count)
        expect(readIndirect(map)).toEqual(expected(list))
      }),
      { numRuns: 60 },
    )
  })

  it('extent trees do too', () => {
    fc.assert(
      fc.property(runs, (list) => {
        const count = countExtentTreeBlocks(list, BLOCK_SIZE)
        const map = encodeExtentTree(list, mapBlocksOf(count), BLOCK_SIZE, 1)
        expect(map.blocks.length).toBe(count)
        expect(readExtents(map)).toEqual(expected(list))
      }),
      { numRuns: 60 },
    )
  })

  it('a run longer than an extent can be is several', () => {
    const list = [{ logical: 0, physical: 10, length: 32_768 * 4 + 1 }]
    expect(countExtentTreeBlocks([{ logical: 0, physical: 10, length: 32_768 * 4 }], BLOCK_SIZE)).toBe(0)
    expect(countExtentTreeBlocks(list, BLOCK_SIZE)).toBe(1)
    expect(readExtents(encodeExtentTree(list, [9], BLOCK_SIZE, undefined)).size).toBe(32_768 * 4 + 1)
  })
})
