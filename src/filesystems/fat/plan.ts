/** Every decision about a volume: settings, payload, geometry, allocation; and whether they go together. */
import { alignUp } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { LayoutError, type Problem, type Warning } from '../../errors.js'
import type { FileTree, Timestamp } from '../../tree/file-tree.js'
import { countOf, formatCount } from '../path-list.js'
import { type FreeSpace, freeBytesIn, freeSpaceText, NO_FREE_SPACE, type VolumeEnvironment } from '../volume.js'
import { type Allocation, allocate, countClusters, type RootPlacement, slotsOf } from './allocation.js'
import { FILE_SYSTEM_TYPE, SLOT_BYTES } from './disklayout.js'
import {
  CLUSTER_LIMITS,
  DEFAULT_ROOT_ENTRIES,
  type FatGeometry,
  type GeometryRefusal,
  type GeometryRequest,
  isRefusal,
  largestVolumeBytes,
  MAX_CLUSTER_SECTORS,
  planGeometry,
} from './geometry.js'
import { largestFilesText } from './largest-files.js'
import type { FatFormatOptions } from './options.js'
import { type FatPayload, planPayload } from './payload.js'
import { checkSettings, type FatSettings } from './settings.js'
import { findSmallest } from './smallest-size.js'
import { geometryWarnings } from './warnings.js'

/** What is to be written, before a size is known. */
export interface FatContents {
  readonly settings: FatSettings
  readonly payload: FatPayload
  readonly volumeTime: Timestamp
}

export interface FatPlan extends FatContents {
  readonly geometry: FatGeometry
  readonly root: RootPlacement
  readonly allocation: Allocation
  readonly warnings: readonly Warning[]
}

/** Throws a FormatError with all that FAT cannot hold. */
export function planContents(tree: FileTree, options: FatFormatOptions, environment: VolumeEnvironment): FatContents {
  const settings = checkSettings(options, environment)
  const payload = planPayload(tree, { lossy: options.lossy ?? false, order: options.order ?? [] })
  return { settings, payload, volumeTime: environment.time }
}

/** Throws a LayoutError where `contents` and a volume of `sizeBytes` do not go together. */
export function planFat(contents: FatContents, sizeBytes: number): FatPlan {
  const { settings, payload } = contents
  const request: GeometryRequest = { ...settings.geometry, sizeBytes }
  const geometry = planGeometry(request)
  if (isRefusal(geometry)) throw new LayoutError(explainRefusal(geometry, request, contents))
  const root = rootPlacement(geometry, settings)
  const misfit = findMisfit(geometry, root, payload)
  if (misfit !== undefined) throw new LayoutError(explainMisfit(misfit, geometry, contents, sizeBytes))
  return {
    ...contents,
    geometry,
    root,
    allocation: allocate(payload, geometry.clusterBytes, root),
    warnings: [...settings.warnings, ...payload.warnings, ...geometryWarnings(geometry)],
  }
}

/** Whether `planFat` accepts this size, without the explanation. */
export function fitsIn({ settings, payload }: FatContents, sizeBytes: number): boolean {
  const geometry = planGeometry({ ...settings.geometry, sizeBytes })
  return !isRefusal(geometry) && findMisfit(geometry, rootPlacement(geometry, settings), payload) === undefined
}

function rootPlacement({ width }: FatGeometry, { label }: FatSettings): RootPlacement {
  return { width, labelSlots: label === undefined ? 0 : 1 }
}

interface Misfit {
  readonly what: 'root slots' | 'clusters'
  readonly needed: number
  readonly available: number
}

function findMisfit(geometry: FatGeometry, root: RootPlacement, payload: FatPayload): Misfit | undefined {
  const rootSlots = slotsOf(payload.directories[0]!, root)
  if (geometry.width !== 32 && rootSlots > geometry.rootEntries) {
    return { what: 'root slots', needed: rootSlots, available: geometry.rootEntries }
  }
  const needed = countClusters(payload, geometry.clusterBytes, root)
  return needed > geometry.clusters ? { what: 'clusters', needed, available: geometry.clusters } : undefined
}

function explainMisfit(
  { what, needed, available }: Misfit,
  geometry: FatGeometry,
  contents: FatContents,
  sizeBytes: number,
): Problem {
  const volume = `${FILE_SYSTEM_TYPE[geometry.width]} of ${formatSize(sizeBytes)}`
  if (what === 'root slots') return explainRootSlots(`into ${volume}`, needed, available)
  const { clusterBytes } = geometry
  return withSmallestSize(contents, {
    message: `Cannot fit the payload into ${volume}: needs ${formatCount(needed * clusterBytes)} bytes (${countOf(needed, 'cluster')} of ${formatSize(clusterBytes)}), available are ${formatCount(available * clusterBytes)} bytes (${countOf(available, 'cluster')})${largestFilesText(contents.payload)}`,
  })
}

