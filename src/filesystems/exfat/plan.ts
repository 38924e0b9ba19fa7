/**
 * Every decision about a volume: settings, payload, geometry, clusters; and whether they fit
 * together.
 */
import { alignDown, ceilDivide } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { FormatError, LayoutError, type Problem, type Warning } from '../../errors.js'
import type { FileTree, Timestamp } from '../../tree/file-tree.js'
import { countOf, formatCount } from '../path-list.js'
import { type FreeSpace, freeBytesIn, freeSpaceText, NO_FREE_SPACE, type VolumeEnvironment } from '../volume.js'
import { ENTRY_BYTES, FIRST_CLUSTER, MAX_CLUSTERS, MAX_LABEL_UNITS } from './disklayout.js'
import {
  type ExfatGeometry,
  type GeometryRequest,
  geometryOf,
  layOut,
  MIN_VOLUME_BYTES,
  type SizeClass,
  sizeClasses,
} from './geometry.js'
import type { ExfatFormatOptions } from './option-table.js'
import { type ExfatPayload, planPayload } from './payload.js'
import { encodeUpCaseTable } from './up-case.js'

/**
 * Label, bitmap and up-case table, and a GUID where one is asked for, come in the root before the
 * files.
 */
export function rootHeadBytes({ guid }: { readonly guid?: string | undefined }): number {
  return (guid === undefined ? 3 : 4) * ENTRY_BYTES
}

const BITS_PER_BYTE = 8

export interface ExfatContents {
  readonly payload: ExfatPayload
  readonly request: GeometryRequest
  readonly label: string
  readonly volumeId: number
  /** Missing: no such entry. */
  readonly guid?: string
  readonly time: Timestamp
  readonly upCase: { readonly bytes: Uint8Array; readonly checksum: number }
}

/** A run of clusters; `count` 0 where nothing is allocated. */
export interface ClusterRun {
  readonly first: number
  readonly count: number
}

export interface ExfatPlan extends ExfatContents {
  readonly geometry: ExfatGeometry
  readonly bitmap: ClusterRun
  readonly upCaseRun: ClusterRun
  /** Runs by index in the payload. */
  readonly directories: readonly ClusterRun[]
  readonly files: readonly ClusterRun[]
  readonly usedClusters: number
  readonly warnings: readonly Warning[]
}

/** Throws a FormatError with all that exFAT cannot hold. */
export function planContents(
  tree: FileTree,
  options: ExfatFormatOptions,
  environment: VolumeEnvironment,
): ExfatContents {
  const { label = '', cluster_size, alignment, volume_id, volume_guid, lossy = false } = options
  const { sectorSize, offsetBytes, uuid, time } = environment
  const problems: Problem[] = []
  const labelFault = faultOfLabel(label)
  if (labelFault !== undefined) {
    const message = `Cannot write exFAT label ${JSON.stringify(label)}: it ${labelFault}`
    problems.push({ path: ['label'], message })
  }
  if (cluster_size !== undefined && cluster_size < sectorSize) {
    const message = `Cannot use exFAT clusters of ${cluster_size} bytes: the disk has sectors of ${sectorSize} bytes`
    problems.push({ path: ['options', 'cluster_size'], message })
  }
  if (offsetBytes % sectorSize !== 0) {
    const message = `Cannot place exFAT at byte ${offsetBytes}: it must be a multiple of its sectors of ${sectorSize} bytes`
    problems.push({ path: ['start'], message })
  }
  if (problems.length > 0) throw new FormatError(problems)
  return {
    payload: planPayload(tree, { lossy, rootHeadBytes: rootHeadBytes({ guid: volume_guid }) }),
    request: {
      sectorSize,
      offsetBytes,
      ...(cluster_size !== undefined && { clusterBytes: cluster_size }),
      ...(alignment !== undefined && { alignmentBytes: alignment }),
    },
    label,
    volumeId: volume_id ?? Number.parseInt(uuid.slice(0, 8), 16),
    ...(volume_guid !== undefined && { guid: volume_guid }),
    time,
    upCase: encodeUpCaseTable(),
  }
}

/** Control characters and halves of surrogate pairs have no UTF-8 that systems could show. */
const FORBIDDEN_IN_LABEL = /[\x00-\x1f\x7f]|\p{Surrogate}/u

function faultOfLabel(label: string): string | undefined {
  if (label.length > MAX_LABEL_UNITS) return `has ${label.length} UTF-16 units, at most ${MAX_LABEL_UNITS} are possible`
  const forbidden = FORBIDDEN_IN_LABEL.exec(label)?.[0]
  return forbidden === undefined ? undefined : `has ${JSON.stringify(forbidden)}, which is not a printable character`
}

/** Throws a LayoutError where the payload does not fit into `sizeBytes`. */
export function planExfat(contents: ExfatContents, sizeBytes: number): ExfatPlan {
  const geometry = sizeBytes < MIN_VOLUME_BYTES ? undefined : geometryOf(contents.request, sizeBytes)
  if (geometry === undefined) {
    const least = smallestExfatBytes(contents)
    throw new LayoutError(
      `Cannot make exFAT of ${formatCount(sizeBytes)} bytes: it must have at least ${formatCount(least)} bytes (${formatSize(least)})`,
      { details: { neededBytes: least, availableBytes: sizeBytes } },
    )
  }
  const { clusterBytes, clusters } = geometry
  const needed = payloadClusters(contents, clusterBytes) + bitmapClusters(clusters, clusterBytes)
  if (needed > clusters) {
    const least = smallestExfatBytes(contents)
    const [neededBytes, availableBytes] = [needed * clusterBytes, clusters * clusterBytes]
    throw new LayoutError(
      `Cannot fit the payload into exFAT of ${formatSize(sizeBytes)}: needs ${formatCount(neededBytes)} bytes (${countOf(needed, 'cluster')} of ${formatSize(clusterBytes)}), available are ${formatCount(availableBytes)} bytes (${countOf(clusters, 'cluster')})`,
      {
        hint: `The smallest volume that holds it has ${formatCount(least)} bytes (${formatSize(least)})`,
        details: { neededBytes, availableBytes },
      },
    )
  }
  return { ...contents, geometry, ...allocate(contents, geometry), warnings: warningsOf(contents, geometry) }
}

