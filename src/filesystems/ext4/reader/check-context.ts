/** What the steps of a check share. */
import type { GroupDescriptor } from '../disklayout/group-descriptor.js'
import { BlockClaims } from './block-claims.js'
import type { ExtDisk } from './ext-disk.js'
import { InodeCensus } from './inode-census.js'
import { QuotaUsage } from './quota-usage.js'
import { type InodeRecord, readInode } from './read-inode.js'
import { BlockBudget, type Reading } from './reading.js'
import type { Report } from './report.js'
import type { VolumeShape } from './volume-shape.js'

export class CheckContext {
  readonly disk: ExtDisk
  readonly shape: VolumeShape
  readonly report: Report
  readonly claims: BlockClaims
  readonly census: InodeCensus
  /** By group; undefined where a bitmap or the inode table is said to be beyond the volume. */
  readonly groups: (GroupDescriptor | undefined)[] = []
  /** No copy of the superblock is there, nor those of the descriptors beside it. */
  hasBlankCopies = false
  /** What the inodes in use take, by owner. */
  readonly usage = new QuotaUsage()
  /** Directories in use, in the order of their numbers. */
  readonly directories: number[] = []
  /** Inodes without a name that are as they should be: deleted while open, or in the middle of being shortened. */
  readonly orphans = new Set<number>()
  /** Blocks of attributes: how many inodes name each, and what its h_refcount says. */
  readonly xattrBlocks = new Map<number, { found: number; readonly stored: number; readonly valueBlocks: number }>()
  /** Inodes that hold values of attributes: how many attributes name each. */
  readonly valueNames = new Map<number, number>()

  constructor(disk: ExtDisk, report: Report) {
    this.disk = disk
    this.shape = disk.shape
    this.report = report
    this.claims = new BlockClaims(disk.shape)
    this.census = new InodeCensus(disk.shape)
  }

  /** For one inode: it cannot have more blocks than there are. `report` for steps that say again what was said before. */
  reading(report: Report = this.report): Reading {
    return { disk: this.disk, report, budget: new BlockBudget(this.shape.blockCount) }
  }

  groupOfInode(number: number): number {
    return Math.floor((number - 1) / this.shape.inodesPerGroup)
  }

  /** Undefined for a number that no table has. What is wrong with the inode was said when the tables were read. */
  inode(number: number): InodeRecord | undefined {
    if (number < 1 || number > this.shape.inodeCount) return undefined
    if (this.groups[this.groupOfInode(number)] === undefined) return undefined
    return readInode(this.reading(SILENT), number)
  }
}

/** For what was reported already. */
export const SILENT: Report = () => undefined
