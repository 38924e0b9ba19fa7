/**
 * Searches the smallest volume for a payload, with the options as they are given or over all that they leave open: the
 * width of the FAT's entries, the size of a cluster, the slots of the root directory. Copies of the FAT and reserved
 * sectors are not traded for size, since they are there for safety.
 */
import { alignUp } from '../../bytes/align.js'
import { type FreeSpace, freeBytesIn, NO_FREE_SPACE, type SmallestRequest } from '../volume.js'
import { countClusters, type RootPlacement, slotsOf } from './allocation.js'
import { type FatContents, rootPlacement } from './contents.js'
import { type FatWidth, SLOT_BYTES } from './disklayout.js'
import {
  CLUSTER_LIMITS,
  DEFAULT_FATS,
  DEFAULT_ROOT_ENTRIES,
  type FatGeometry,
  type GeometryRequest,
  isRefusal,
  MAX_CLUSTER_SECTORS,
  planGeometry,
} from './geometry.js'
import type { FatFormatOptions } from './options.js'
import { findSmallest } from './smallest-size.js'
import { isReadByAll, USUAL_CLUSTER_BYTES } from './warnings.js'

export interface SmallestFat {
  readonly sizeBytes: number
  /** What was chosen of the open options; empty where mkfs.fat's choice for the size is as small. */
  readonly options: OpenOptions
}

export type OpenOptions = Partial<Pick<FatFormatOptions, 'type' | 'cluster_size' | 'root_entries'>>

type OpenRequest = Omit<GeometryRequest, 'sizeBytes'>

const WIDTHS: readonly FatWidth[] = [12, 16, 32]
/** BPB_RootEntCnt would hold twice as many, but the options do not, as mkfs.fat. */
const MOST_ROOT_ENTRIES = 32_768
/** With room asked for, so many of the root's slots are free at least, as a share of those in use. */
const SPARE_ROOT_SHARE = 1 / 8

export class SmallestSearch {
  readonly #contents: FatContents
  readonly #free: FreeSpace
  readonly #grainBytes: number
  /** Clusters that the payload takes, by cluster size and kind of root. */
  readonly #needs = new Map<string, number>()

  constructor(contents: FatContents, { free = NO_FREE_SPACE, grainBytes }: Partial<SmallestRequest> = {}) {
    this.#contents = contents
    this.#free = free
    this.#grainBytes = grainBytes ?? contents.settings.geometry.sectorSize
  }

  /** Returns the smallest size with mkfs.fat's choice for all that is open; undefined where there is none. */
  asGiven(): number | undefined {
    return this.#smallest(this.#given, (geometry) => this.#holds(geometry, this.#slotsIn(geometry)))
  }

  /**
   * Returns the smallest volume over everything that is open. A geometry that some readers take for another one is chosen
   * only where there is no other. Of equal sizes mkfs.fat's choice comes first, then the smallest clusters, which
   * leave most of the rest to use.
   */
  overOpen(): SmallestFat | undefined {
    return this.#overOpen({ isStrict: true }) ?? this.#overOpen({ isStrict: false })
  }

