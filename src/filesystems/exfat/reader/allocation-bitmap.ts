/** The allocation bitmap: one bit for each cluster, read in pieces. [EXFAT §7.1] */
import { fieldError } from '../../../bytes/field-error.js'
import { FIRST_CLUSTER } from '../disklayout.js'
import { type ClusterRun, clusterRuns, type ExfatReading } from './cluster-runs.js'
import type { RootEntries } from './root-entries.js'
import { clusterOffset } from './volume-shape.js'

const BITS_PER_BYTE = 8
const CHUNK_BYTES = 1 << 16
const NO_BITS = 0
const ALL_BITS = 0xff

/**
 * Gives the clusters that are marked as used, as runs in ascending order. Bits after the last
 * cluster count for nothing. FormatError where there is no bitmap, or it cannot be followed or is
 * too short.
 */
export function* usedRuns(reading: ExfatReading, root: RootEntries): Generator<ClusterRun> {
  const { lastCluster } = reading.shape
  let run: { first: number; count: number } | undefined
  let cluster = FIRST_CLUSTER
  const take = (count: number): void => {
    if (run === undefined) run = { first: cluster, count }
    else run.count += count
  }
  for (const chunk of bitmapChunks(reading, root)) {
    for (const byte of chunk) {
      // Most bytes have eight equal bits.
      if (byte === ALL_BITS) {
        take(BITS_PER_BYTE)
        cluster += BITS_PER_BYTE
        continue
      }
      if (byte === NO_BITS && run === undefined) {
        cluster += BITS_PER_BYTE
        continue
      }
      for (let bit = 0; bit < BITS_PER_BYTE; bit++, cluster++) {
        if (((byte >> bit) & 1) !== 0) take(1)
        else if (run !== undefined) {
          if (run.first <= lastCluster) yield withinVolume(run, lastCluster)
          run = undefined
        }
      }
    }
  }
  if (run !== undefined && run.first <= lastCluster) yield withinVolume(run, lastCluster)
}

function withinVolume({ first, count }: ClusterRun, lastCluster: number): ClusterRun {
  return { first, count: Math.min(count, lastCluster + 1 - first) }
}

function* bitmapChunks(reading: ExfatReading, { bitmap }: RootEntries): Generator<Uint8Array> {
  const { view, shape } = reading
  let left = Math.ceil(shape.clusters / BITS_PER_BYTE)
  if (bitmap === undefined) {
    const at = { structure: 'root directory', offset: shape.regionOffset, field: 'its allocation bitmap' }
    throw fieldError(view.name, { ...at, found: 'missing', expected: 'one' })
  }
  const { structure, offset, lengthBytes } = bitmap
  if (lengthBytes! < left) {
    const finding = { structure, offset, field: 'DataLength', found: lengthBytes! }
    throw fieldError(view.name, { ...finding, expected: `at least ${left}` })
  }
  for (const { first, count } of clusterRuns(reading, bitmap)) {
    const start = clusterOffset(shape, first)
    const end = start + Math.min(count * shape.clusterBytes, left)
    left -= end - start
    for (let at = start; at < end; at += CHUNK_BYTES) {
      yield view.read(at, Math.min(CHUNK_BYTES, end - at), structure)
    }
  }
}
