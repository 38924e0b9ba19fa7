/**
 * One config laid over another (`include:`). Maps are merged key by key, the upper one wins; `~` takes an inherited key
 * away. Partitions are merged by name: one that the lower config has keeps its place and is merged, others are added at
 * the end. Any other list is replaced whole.
 */
import { childOf, type Located, type LocatedEntry, type LocatedMap, locatedList, locatedMap } from './located.js'

export function mergeConfigs(lower: LocatedMap, upper: LocatedMap): LocatedMap {
  return mergeMaps(lower, upper, (key, below, above) =>
    key === 'partitions' ? mergePartitions(below, above) : mergeValues(below, above),
  )
}

function mergeValues(below: Located, above: Located): Located {
  return below.kind === 'map' && above.kind === 'map' ? mergeMaps(below, above, (_, b, a) => mergeValues(b, a)) : above
}

function mergeMaps(
  lower: LocatedMap,
  upper: LocatedMap,
  merge: (key: string, below: Located, above: Located) => Located,
): LocatedMap {
  const entries = new Map<string, LocatedEntry>(lower.entries)
  for (const [key, entry] of upper.entries) {
    const below = entries.get(key)
    if (below === undefined) entries.set(key, entry)
    else if (entry.value.kind === 'null') entries.delete(key)
    else entries.set(key, { ...entry, value: merge(key, below.value, entry.value) })
  }
  return locatedMap(upper.source, upper.range, entries)
}

function mergePartitions(below: Located, above: Located): Located {
  if (below.kind !== 'list' || above.kind !== 'list') return above
  const merged = [...below.items]
  for (const partition of above.items) {
    const name = nameOf(partition)
    const index = name === undefined ? -1 : below.items.findIndex((other) => nameOf(other) === name)
    if (index < 0) merged.push(partition)
    else merged[index] = mergeValues(merged[index]!, partition)
  }
  return locatedList(above.source, above.range, merged)
}

function nameOf(partition: Located): string | undefined {
  const name = childOf(partition, 'name')
  return name?.kind === 'scalar' ? name.text : undefined
}