  /** Returns the open options with which the payload fits `sizeBytes`, the largest clusters first; undefined where none do. */
  optionsFor(sizeBytes: number): OpenOptions | undefined {
    const requests = [...this.#openRequests()].sort((a, b) => b.clusterSectors! - a.clusterSectors!)
    for (const isWanted of [isReadByAll, () => true]) {
      for (const request of requests) {
        const geometry = planGeometry({ ...request, sizeBytes })
        if (!isRefusal(geometry) && isWanted(geometry) && this.#suits(geometry)) return this.#optionsOf(request)
      }
    }
    return undefined
  }

  /** Slots of the root directory: those that the payload takes, and what the options fix for FAT12 and FAT16. */
  get rootSlots(): { readonly needed: number; readonly fixed: number | undefined } {
    const { rootEntries } = this.#given
    const fixed = rootEntries === undefined ? undefined : this.#wholeSectors(rootEntries)
    return { needed: this.#slotsIn({ width: 16 }), fixed }
  }

  get #given(): OpenRequest {
    return this.#contents.settings.geometry
  }

  #overOpen({ isStrict }: { readonly isStrict: boolean }): SmallestFat | undefined {
    const accepts = (geometry: FatGeometry): boolean => (!isStrict || isReadByAll(geometry)) && this.#suits(geometry)
    let best: { readonly sizeBytes: number; readonly request: OpenRequest } | undefined
    for (const request of this.#openRequests()) {
      if (isStrict && request.clusterSectors! * request.sectorSize > USUAL_CLUSTER_BYTES) continue
      const sizeBytes = this.#smallest(request, accepts, best?.sizeBytes)
      if (sizeBytes !== undefined) best = { sizeBytes, request }
    }
    if (best === undefined) return undefined
    const { sizeBytes, request } = best
    const usual = planGeometry({ ...this.#given, sizeBytes })
    const options = !isRefusal(usual) && accepts(usual) ? {} : this.#optionsOf(request)
    return { sizeBytes, options }
  }

  /** Every request that differs in what the options leave open; small clusters first, which mostly give the least size soon. */
  *#openRequests(): Generator<OpenRequest> {
    const given = this.#given
    for (const width of given.width === undefined ? WIDTHS : [given.width]) {
      for (let clusterSectors = 1; clusterSectors <= MAX_CLUSTER_SECTORS; clusterSectors *= 2) {
        if (given.clusterSectors !== undefined && given.clusterSectors !== clusterSectors) continue
        for (const rootEntries of this.#rootEntries(width, clusterSectors)) {
          yield { ...given, width, clusterSectors, ...(rootEntries !== undefined && { rootEntries }) }
        }
      }
    }
  }

  /**
   * The fewest slots, and a few more: a root that is longer by less than one step of all FATs may make the FATs shorter by
   * that step, and so leave room for one more cluster.
   */
  #rootEntries(width: FatWidth, clusterSectors: number): readonly (number | undefined)[] {
    const { rootEntries, sectorSize, fats = DEFAULT_FATS } = this.#given
    if (width === 32 || rootEntries !== undefined) return [rootEntries]
    const fewest = this.#rootEntriesAtLeast(width)
    const counts = new Set<number>()
    for (const stepSectors of [1, clusterSectors]) {
      for (let steps = 0; steps < fats; steps++) {
        counts.add(fewest + (steps * stepSectors * sectorSize) / SLOT_BYTES)
      }
    }
    return [...counts].filter((count) => count <= MOST_ROOT_ENTRIES)
  }

  /** In whole sectors. Who asks for room wants to add names, too: mkfs.fat's number at least, and some beside those in use. */
  #rootEntriesAtLeast(width: FatWidth): number {
    const slots = this.#slotsIn({ width })
    const free = this.#free
    const asksRoom = free.kind === 'bytes' ? free.bytes > 0 : free.percent > 0
    if (!asksRoom) return this.#wholeSectors(Math.max(1, slots))
    const roomy = this.#wholeSectors(Math.max(DEFAULT_ROOT_ENTRIES, Math.ceil(slots * (1 + SPARE_ROOT_SHARE))))
    return Math.max(this.#wholeSectors(slots), Math.min(roomy, MOST_ROOT_ENTRIES))
  }

  #wholeSectors(rootEntries: number): number {
    return alignUp(rootEntries, this.#given.sectorSize / SLOT_BYTES)
  }

  #slotsIn(geometry: Pick<FatGeometry, 'width'>): number {
    const { payload, settings } = this.#contents
    return slotsOf(payload.directories[0]!, rootPlacement(geometry, settings))
  }

  #optionsOf({ width, clusterSectors, rootEntries }: OpenRequest): OpenOptions {
    const given = this.#given
    return {
      ...(given.width === undefined && { type: `fat${width!}` }),
      ...(given.clusterSectors === undefined && { cluster_size: clusterSectors! * given.sectorSize }),
      ...(given.rootEntries === undefined && width !== 32 && { root_entries: rootEntries! }),
    }
  }

  /** Whether an open choice may be this geometry: FAT32 that is not asked for has as many clusters as make it FAT32. */
  #suits(geometry: FatGeometry): boolean {
    const { width, clusters } = geometry
    const isOpen = this.#given.width === undefined
    if (isOpen && clusters < CLUSTER_LIMITS[width][0]) return false
    const { fixed, needed } = this.rootSlots
    // A fixed root that is too short is refused by name, not avoided by a volume that is many times as large.
    if (isOpen && width === 32 && fixed !== undefined && needed > fixed) return false
    return this.#holds(geometry, fixed === undefined ? this.#rootEntriesAtLeast(width) : needed)
  }

  #holds(geometry: FatGeometry, rootSlots: number): boolean {
    if (geometry.width !== 32 && rootSlots > geometry.rootEntries) return false
    const root = rootPlacement(geometry, this.#contents.settings)
    const left = geometry.clusters - this.#needOf(geometry.clusterBytes, root)
    const volumeBytes = geometry.totalSectors * geometry.sectorSize
    return left >= 0 && left * geometry.clusterBytes >= freeBytesIn(volumeBytes, this.#free)
  }

  #smallest(
    request: OpenRequest,
    accepts: (geometry: FatGeometry) => boolean,
    belowBytes?: number,
  ): number | undefined {
    return findSmallest(request, {
      leastBytes: (clusterBytes, width) => {
        const need = this.#needOf(clusterBytes, { width, labelSlots: 0 }) * clusterBytes
        return need + freeBytesIn(need, this.#free)
      },
      accepts,
      grainBytes: this.#grainBytes,
      ...(belowBytes !== undefined && { belowBytes }),
    })
  }

  #needOf(clusterBytes: number, root: RootPlacement): number {
    const key = `${clusterBytes} ${root.width === 32} ${root.labelSlots}`
    let need = this.#needs.get(key)
    if (need === undefined) {
      need = countClusters(this.#contents.payload, clusterBytes, root)
      this.#needs.set(key, need)
    }
    return need
  }
}
