/** What the walk over an inode's map gives: runs of blocks, and the blocks of the map itself. */
import type { InodeRecord } from './read-inode.js'
import type { Reading } from './reading.js'

/** Blocks that follow one another in the file and on the disk. */
export interface MappedRun {
  /** Block of the file. */
  readonly logical: number
  /** Block of the volume. */
  readonly physical: number
  readonly blocks: number
  /** Allocated, but reads as zeros. */
  readonly isUnwritten: boolean
}

export interface BlockMap {
  /** In the order of the file. */
  readonly runs: readonly MappedRun[]
  /** Blocks of the map itself. */
  readonly treeBlocks: readonly number[]
}

/** Collects both, and ends the walk where more is claimed than the volume has. */
export class MapCollector {
  readonly runs: MappedRun[] = []
  readonly treeBlocks: number[] = []
  readonly #reading: Reading
  readonly #inode: InodeRecord

  constructor(reading: Reading, inode: InodeRecord) {
    this.#reading = reading
    this.#inode = inode
  }

  /** False when nothing more may be added. */
  add(run: MappedRun): boolean {
    this.runs.push(run)
    return this.#spend(run.blocks)
  }

  addTreeBlock(block: number): boolean {
    this.treeBlocks.push(block)
    return this.#spend(1)
  }

  #spend(blocks: number): boolean {
    if (this.#reading.budget.spend(blocks)) return true
    this.#reading.report({
      structure: `inode ${this.#inode.number}`,
      offset: this.#inode.offset,
      field: 'its blocks',
      found: 'with those of the inodes before it, more than the volume has',
      expected: `no block of the ${this.#reading.disk.shape.blockCount} claimed twice`,
    })
    return false
  }
}
