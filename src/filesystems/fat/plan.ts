/** Every decision about a volume: settings, payload, geometry, allocation; and whether they go together. */
import { alignUp } from '../../bytes/align.js'
import { formatSize } from '../../bytes/format-size.js'
import { LayoutError, type Problem, type Warning } from '../../errors.js'
import { countOf, formatCount } from '../path-list.js'
import { type FreeSpace, freeSpaceText, NO_FREE_SPACE, type SmallestRequest } from '../volume.js'
import { type Allocation, allocate, countClusters, type RootPlacement, slotsOf } from './allocation.js'
import { type FatContents, findMisfit, type Misfit, rootPlacement } from './contents.js'
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
import { type OpenOptions, type SmallestFat, SmallestSearch } from './smallest-search.js'
import { geometryWarnings } from './warnings.js'

const ROOT_ENTRIES_PATH = ['options', 'root_entries'] as const

export interface FatPlan extends FatContents {
  readonly geometry: FatGeometry
  readonly root: RootPlacement
  readonly allocation: Allocation
  readonly warnings: readonly Warning[]
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

function explainMisfit(
  { what, needed, available }: Misfit,
  geometry: FatGeometry,
  contents: FatContents,
  sizeBytes: number,
): Problem {
  const volume = `${FILE_SYSTEM_TYPE[geometry.width]} of ${formatSize(sizeBytes)}`
  if (what === 'root slots') return explainRootSlots(`into ${volume}`, needed, available)
  const { clusterBytes } = geometry
  return withWaysOut(contents, sizeBytes, {
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
      return withWaysOut(contents, request.sizeBytes, {
        message: `${what}: less than 32 KiB are left for data, accepted are 32 KiB`,
      })
    case 'too-small':
    case 'too-large': {
      const most = CLUSTER_LIMITS[refusal.width][1]
      const fewest = request.width === 32 ? 1 : CLUSTER_LIMITS[refusal.width][0]
      const message = `${what}: gives ${clusters}, accepted for ${FILE_SYSTEM_TYPE[refusal.width]} are ${formatCount(fewest)} to ${formatCount(most)}`
      return withWaysOut(contents, request.sizeBytes, {
        message,
        ...(refusal.reason === 'too-large' && { hint: 'A larger cluster_size or another type (fs: fat32) holds more' }),
      })
    }
  }
}

/** Adds the options with which the given size would do, and the smallest size with the options as they are. */
function withWaysOut(contents: FatContents, givenBytes: number, problem: Problem): Problem {
  const options = new SmallestSearch(contents).optionsFor(givenBytes)
  const sizeBytes = new SmallestSearch(contents).asGiven()
  const hints = [
    ...(options === undefined ? [] : [`${optionsText(options)} makes it fit ${formatSize(givenBytes)}`]),
    ...(sizeBytes === undefined || sizeBytes <= givenBytes
      ? []
      : [`The smallest volume that holds it has ${formatCount(sizeBytes)} bytes (${formatSize(sizeBytes)})`]),
    ...(problem.hint === undefined ? [] : [problem.hint]),
  ]
  return hints.length === 0 ? problem : { ...problem, hint: hints.join('; ') }
}

/** `fs: fat16, options: { cluster_size: 4096 }` */
function optionsText({ type, ...options }: OpenOptions): string {
  const entries = Object.entries(options).map(([key, value]) => `${key}: ${value}`)
  const parts = [
    ...(type === undefined ? [] : [`fs: ${type}`]),
    ...(entries.length === 0 ? [] : [`options: { ${entries.join(', ')} }`]),
  ]
  return parts.join(', ')
}

/**
 * Returns the smallest size in whole sectors that `planFat` accepts with the options as they are given, with `free` in
 * clusters left. Throws a LayoutError where there is none.
 */
export function smallestFatBytes(contents: FatContents, free: FreeSpace = NO_FREE_SPACE): number {
  return new SmallestSearch(contents, { free }).asGiven() ?? refuseEverySize(contents, free)
}

/**
 * Returns the smallest size over all that the options leave open (width, cluster size, slots of the root), and the
 * geometry that has it. Throws a LayoutError where there is none.
 */
export function chooseSmallestFat(contents: FatContents, asked: SmallestRequest): SmallestFat {
  const search = new SmallestSearch(contents, asked)
  const { fixed, needed } = search.rootSlots
  if (contents.settings.geometry.width !== 32 && fixed !== undefined && needed > fixed) {
    // FAT32 has no such limit, but 33 MiB at least: one name too many must not multiply the volume.
    throw new LayoutError({ ...explainRootSlots('with `size: auto`', needed, fixed), path: ROOT_ENTRIES_PATH })
  }
  return search.overOpen() ?? refuseEverySize(contents, asked.free)
}

function refuseEverySize(contents: FatContents, free: FreeSpace): never {
  if (new SmallestSearch(contents).asGiven() === undefined) throw new LayoutError(explainNoSize(contents))
  throw new LayoutError({
    message: `Cannot fit the payload with ${freeSpaceText(free)} free into FAT of any size: at most ${formatSize(largestVolumeBytes(contents.settings.geometry.sectorSize))}, and fewer of small clusters or of FAT12 and FAT16`,
    hint: 'A larger cluster_size or another type (fs: fat32) holds more',
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
