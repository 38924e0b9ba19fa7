/**
 * Places the regions of a volume. [EXFAT §2]
 *
 *   | boot region | backup | … aligned | FAT | … aligned | clusters | rest below a cluster |
 *   0            12       24          FatOffset         ClusterHeapOffset
 */
import { alignDown, alignUp } from '../../bytes/align.js'
import { BOOT_REGION_SECTORS, FAT_ENTRY_BYTES, FIRST_CLUSTER, MAX_CLUSTERS } from './disklayout.js'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

/** A volume has 1 MiB at least. [EXFAT §3.1.6] */
export const MIN_VOLUME_BYTES = MIB
/** Clusters by the size of the volume, as mkfs.exfat and Windows choose them. */
const CLUSTER_CLASSES = [
  { largestBytes: 256 * MIB, clusterBytes: 4 * KIB },
  { largestBytes: 32 * GIB, clusterBytes: 32 * KIB },
  { largestBytes: Number.POSITIVE_INFINITY, clusterBytes: 128 * KIB },
] as const
/** From here on mkfs.exfat's boundary of 1 MiB costs less than a thirtieth of the volume. */
const WIDE_ALIGNMENT_BYTES = 64 * MIB
const ALIGNMENT = { narrow: 4 * KIB, wide: MIB } as const

export interface GeometryRequest {
  readonly sectorSize: number
  /** Start of the volume on the disk, in bytes: alignment counts from the start of the disk. */
  readonly offsetBytes: number
  readonly clusterBytes?: number
  readonly alignmentBytes?: number
}

export interface ExfatGeometry {
  readonly sectorSize: number
  readonly clusterBytes: number
  readonly alignmentBytes: number
  /** Whole sectors. */
  readonly volumeBytes: number
  readonly fatOffsetBytes: number
  readonly fatBytes: number
  readonly heapOffsetBytes: number
  readonly clusters: number
}

/**
 * Cluster size and alignment of a class of volumes, whose sizes lie above `aboveBytes` and up to
 * `upToBytes`.
 */
export interface SizeClass {
  readonly clusterBytes: number
  readonly alignmentBytes: number
  readonly aboveBytes: number
  readonly upToBytes: number
}

/** The classes that a request leaves, by rising size. */
export function sizeClasses({ clusterBytes, alignmentBytes, sectorSize }: GeometryRequest): readonly SizeClass[] {
  const bounds = [WIDE_ALIGNMENT_BYTES - 1, ...CLUSTER_CLASSES.map(({ largestBytes }) => largestBytes)]
  return bounds.map((upToBytes, index) => ({
    clusterBytes: clusterBytes ?? Math.max(sectorSize, clusterOf(upToBytes)),
    alignmentBytes: alignmentBytes ?? (index === 0 ? ALIGNMENT.narrow : ALIGNMENT.wide),
    aboveBytes: index === 0 ? 0 : bounds[index - 1]!,
    upToBytes,
  }))
}

function clusterOf(sizeBytes: number): number {
  return CLUSTER_CLASSES.find(({ largestBytes }) => sizeBytes <= largestBytes)!.clusterBytes
}

/** Returns the geometry of a volume of `sizeBytes`; undefined where not one cluster fits. */
export function geometryOf(request: GeometryRequest, sizeBytes: number): ExfatGeometry | undefined {
  const geometry = layOut(request, sizeBytes)
  return geometry.clusters > 0 ? geometry : undefined
}

/**
 * Places the regions; `clusters` is below 1 where the volume is too small. As in mkfs.exfat, the
 * FAT is made for as many clusters as the whole volume would have, and all that is left after it is
 * clusters: the specification wants ClusterCount to be no less than that. [EXFAT §3.1.9]
 */
export function layOut(request: GeometryRequest, sizeBytes: number): ExfatGeometry {
  const { sectorSize, offsetBytes } = request
  const volumeBytes = alignDown(sizeBytes, sectorSize)
  const { clusterBytes, alignmentBytes } = sizeClasses(request).find(({ upToBytes }) => sizeBytes <= upToBytes)!
  const aligned = (bytes: number): number => alignUp(offsetBytes + bytes, alignmentBytes) - offsetBytes
  const fatStep = Math.max(sectorSize, clusterBytes)
  const fatOffsetBytes = aligned(2 * BOOT_REGION_SECTORS * sectorSize)
  const withFat = (fatBytes: number): ExfatGeometry => {
    const heapOffsetBytes = aligned(fatOffsetBytes + fatBytes)
    const clusters = Math.min(Math.floor((volumeBytes - heapOffsetBytes) / clusterBytes), MAX_CLUSTERS)
    const sizes = { sectorSize, clusterBytes, alignmentBytes, volumeBytes }
    return { ...sizes, fatOffsetBytes, fatBytes, heapOffsetBytes, clusters }
  }
  const most = Math.min(Math.floor(volumeBytes / clusterBytes), MAX_CLUSTERS)
  const geometry = withFat(alignUp(most * FAT_ENTRY_BYTES, fatStep))
  const { fatBytes, clusters } = geometry
  // mkfs.exfat leaves out the two entries before the first cluster's: where a boundary is small,
  // they may be missing.
  const isShort = fatBytes < (clusters + FIRST_CLUSTER) * FAT_ENTRY_BYTES
  return isShort ? withFat(fatBytes + fatStep) : geometry
}