function warningsOf({ payload }: ExfatContents, geometry: ExfatGeometry): readonly Warning[] {
  const { volumeBytes, heapOffsetBytes, clusters, clusterBytes } = geometry
  const unusedBytes = volumeBytes - heapOffsetBytes - clusters * clusterBytes
  if (unusedBytes < clusterBytes) return payload.warnings
  const message = `exFAT has at most ${countOf(MAX_CLUSTERS, 'cluster')}: ${formatSize(unusedBytes)} at the end stay unused`
  const hint = 'Use a larger cluster_size'
  return [...payload.warnings, { finding: 'fat-unused-end', path: ['options', 'cluster_size'], message, hint }]
}

/** Every cluster in a row: bitmap, up-case table, directories from the root on, files. */
function allocate(
  contents: ExfatContents,
  { clusterBytes, clusters }: ExfatGeometry,
): Pick<ExfatPlan, 'bitmap' | 'upCaseRun' | 'directories' | 'files' | 'usedClusters'> {
  const { payload, upCase } = contents
  let next = FIRST_CLUSTER
  const take = (bytes: number): ClusterRun => {
    const count = ceilDivide(bytes, clusterBytes)
    const first = count === 0 ? 0 : next
    next += count
    return { first, count }
  }
  return {
    bitmap: take(ceilDivide(clusters, BITS_PER_BYTE)),
    upCaseRun: take(upCase.bytes.length),
    directories: payload.directories.map((_, index) => take(directoryBytes(contents, index))),
    files: payload.files.map(({ node }) => take(node.content.sizeBytes)),
    usedClusters: next - FIRST_CLUSTER,
  }
}

/** An empty directory has a cluster, too. */
function directoryBytes(contents: ExfatContents, index: number): number {
  const head = index === 0 ? rootHeadBytes(contents) : 0
  return Math.max(1, head + contents.payload.directories[index]!.entryBytes)
}

/**
 * Clusters of `clusterBytes` that the payload and the up-case table take; the bitmap depends on the
 * volume's size.
 */
function payloadClusters(contents: ExfatContents, clusterBytes: number): number {
  const { payload, upCase } = contents
  let count = ceilDivide(upCase.bytes.length, clusterBytes)
  for (const index of payload.directories.keys()) count += ceilDivide(directoryBytes(contents, index), clusterBytes)
  for (const { node } of payload.files) count += ceilDivide(node.content.sizeBytes, clusterBytes)
  return count
}

function bitmapClusters(clusters: number, clusterBytes: number): number {
  return ceilDivide(ceilDivide(clusters, BITS_PER_BYTE), clusterBytes)
}

/** Returns the smallest volume, in bytes, that holds the payload and leaves `free`. */
export function smallestExfatBytes(contents: ExfatContents, free: FreeSpace = NO_FREE_SPACE): number {
  for (const sizeClass of sizeClasses(contents.request)) {
    const bytes = smallestInClass(contents, sizeClass, free)
    if (bytes !== undefined) return bytes
  }
  throw new LayoutError(
    `Cannot fit the payload into exFAT of any size with ${freeSpaceText(free)} free: at most ${countOf(MAX_CLUSTERS, 'cluster')} are possible`,
    { hint: 'Use a larger cluster_size' },
  )
}

/**
 * Rises through lower bounds of the size, so that the first size that is enough is the smallest. A
 * volume that is enough has at least `clusters` clusters, which lie after its heap offset; the heap
 * offset, the bitmap and the free share grow with the size, so that those of a lower bound are
 * lower bounds again.
 */
function smallestInClass(contents: ExfatContents, sizeClass: SizeClass, free: FreeSpace): number | undefined {
  const { request } = contents
  const { clusterBytes, aboveBytes, upToBytes } = sizeClass
  const fixed = payloadClusters(contents, clusterBytes)
  const needed = (clusters: number, sizeBytes: number): number =>
    fixed + bitmapClusters(clusters, clusterBytes) + ceilDivide(freeBytesIn(sizeBytes, free), clusterBytes)
  let sizeBytes = Math.max(MIN_VOLUME_BYTES, aboveBytes + request.sectorSize)
  sizeBytes = alignDown(sizeBytes, request.sectorSize)
  let clusters = 1
  while (sizeBytes <= upToBytes && clusters <= MAX_CLUSTERS) {
    const geometry = layOut(request, sizeBytes)
    const { heapOffsetBytes } = geometry
    if (geometry.clusters > 0 && needed(geometry.clusters, sizeBytes) <= geometry.clusters) return sizeBytes
    clusters = Math.max(clusters, needed(clusters, sizeBytes))
    sizeBytes = Math.max(sizeBytes + request.sectorSize, heapOffsetBytes + clusters * clusterBytes)
  }
  return undefined
}
