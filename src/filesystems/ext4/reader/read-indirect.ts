/**
 * The older map: i_block holds twelve block numbers and the roots of trees of one, two and three levels of blocks full of
 * numbers; 0 is a hole.  [EXT4 disk layout, direct/indirect block addressing]
 */
import { I_BLOCK_BYTES } from '../disklayout/inode.js'
import type { MapCollector } from './map-collector.js'
import type { InodeRecord } from './read-inode.js'
import type { Reading } from './reading.js'

const ADDRESS_BYTES = 4
const DIRECT_BLOCKS = 12
const LEVELS = 3

/** Adds what the inode's block numbers map to `map`. */
export function readIndirect(reading: Reading, inode: InodeRecord, map: MapCollector): void {
  const { disk, report } = reading
  const perBlock = disk.shape.blockSize / ADDRESS_BYTES
  const run = new RunJoiner(map)

  /** The blocks of `levels` levels that `address` leads to, the first of them `logical`. False when there is no more to read. */
  const follow = (address: number, levels: number, logical: number, where: () => string, offset: number): boolean => {
    if (address === 0) return true
    if (!disk.isBlock(address)) {
      const expected = `0 or a block within the volume's ${disk.shape.blockCount}`
      report({
        structure: where(),
        offset,
        field: levels === 0 ? 'a block' : 'an indirect block',
        found: address,
        expected,
      })
      return true
    }
    if (levels === 0) return run.add(logical, address)
    if (!map.addTreeBlock(address)) return false
    const structure = (): string => `indirect block ${address} of inode ${inode.number}`
    const bytes = disk.block(address, structure())
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const step = perBlock ** (levels - 1)
    for (let index = 0; index < perBlock; index++) {
      const next = view.getUint32(index * ADDRESS_BYTES, true)
      const at = address * disk.shape.blockSize
      if (next !== 0 && !follow(next, levels - 1, logical + index * step, structure, at)) return false
    }
    return true
  }

  const root = new DataView(inode.block.buffer, inode.block.byteOffset, I_BLOCK_BYTES)
  const where = (): string => `i_block of inode ${inode.number}`
  let logical = 0
  for (let index = 0; index < DIRECT_BLOCKS + LEVELS; index++) {
    const levels = Math.max(0, index - DIRECT_BLOCKS + 1)
    if (!follow(root.getUint32(index * ADDRESS_BYTES, true), levels, logical, where, inode.offset)) break
    logical += perBlock ** levels
  }
  run.flush()
}

/** Joins blocks that follow one another on both sides. */
class RunJoiner {
  readonly #map: MapCollector
  #logical = 0
  #physical = 0
  #blocks = 0

  constructor(map: MapCollector) {
    this.#map = map
  }

  add(logical: number, physical: number): boolean {
    if (logical === this.#logical + this.#blocks && physical === this.#physical + this.#blocks && this.#blocks > 0) {
      this.#blocks++
      return true
    }
    const goesOn = this.flush()
    this.#logical = logical
    this.#physical = physical
    this.#blocks = 1
    return goesOn
  }

  flush(): boolean {
    if (this.#blocks === 0) return true
    const run = { logical: this.#logical, physical: this.#physical, blocks: this.#blocks, isUnwritten: false }
    this.#blocks = 0
    return this.#map.add(run)
  }
}