function explainRefusal(refusal: GeometryRefusal, request: GeometryRequest, contents: FatContents): Problem {
  const type = request.width === undefined ? 'FAT' : FILE_SYSTEM_TYPE[request.width]
  const what = `Cannot format ${type} in ${formatSize(request.sizeBytes)}`
  const clusters = `${countOf(refusal.clusters, 'cluster')} of ${formatSize(refusal.clusterSectors * request.sectorSize)}`
  switch (refusal.reason) {
    case 'reserved-sectors':
      return {
        message: `${what}: its reserved sectors, rounded up to clusters of ${refusal.clusterSectors} sectors, exceed 65,535`,
        hint: 'Choose fewer reserved_sectors or a smaller cluster_size',
      }
    case 'too-little-data':
      return withSmallestSize(contents, { message: `${what}: less than 32 KiB are left for data, accepted are 32 KiB` })
    case 'too-small':
    case 'too-large': {
      const most = CLUSTER_LIMITS[refusal.width][1]
      const fewest = request.width === 32 ? 1 : CLUSTER_LIMITS[refusal.width][0]
      const message = `${what}: gives ${clusters}, accepted for ${FILE_SYSTEM_TYPE[refusal.width]} are ${formatCount(fewest)} to ${formatCount(most)}`
      if (refusal.reason === 'too-small') return withSmallestSize(contents, { message })
      return { message, hint: 'A larger cluster_size or another type (fs: fat32) holds more' }
    }
  }
}

/** Adds the smallest size that would do, where there is one. */
function withSmallestSize(contents: FatContents, problem: Problem): Problem {
  const sizeBytes = searchSmallest(contents)
  if (sizeBytes === undefined) return problem
  return {
    ...problem,
    hint: `The smallest volume that holds it has ${formatCount(sizeBytes)} bytes (${formatSize(sizeBytes)})`,
  }
}

/** The smallest size in whole sectors that `planFat` accepts, with `free` in clusters left. Throws a LayoutError where none is. */
export function smallestFatBytes(contents: FatContents, free: FreeSpace = NO_FREE_SPACE): number {
  const sizeBytes = searchSmallest(contents, free)
  if (sizeBytes !== undefined) return sizeBytes
  if (searchSmallest(contents) === undefined) throw new LayoutError(explainNoSize(contents))
  throw new LayoutError({
    message: `Cannot fit the payload with ${freeSpaceText(free)} free into FAT of any size: at most ${formatSize(largestVolumeBytes(contents.settings.geometry.sectorSize))}, and fewer of small clusters or of FAT12 and FAT16`,
    hint: 'A larger cluster_size or another type (fs: fat32) holds more',
  })
}

function searchSmallest({ settings, payload }: FatContents, free: FreeSpace = NO_FREE_SPACE): number | undefined {
  const needs = new Map<string, number>()
  const needOf = (clusterBytes: number, root: RootPlacement): number => {
    const key = `${clusterBytes} ${root.width === 32}`
    let need = needs.get(key)
    if (need === undefined) {
      need = countClusters(payload, clusterBytes, root)
      needs.set(key, need)
    }
    return need
  }
  return findSmallest(settings.geometry, {
    leastBytes: (clusterBytes, width) => {
      const need = needOf(clusterBytes, { width, labelSlots: 0 }) * clusterBytes
      return need + freeBytesIn(need, free)
    },
    accepts: (geometry) => {
      const root = rootPlacement(geometry, settings)
      const rootFits = geometry.width === 32 || slotsOf(payload.directories[0]!, root) <= geometry.rootEntries
      const left = geometry.clusters - needOf(geometry.clusterBytes, root)
      const volumeBytes = geometry.totalSectors * geometry.sectorSize
      return rootFits && left >= 0 && left * geometry.clusterBytes >= freeBytesIn(volumeBytes, free)
    },
  })
}

/** The largest cluster size says the most that a volume of this kind holds. */
function explainNoSize({ settings, payload }: FatContents): Problem {
  const { sectorSize, width = 32, clusterSectors = MAX_CLUSTER_SECTORS, rootEntries } = settings.geometry
  const root: RootPlacement = { width, labelSlots: settings.label === undefined ? 0 : 1 }
  const what = `into ${FILE_SYSTEM_TYPE[width]} of any size`
  const rootSlots = slotsOf(payload.directories[0]!, root)
  const clusterBytes = clusterSectors * sectorSize
  // Alignment rounds the root up to whole clusters.
  const mostSlots = alignUp((rootEntries ?? DEFAULT_ROOT_ENTRIES) * SLOT_BYTES, clusterBytes) / SLOT_BYTES
  if (width !== 32 && rootSlots > mostSlots) return explainRootSlots(what, rootSlots, mostSlots)
  const needed = countClusters(payload, clusterBytes, root)
  return {
    message: `Cannot fit the payload ${what}: needs ${formatCount(needed * clusterBytes)} bytes (${countOf(needed, 'cluster')} of ${formatSize(clusterBytes)}), at most ${countOf(CLUSTER_LIMITS[width][1], 'cluster')} in ${formatSize(largestVolumeBytes(sectorSize))}`,
    hint: 'A larger cluster_size or another type (fs: fat32) holds more',
  }
}

function explainRootSlots(what: string, needed: number, available: number): Problem {
  return {
    message: `Cannot fit the root folder ${what}: needs ${countOf(needed, 'slot')}, available are ${formatCount(available)}`,
    hint: `options: {root_entries: ${needed}} makes room; in FAT32 (fs: fat32) the root has no such limit`,
  }
}
