/** Which partition of one disk is which of the other. */
import type { OpenPartition } from '../open-image.js'

export interface Match {
  readonly a?: OpenPartition
  readonly b?: OpenPartition
}

/**
 * By number and name, then by UUID, then by name, then by number alone: so a partition that moved in the table is still the
 * same, and so is one that was given another name in its place. In the order of `a`, then what only `b` has.
 */
export function matchPartitions(a: readonly OpenPartition[], b: readonly OpenPartition[]): Match[] {
  const [left, right] = [new Set(a), new Set(b)]
  const pairs = new Map<OpenPartition, OpenPartition>()
  for (const keyOf of KEYS) {
    const byKey = uniqueBy(right, keyOf)
    for (const [key, partition] of uniqueBy(left, keyOf)) {
      const other = byKey.get(key)
      if (other === undefined) continue
      pairs.set(partition, other)
      left.delete(partition)
      right.delete(other)
    }
  }
  return [
    ...a.map((partition) => {
      const other = pairs.get(partition)
      return other === undefined ? { a: partition } : { a: partition, b: other }
    }),
    ...[...right].map((partition) => ({ b: partition })),
  ]
}

type KeyOf = (partition: OpenPartition) => string | undefined

const KEYS: readonly KeyOf[] = [
  ({ number, name }) => `${number} ${name}`,
  ({ entry }) => entry?.uuid,
  ({ name }) => (name === '' ? undefined : name),
  ({ number }) => (number === undefined ? '' : String(number)),
]

/** Without the keys that several have. */
function uniqueBy(partitions: Iterable<OpenPartition>, keyOf: KeyOf): Map<string, OpenPartition> {
  const found = new Map<string, OpenPartition>()
  const repeated = new Set<string>()
  for (const partition of partitions) {
    const key = keyOf(partition)
    if (key === undefined) continue
    if (found.has(key)) repeated.add(key)
    found.set(key, partition)
  }
  for (const key of repeated) found.delete(key)
  return found
}
