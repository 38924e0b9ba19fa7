/**
 * Extent trees: the root in i_block, further nodes in blocks of their own. The depth falls from node to node, so no cycle
 * lasts; entries must ascend within what their parent says, so none overlap.  [EXT4 disk layout, extent tree]
 */
import { blockChecksum } from '../checksums.js'
import {
  EXT_INIT_MAX_LEN,
  EXT4_EXT_MAGIC,
  Ext4Extent,
  Ext4ExtentHeader,
  Ext4ExtentIdx,
  Ext4ExtentTail,
} from '../disklayout/extent.js'
import { fromHalves } from '../disklayout/halves.js'
import { I_BLOCK_BYTES, I_BLOCK_OFFSET } from '../disklayout/inode.js'
import type { MapCollector } from './map-collector.js'
import type { InodeRecord } from './read-inode.js'
import type { Reading } from './reading.js'
import { hex } from './volume-shape.js'

/** Nobody needs more: five levels of 4 KiB blocks map more than 2^32 blocks even if each holds one extent. */
const MAX_DEPTH = 5
const MAX_LOGICAL = 2 ** 32

interface Node {
  readonly bytes: Uint8Array
  /** For messages. */
  readonly structure: string
  /** Byte of the volume. */
  readonly offset: number
  /** Bytes that header and entries may take. */
  readonly room: number
}

/** Adds what the inode's tree maps to `map`. */
export function readExtents(reading: Reading, inode: InodeRecord, map: MapCollector): void {
  const root: Node = {
    bytes: inode.block,
    structure: `extent tree of inode ${inode.number}`,
    offset: inode.offset + I_BLOCK_OFFSET,
    room: I_BLOCK_BYTES,
  }
  new ExtentWalk(reading, inode, map).node(root, undefined, 0, MAX_LOGICAL)
}

class ExtentWalk {
  readonly #reading: Reading
  readonly #inode: InodeRecord
  readonly #map: MapCollector

  constructor(reading: Reading, inode: InodeRecord, map: MapCollector) {
    this.#reading = reading
    this.#inode = inode
    this.#map = map
  }

  /** `depth` is what the parent says, undefined for the root; logical blocks of the node's entries lie in [from, to). */
  node(node: Node, depth: number | undefined, from: number, to: number): void {
    const { report } = this.#reading
    const { structure, offset, bytes } = node
    const header = Ext4ExtentHeader.decode(bytes)
    const expect = (isSo: boolean, field: string, found: number | string, expected: string): boolean => {
      if (!isSo) report({ structure, offset, field, found, expected })
      return isSo
    }
    if (!expect(header.eh_magic === EXT4_EXT_MAGIC, 'eh_magic', hex(header.eh_magic), hex(EXT4_EXT_MAGIC))) return
    const isDepth = depth === undefined ? header.eh_depth <= MAX_DEPTH : header.eh_depth === depth
    if (!expect(isDepth, 'eh_depth', header.eh_depth, depth === undefined ? `at most ${MAX_DEPTH}` : `${depth}`)) return
    const capacity = Math.floor((node.room - Ext4ExtentHeader.SIZE) / Ext4Extent.SIZE)
    expect(header.eh_max > 0 && header.eh_max <= capacity, 'eh_max', header.eh_max, `1 to ${capacity}`)
    const most = Math.min(header.eh_max, capacity)
    const isInner = header.eh_depth > 0
    const least = depth === undefined && !isInner ? 0 : 1
    const fits = header.eh_entries >= least && header.eh_entries <= most
    if (!expect(fits, 'eh_entries', header.eh_entries, `${least} to ${most}`)) return
    const first = Ext4Extent.decode(bytes, Ext4ExtentHeader.SIZE).ee_block
    if (depth !== undefined) expect(first === from, 'its first logical block', first, `${from}, as its index says`)
    if (isInner) this.#indexes(node, header.eh_depth, header.eh_entries, from, to)
    else this.#extents(node, header.eh_entries, from, to)
  }

