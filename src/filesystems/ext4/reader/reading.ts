/** What every step of reading needs: the volume, what to do with a finding, and how much may still be read. */
import type { ExtDisk } from './ext-disk.js'
import type { Report } from './report.js'

export interface Reading {
  readonly disk: ExtDisk
  readonly report: Report
  readonly budget: BlockBudget
}

/**
 * No volume has more blocks in use than it has blocks. So a walk that counts those it meets ends early where blocks are
 * claimed again and again, which a few damaged bytes can do a billion times over.
 */
export class BlockBudget {
  #left: number

  constructor(blocks: number) {
    this.#left = blocks
  }

  /** False when the budget is used up. */
  spend(blocks: number): boolean {
    this.#left -= blocks
    return this.#left >= 0
  }
}

/** Android's shared_blocks lets files have blocks in common: as many times as this, it is taken for sound. */
const MOST_SHARED = 64

export function startReading(disk: ExtDisk, report: Report): Reading {
  const { blockCount, features } = disk.shape
  const factor = features.has('shared_blocks') ? MOST_SHARED : 1
  return { disk, report, budget: new BlockBudget(blockCount * factor) }
}
