/** Chains of clusters.  [FATGEN §4] */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { BAD_CLUSTER, FIRST_CLUSTER, FIRST_END_OF_CHAIN } from '../disklayout.js'
import type { FatReading } from './fat-reading.js'

/** Clusters [first, first + count). */
export interface ClusterRun {
  readonly first: number
  readonly count: number
}

/** Whose chain it is, and where its first cluster is named. */
export interface ChainOwner {
  /** `file "EFI/BOOT/X.EFI"`, `directory "EFI"`, `root directory`. */
  readonly structure: string
  /** Of the slot, or of the field of the boot sector. */
  readonly offset: number
  readonly field: string
}

/**
 * Visits the clusters of a chain until its end mark, or until `visit` gives false. Gives what is wrong with the chain where it
 * cannot go on. A chain that comes back to itself never ends: that is the visitor's to notice.
 */
export function walkChain(
  { shape, fat }: FatReading,
  first: number,
  owner: ChainOwner,
  visit: (cluster: number) => boolean,
): FieldFinding | undefined {
  const { width, lastCluster } = shape
  if (first < FIRST_CLUSTER || first > lastCluster) {
    return { ...owner, found: first, expected: `a cluster from ${FIRST_CLUSTER} to ${lastCluster}` }
  }
  const end = FIRST_END_OF_CHAIN[width]
  for (let cluster = first; ; ) {
    if (!visit(cluster)) return undefined
    const next = fat.entry(cluster)
    if (next >= end) return undefined
    if (next < FIRST_CLUSTER || next > lastCluster) {
      const found = next === 0 ? '0 (free)' : next === BAD_CLUSTER[width] ? `${next} (a bad cluster)` : next
      const expected = `a cluster from ${FIRST_CLUSTER} to ${lastCluster}, or an end mark,`
      const { structure } = owner
      return { structure, offset: fat.offsetOf(cluster), field: `FAT entry ${cluster}`, found, expected }
    }
    cluster = next
  }
}

/** Clusters as runs. */
export class RunList {
  readonly runs: { first: number; count: number }[] = []
  count = 0

  add(cluster: number): void {
    const latest = this.runs.at(-1)
    if (latest !== undefined && latest.first + latest.count === cluster) latest.count++
    else this.runs.push({ first: cluster, count: 1 })
    this.count++
  }
}

/**
 * At most `limit` clusters of a chain, as runs. FormatError where it cannot be followed, or comes back to itself. `isWhole`
 * says whether its end was reached.
 */
export function readChain(
  reading: FatReading,
  first: number,
  owner: ChainOwner,
  limit: number,
): { runs: readonly ClusterRun[]; count: number; isWhole: boolean } {
  const list = new RunList()
  const cycle = new CycleWatch()
  let isWhole = true
  let loop: number | undefined
  const problem = walkChain(reading, first, owner, (cluster) => {
    if (list.count === limit) {
      isWhole = false
      return false
    }
    if (cycle.comesBack(cluster)) loop = cluster
    else list.add(cluster)
    return loop === undefined
  })
  if (problem !== undefined) throw fieldError(reading.view.name, problem)
  loop ??= repeatedCluster(list.runs)
  if (loop !== undefined) throw fieldError(reading.view.name, loopFinding(reading, owner, loop))
  return { runs: list.runs, count: list.count, isWhole }
}

export function loopFinding({ fat }: FatReading, { structure }: ChainOwner, cluster: number): FieldFinding {
  return {
    structure,
    offset: fat.offsetOf(cluster),
    field: 'its chain of clusters',
    found: `one that comes back to cluster ${cluster}`,
    expected: 'one with an end',
  }
}

/** A cluster that is in two runs. */
function repeatedCluster(runs: readonly ClusterRun[]): number | undefined {
  if (runs.length < 2) return undefined
  const sorted = runs.toSorted((a, b) => a.first - b.first)
  return sorted.find(({ first }, index) => index > 0 && first < sorted[index - 1]!.first + sorted[index - 1]!.count)
    ?.first
}

/**
 * Brent: the cluster of every step whose number is a power of two is kept, and meeting it again means a cycle. Found before
 * three times the cycle and what leads to it have been walked, without memory. (A chain that is cut off before that has its
 * runs compared.)
 */
class CycleWatch {
  #kept = 0
  #steps = 0
  #next = 1

  comesBack(cluster: number): boolean {
    if (cluster === this.#kept) return true
    if (++this.#steps === this.#next) {
      this.#kept = cluster
      this.#next *= 2
    }
    return false
  }
}
