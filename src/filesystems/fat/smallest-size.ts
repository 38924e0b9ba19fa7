/**
 * The smallest volume for a payload, exactly. How many clusters a volume has does not simply grow with its size: widths,
 * cluster sizes, alignment and tracks change at thresholds, and one more sector of FAT may cost a cluster. So sizes are
 * tried upwards from a bound below which none can do; only those where the geometry can change (about one in 32).
 */
import { alignDown, alignUp, ceilDivide } from '../../bytes/align.js'
import type { FatWidth } from './disklayout.js'
import {
  CLUSTER_LIMITS,
  type FatGeometry,
  type GeometryRefusal,
  type GeometryRequest,
  geometryThresholds,
  isRefusal,
  MAX_CLUSTER_SECTORS,
  MAX_TOTAL_SECTORS,
  planGeometry,
  sectorsPerTrackAt,
} from './geometry.js'

/** More clusters than any step of the FATs takes. */
const SAFE_MARGIN_CLUSTERS = 64

export interface Demand {
  /** Bytes of clusters that the payload takes at this cluster size and width, or fewer. */
  leastBytes(clusterBytes: number, width: FatWidth): number
  accepts(geometry: FatGeometry): boolean
  /** Sizes are multiples of this; missing: of sectors only. */
  readonly grainBytes?: number
  /** Only smaller sizes are of interest. */
  readonly belowBytes?: number
}

/**
 * Returns a size in bytes; undefined where no size does. Cost: one geometry per track between the bound and the answer,
 * about 1 µs each.
 */
export function findSmallest(request: Omit<GeometryRequest, 'sizeBytes'>, demand: Demand): number | undefined {
  const { sectorSize } = request
  const { grainBytes = sectorSize, belowBytes = Number.POSITIVE_INFINITY } = demand
  const thresholds = geometryThresholds(sectorSize)
  let sectors = Math.max(1, ceilDivide(leastBytes(request, demand), sectorSize))
  while (sectors <= MAX_TOTAL_SECTORS) {
    // A grain is whole sectors, but of UBI: there the last part of a sector is left over.
    const sizeBytes = alignUp(sectors * sectorSize, grainBytes)
    if (sizeBytes >= belowBytes) return undefined
    sectors = Math.floor(sizeBytes / sectorSize)
    const geometry = planGeometry({ ...request, sizeBytes })
    if (!isRefusal(geometry)) {
      if (demand.accepts(geometry)) return sizeBytes
    } else if (geometry.reason === 'too-large' && isHopeless(geometry, request)) {
      return undefined
    } else if (geometry.reason === 'too-little-data') {
      // The one rule that counts sectors behind the last whole track.
      sectors++
      continue
    }
    const track = sectorsPerTrackAt(sizeBytes, sectorSize)
    const nextTrack = alignDown(sectors, track) + track
    sectors = Math.min(nextTrack, thresholds.find((threshold) => threshold > sectors) ?? nextTrack)
  }
  return undefined
}

/**
 * A width that stays (the given one, or FAT32, which large volumes have) has too many of its largest or only clusters, and
 * more sectors will not help: where a FAT grows by a step, at most as many clusters are lost as there are FATs.
 */
function isHopeless({ width, clusters }: GeometryRefusal, request: Omit<GeometryRequest, 'sizeBytes'>): boolean {
  return (request.width !== undefined || width === 32) && clusters > CLUSTER_LIMITS[width][1] + SAFE_MARGIN_CLUSTERS
}

/** The least over all cluster sizes and widths that the request leaves open. */
function leastBytes({ sectorSize, width, clusterSectors }: Omit<GeometryRequest, 'sizeBytes'>, demand: Demand): number {
  let least = Number.POSITIVE_INFINITY
  for (let sectors = clusterSectors ?? 1; sectors <= (clusterSectors ?? MAX_CLUSTER_SECTORS); sectors *= 2) {
    // Without a width, FAT12/16 count: their root takes no clusters.
    least = Math.min(least, demand.leastBytes(sectors * sectorSize, width ?? 16))
  }
  return least
}
