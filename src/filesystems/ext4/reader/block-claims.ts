/**
 * Who uses which block: a bit for each cluster, in pages of one group that are made when something in the group is claimed,
 * so that an empty volume of terabytes costs nothing.
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import { groupOfBlock } from './group-places.js'
import type { Report } from './report.js'
import type { VolumeShape } from './volume-shape.js'

const BITS_PER_BYTE = 8
const FULL_BYTE = 0xff

/** What tells the owner of blocks to people. */
export type Owner = Pick<FieldFinding, 'structure' | 'offset'>

export class BlockClaims {
  readonly #shape: VolumeShape
  readonly #pages = new Map<number, Uint8Array>()
  /** Groups in which something else than groups' own structures has blocks. */
  readonly groupsWithFiles = new Set<number>()
  /** Blocks that were claimed when they were another's already. */
  readonly contested = new Set<number>()

  constructor(shape: VolumeShape) {
    this.#shape = shape
  }

  /** Clusters of a group that are in use, a bit each, the first block's in the lowest bit of the first byte; undefined for none. */
  page(group: number): Uint8Array | undefined {
    return this.#pages.get(group)
  }

  /** The group's own structures may share a cluster with those of other groups. */
  claimStructure(block: number, count: number, owner: Owner, report: Report): void {
    const { clusterBlocks } = this.#shape
    const taken = this.#mark(block, count)
    if (taken !== undefined && clusterBlocks === 1) this.#contest(taken, owner, report)
  }

  /** Blocks of an inode or of an attribute block: whole clusters. */
  claimFile(block: number, count: number, owner: Owner, report: Report): void {
    const last = groupOfBlock(this.#shape, block + count - 1)
    for (let group = groupOfBlock(this.#shape, block); group <= last; group++) this.groupsWithFiles.add(group)
    const taken = this.#mark(block, count)
    if (taken !== undefined && !this.#shape.features.has('shared_blocks')) this.#contest(taken, owner, report)
  }

  #contest({ first, count }: { first: number; count: number }, owner: Owner, report: Report): void {
    this.contested.add(first)
    report({
      ...owner,
      field: 'its blocks',
      found: count === 1 ? `block ${first}` : `block ${first} and ${count - 1} more`,
      expected: 'blocks that nothing else claims',
    })
  }

  /** Marks and gives the first block that was marked before, and how many were. */
  #mark(block: number, count: number): { first: number; count: number } | undefined {
    const { firstDataBlock, blocksPerGroup, clusterBlocks } = this.#shape
    const perGroup = blocksPerGroup / clusterBlocks
    // Blocks before the first group (boot code) belong to nobody.
    let cluster = Math.max(0, Math.floor((block - firstDataBlock) / clusterBlocks))
    const end = Math.floor((block + count - 1 - firstDataBlock) / clusterBlocks) + 1
    let first = -1
    let taken = 0
    while (cluster < end) {
      const group = Math.floor(cluster / perGroup)
      const page = this.#pageOf(group, perGroup)
      const stop = Math.min(end, (group + 1) * perGroup)
      for (; cluster < stop; cluster++) {
        const bit = cluster - group * perGroup
        const at = bit >>> 3
        if (bit % BITS_PER_BYTE === 0 && stop - cluster >= BITS_PER_BYTE && page[at] === 0) {
          page[at] = FULL_BYTE
          cluster += BITS_PER_BYTE - 1
          continue
        }
        const mask = 1 << (bit & 7)
        if (page[at]! & mask) {
          if (first < 0) first = firstDataBlock + cluster * clusterBlocks
          taken++
        }
        page[at]! |= mask
      }
    }
    return taken === 0 ? undefined : { first, count: taken }
  }

  #pageOf(group: number, clusters: number): Uint8Array {
    let page = this.#pages.get(group)
    if (page === undefined) {
      page = new Uint8Array(Math.ceil(clusters / BITS_PER_BYTE))
      this.#pages.set(group, page)
    }
    return page
  }
}
