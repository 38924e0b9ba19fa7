/**
 * Returns which stretches of a volume are used: the structures in front, and the clusters that the
 * bitmap has.
 */
import type { UsedStretch } from '../../volume-reader.js'
import { usedRuns } from './allocation-bitmap.js'
import { byFirst } from './claimed-clusters.js'
import { type ClusterRun, clusterRuns, type ExfatReading } from './cluster-runs.js'
import { TreeReader } from './read-tree.js'
import { type RootEntries, readRootEntries } from './root-entries.js'
import { clusterOffset } from './volume-shape.js'

export function findUsedStretches(reading: ExfatReading): UsedStretch[] {
  const { shape } = reading
  const root = readRootEntries(reading)
  const metadata = metadataRuns(reading, root)
  const stretches: { offset: number; length: number; use: UsedStretch['use'] }[] = [
    { offset: 0, length: shape.heapOffset, use: 'metadata' },
  ]
  const add = (first: number, end: number, use: UsedStretch['use']): void => {
    if (first >= end) return
    const offset = clusterOffset(shape, first)
    const length = (end - first) * shape.clusterBytes
    const latest = stretches.at(-1)!
    if (latest.use === use && latest.offset + latest.length === offset) latest.length += length
    else stretches.push({ offset, length, use })
  }
  let next = 0
  for (const { first, count } of usedRuns(reading, root)) {
    const end = first + count
    let at = first
    for (; next < metadata.length && metadata[next]!.first < end; next++) {
      const run = metadata[next]!
      const runEnd = run.first + run.count
      if (runEnd <= at) continue
      add(at, run.first, 'data')
      add(Math.max(at, run.first), Math.min(end, runEnd), 'metadata')
      at = Math.min(end, runEnd)
      // It goes on in a later run of the bitmap, where a cluster between is marked as free.
      if (runEnd > end) break
    }
    add(at, end, 'data')
  }
  return stretches
}

/** The clusters of tables and directories, in ascending order. */
function metadataRuns(reading: ExfatReading, root: RootEntries): readonly ClusterRun[] {
  const tables = [root.bitmap, root.upCase].flatMap((table) => (table === undefined ? [] : clusterRuns(reading, table)))
  const directories = [...new TreeReader(reading).directories()].flatMap(({ directory }) => directory.runs)
  return [...tables, ...directories].sort(byFirst)
}