  #extents(node: Node, count: number, from: number, to: number): void {
    const { disk, report } = this.#reading
    let next = from
    for (let index = 0; index < count; index++) {
      const entry = Ext4Extent.decode(node.bytes, Ext4ExtentHeader.SIZE + index * Ext4Extent.SIZE)
      const isUnwritten = entry.ee_len > EXT_INIT_MAX_LEN
      const blocks = isUnwritten ? entry.ee_len - EXT_INIT_MAX_LEN : entry.ee_len
      const physical = fromHalves(entry.ee_start_lo, entry.ee_start_hi)
      const { structure, offset } = node
      const finding = { structure: `${structure}, extent ${index}`, offset }
      if (entry.ee_block < next || entry.ee_block + blocks > to) {
        report({
          ...finding,
          field: 'ee_block',
          found: blocks === 1 ? entry.ee_block : `${entry.ee_block} to ${entry.ee_block + blocks - 1}`,
          expected: `logical blocks from ${next} to ${to - 1}`,
        })
        continue
      }
      if (blocks === 0) {
        report({ ...finding, field: 'ee_len', found: 0, expected: 'at least 1' })
        continue
      }
      next = entry.ee_block + blocks
      if (!disk.areBlocks(physical, blocks)) {
        const expected = `${blocks} blocks within the volume's ${disk.shape.blockCount}`
        report({ ...finding, field: 'ee_start', found: physical, expected })
        continue
      }
      if (!this.#map.add({ logical: entry.ee_block, physical, blocks, isUnwritten })) return
    }
  }

  #indexes(node: Node, depth: number, count: number, from: number, to: number): void {
    const { disk, report } = this.#reading
    const entryAt = (index: number) =>
      Ext4ExtentIdx.decode(node.bytes, Ext4ExtentHeader.SIZE + index * Ext4ExtentIdx.SIZE)
    let next = from
    for (let index = 0; index < count; index++) {
      const entry = entryAt(index)
      const end = index + 1 < count ? entryAt(index + 1).ei_block : to
      const { offset } = node
      const structure = `${node.structure}, index ${index}`
      if (entry.ei_block < next || entry.ei_block >= end || end > to) {
        const expected = `a logical block from ${next} on, below the next entry's (${end})`
        report({ structure, offset, field: 'ei_block', found: entry.ei_block, expected })
        continue
      }
      next = end
      const child = fromHalves(entry.ei_leaf_lo, entry.ei_leaf_hi)
      if (!disk.isBlock(child)) {
        const expected = `a block within the volume's ${disk.shape.blockCount}`
        report({ structure, offset, field: 'ei_leaf', found: child, expected })
        continue
      }
      if (!this.#map.addTreeBlock(child)) return
      const read = this.#readBlock(child)
      this.node(read, depth - 1, entry.ei_block, end)
    }
  }

  #readBlock(block: number): Node {
    const { disk, report } = this.#reading
    const { blockSize } = disk.shape
    const structure = `extent block ${block} of inode ${this.#inode.number}`
    const bytes = disk.block(block, structure)
    const offset = block * blockSize
    const { seed } = this.#inode
    const { eh_max } = Ext4ExtentHeader.decode(bytes)
    // The checksum stands behind the last entry that would fit.
    const checksumAt = Ext4ExtentHeader.SIZE + eh_max * Ext4Extent.SIZE
    if (seed !== undefined && checksumAt + Ext4ExtentTail.SIZE <= blockSize) {
      const { et_checksum } = Ext4ExtentTail.decode(bytes, checksumAt)
      const expected = blockChecksum(seed, bytes, checksumAt)
      if (et_checksum !== expected) {
        report({ structure, offset, field: 'et_checksum', found: hex(et_checksum), expected: hex(expected) })
      }
    }
    return { bytes, structure, offset, room: blockSize }
  }
}
