/**
 * Finds the clusters of a file, a directory or a table: in a row, or by a chain of the FAT. [EXFAT
 * §4.1, §6.3.4]
 */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import type { ImageView } from '../../../image/image-view.js'
import { FAT_BAD, FAT_END, FAT_ENTRY_BYTES, FIRST_CLUSTER } from '../disklayout.js'
import { clusterOffset, type ExfatShape } from './volume-shape.js'

export interface ExfatReading {
  readonly view: ImageView
  readonly shape: ExfatShape
}

/** Clusters [first, first + count). */
export interface ClusterRun {
  readonly first: number
  readonly count: number
}

/** The clusters of a structure as its entry describes them. */
export interface Allocation {
  /** `file "a/b"`, `directory "a"`, `allocation bitmap`. */
  readonly structure: string
  /** Byte of the entry in the volume. */
  readonly offset: number
  readonly firstCluster: number
  /** Undefined for the root, which ends where its chain does. */
  readonly lengthBytes: number | undefined
  readonly isContiguous: boolean
}

/**
 * Returns the clusters as runs. FormatError where they leave the volume, the chain is shorter than
 * the length or longer, or it comes back to itself.
 */
export function clusterRuns(reading: ExfatReading, allocation: Allocation): readonly ClusterRun[] {
  const { shape, view } = reading
  const { firstCluster: first, lengthBytes, isContiguous } = allocation
  const wanted = lengthBytes === undefined ? undefined : Math.ceil(lengthBytes / shape.clusterBytes)
  if (wanted === 0) return []
  assertCluster(reading, first, { ...ownPlace(allocation), field: 'FirstCluster' })
  if (wanted !== undefined && wanted > shape.clusters) {
    const most = shape.clusters * shape.clusterBytes
    throw fieldError(view.name, {
      ...ownPlace(allocation),
      field: 'DataLength',
      found: lengthBytes!,
      expected: `at most ${most}, the clusters of the volume`,
    })
  }
  if (isContiguous && wanted !== undefined) {
    assertCluster(reading, first + wanted - 1, { ...ownPlace(allocation), field: 'the last cluster of the row' })
    return [{ first, count: wanted }]
  }
  return chainRuns(reading, allocation, wanted)
}

function chainRuns(reading: ExfatReading, allocation: Allocation, wanted: number | undefined): readonly ClusterRun[] {
  const { view, shape } = reading
  const runs: { first: number; count: number }[] = []
  let count = 0
  for (let cluster = allocation.firstCluster; ; ) {
    const last = runs.at(-1)
    if (last !== undefined && last.first + last.count === cluster) last.count++
    else runs.push({ first: cluster, count: 1 })
    count++
    const at = fatEntryOffset(shape, cluster)
    // More clusters than the volume has mean that the chain comes back to itself.
    if (count > (wanted ?? shape.clusters)) throw wrongLength(reading, allocation, at, wanted)
    const next = fatEntry(reading, cluster)
    if (next === FAT_END) break
    const place = { structure: allocation.structure, offset: at, field: `FAT entry ${cluster}` }
    assertCluster(reading, next, place)
    cluster = next
  }
  if (wanted !== undefined && count < wanted) {
    throw fieldError(view.name, {
      ...ownPlace(allocation),
      field: 'its chain of clusters',
      found: `${count} long`,
      expected: `${wanted} for ${allocation.lengthBytes} bytes`,
    })
  }
  return runs
}

function wrongLength(
  { view, shape }: ExfatReading,
  { structure }: Allocation,
  offset: number,
  wanted: number | undefined,
): Error {
  const finding =
    wanted === undefined
      ? { found: `more than ${shape.clusters} long`, expected: 'one that does not come back to itself' }
      : { found: `more than ${wanted} long`, expected: 'one that ends with the file' }
  return fieldError(view.name, { structure, offset, field: 'its chain of clusters', ...finding })
}

function ownPlace({ structure, offset }: Allocation): Pick<FieldFinding, 'structure' | 'offset'> {
  return { structure, offset }
}

function assertCluster(
  { view, shape }: ExfatReading,
  cluster: number,
  place: Pick<FieldFinding, 'structure' | 'offset' | 'field'>,
): void {
  if (cluster >= FIRST_CLUSTER && cluster <= shape.lastCluster) return
  const found = cluster === 0 ? '0 (free)' : cluster === FAT_BAD ? `${cluster} (a bad cluster)` : cluster
  throw fieldError(view.name, { ...place, found, expected: `a cluster from ${FIRST_CLUSTER} to ${shape.lastCluster}` })
}

export function fatEntry({ view, shape }: ExfatReading, cluster: number): number {
  const bytes = view.read(fatEntryOffset(shape, cluster), FAT_ENTRY_BYTES, 'FAT')
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}

function fatEntryOffset({ fatOffset }: ExfatShape, cluster: number): number {
  return fatOffset + cluster * FAT_ENTRY_BYTES
}

/** The bytes of runs, end to end. For directories and tables, whose length is bounded. */
export function bytesOfRuns(
  { view, shape }: ExfatReading,
  runs: readonly ClusterRun[],
  structure: string,
  lengthBytes = Number.POSITIVE_INFINITY,
): Uint8Array {
  const whole = runs.reduce((sum, { count }) => sum + count * shape.clusterBytes, 0)
  const bytes = new Uint8Array(Math.min(whole, lengthBytes))
  let at = 0
  for (const { first, count } of runs) {
    const length = Math.min(count * shape.clusterBytes, bytes.length - at)
    if (length <= 0) break
    bytes.set(view.read(clusterOffset(shape, first), length, structure), at)
    at += length
  }
  return bytes
}
