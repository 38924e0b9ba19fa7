/** Which clusters chains have taken, so that none is taken twice and none is lost. */
import type { FieldFinding } from '../../../bytes/field-error.js'
import type { Findings } from '../../../bytes/findings.js'
import { type ChainOwner, loopFinding, RunList, walkChain } from './cluster-chain.js'
import type { FatReading } from './fat-reading.js'

interface Conflict {
  readonly cluster: number
  readonly owner: ChainOwner
}

/** A chain as far as it can be followed without meeting a cluster that is taken. */
export interface ClaimedChain {
  readonly list: RunList
  /** It has an end mark, and no cluster that another has. */
  readonly isSound: boolean
}

/** One bit a cluster. */
export class ClusterClaims {
  readonly #reading: FatReading
  readonly #bits: Uint8Array
  /** Clusters whose first owner is asked for, and who that is. */
  readonly #watched: ReadonlySet<number>
  readonly owners = new Map<number, string>()
  readonly conflicts: Conflict[] = []

  constructor(reading: FatReading, watched: ReadonlySet<number> = new Set()) {
    this.#reading = reading
    this.#bits = new Uint8Array(Math.ceil((reading.shape.lastCluster + 1) / 8))
    this.#watched = watched
  }

  has(cluster: number): boolean {
    return (this.#bits[cluster >> 3]! & (1 << (cluster & 7))) !== 0
  }

  /** Takes a chain's clusters; what is wrong with it goes to `findings`, but for cross-links, which are in `conflicts`. */
  claim(first: number, owner: ChainOwner, findings: Findings): ClaimedChain {
    const list = new RunList()
    let met: number | undefined
    const problem = walkChain(this.#reading, first, owner, (cluster) => {
      if (this.has(cluster)) {
        met = cluster
        return false
      }
      this.#take(cluster, owner)
      list.add(cluster)
      return true
    })
    if (problem !== undefined) findings.add(problem)
    if (met !== undefined) this.#meet(met, owner, list, findings)
    return { list, isSound: problem === undefined && met === undefined }
  }

  #take(cluster: number, { structure }: ChainOwner): void {
    this.#bits[cluster >> 3]! |= 1 << (cluster & 7)
    if (this.#watched.has(cluster)) this.owners.set(cluster, structure)
  }

  #meet(cluster: number, owner: ChainOwner, list: RunList, findings: Findings): void {
    const isOwn = list.runs.some(({ first, count }) => cluster >= first && cluster < first + count)
    if (isOwn) findings.add(loopFinding(this.#reading, owner, cluster))
    else if (!findings.isFull) this.conflicts.push({ cluster, owner })
  }
}

/** `owners`: of a second pass, which watched these clusters. */
export function conflictFindings(
  { fat }: FatReading,
  conflicts: readonly Conflict[],
  owners: ReadonlyMap<number, string>,
): FieldFinding[] {
  return conflicts.map(({ cluster, owner }) => ({
    structure: owner.structure,
    offset: fat.offsetOf(cluster),
    field: 'its chain of clusters',
    found: `cluster ${cluster}`,
    expected: `a cluster that is not of ${owners.get(cluster) ?? 'another'}`,
  }))
}
