/**
 * The clusters that structures of a volume have, and those that two of them have. Memory follows
 * the runs.
 */
import type { ClusterRun } from './cluster-runs.js'

export function byFirst(a: ClusterRun, b: ClusterRun): number {
  return a.first - b.first
}

/** A run of clusters, and the owner that has it. */
export interface Claim<Owner> extends ClusterRun {
  readonly owner: Owner
}

/**
 * Gives each overlap of two claims, in ascending order: its first cluster, the owner of it and the
 * one that comes after.
 */
export function* overlaps<Owner>(
  sorted: readonly Claim<Owner>[],
): Generator<{ readonly cluster: number; readonly first: Owner; readonly second: Owner }> {
  let furthest: Claim<Owner> | undefined
  for (const claim of sorted) {
    if (furthest !== undefined && claim.first < furthest.first + furthest.count) {
      yield { cluster: claim.first, first: furthest.owner, second: claim.owner }
    }
    if (furthest === undefined || claim.first + claim.count > furthest.first + furthest.count) furthest = claim
  }
}

/** The clusters of sorted runs, without overlaps, and joined where one follows the other. */
export function joined(sorted: readonly ClusterRun[]): ClusterRun[] {
  const runs: { first: number; count: number }[] = []
  for (const { first, count } of sorted) {
    const latest = runs.at(-1)
    if (latest !== undefined && first <= latest.first + latest.count) {
      latest.count = Math.max(latest.count, first + count - latest.first)
    } else {
      runs.push({ first, count })
    }
  }
  return runs
}

/**
 * Gives the clusters of `runs` that `others` do not have. Both are sorted, and without overlaps;
 * neither is kept.
 */
export function* missingFrom(runs: Iterable<ClusterRun>, others: Iterable<ClusterRun>): Generator<ClusterRun> {
  const iterator = others[Symbol.iterator]()
  const next = (): ClusterRun | undefined => {
    const { value, done } = iterator.next()
    return done === true ? undefined : value
  }
  let other = next()
  for (const { first, count } of runs) {
    const end = first + count
    let at = first
    while (at < end) {
      while (other !== undefined && other.first + other.count <= at) other = next()
      if (other === undefined || other.first >= end) {
        yield { first: at, count: end - at }
        break
      }
      if (other.first > at) yield { first: at, count: other.first - at }
      at = other.first + other.count
    }
  }
}
