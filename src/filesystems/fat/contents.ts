/** What a FAT volume is to hold, checked once, and whether a geometry has room for it. */
import type { FileTree, Timestamp } from '../../tree/file-tree.js'
import type { VolumeEnvironment } from '../volume.js'
import { countClusters, type RootPlacement, slotsOf } from './allocation.js'
import { type FatGeometry, isRefusal, planGeometry } from './geometry.js'
import type { FatFormatOptions } from './options.js'
import { type FatPayload, planPayload } from './payload.js'
import { checkSettings, type FatSettings } from './settings.js'

/** What is to be written, before a size is known. */
export interface FatContents {
  readonly settings: FatSettings
  readonly payload: FatPayload
  readonly volumeTime: Timestamp
}

/** Throws a FormatError with all that FAT cannot hold. */
export function planContents(tree: FileTree, options: FatFormatOptions, environment: VolumeEnvironment): FatContents {
  const settings = checkSettings(options, environment)
  const payload = planPayload(tree, { lossy: options.lossy ?? false, order: options.order ?? [] })
  return { settings, payload, volumeTime: environment.time }
}

/** Whether `planFat` accepts this size, without the explanation. */
export function fitsIn({ settings, payload }: FatContents, sizeBytes: number): boolean {
  const geometry = planGeometry({ ...settings.geometry, sizeBytes })
  return !isRefusal(geometry) && findMisfit(geometry, rootPlacement(geometry, settings), payload) === undefined
}

export function rootPlacement({ width }: Pick<FatGeometry, 'width'>, { label }: FatSettings): RootPlacement {
  return { width, labelSlots: label === undefined ? 0 : 1 }
}

export interface Misfit {
  readonly what: 'root slots' | 'clusters'
  readonly needed: number
  readonly available: number
}

export function findMisfit(geometry: FatGeometry, root: RootPlacement, payload: FatPayload): Misfit | undefined {
  const rootSlots = slotsOf(payload.directories[0]!, root)
  if (geometry.width !== 32 && rootSlots > geometry.rootEntries) {
    return { what: 'root slots', needed: rootSlots, available: geometry.rootEntries }
  }
  const needed = countClusters(payload, geometry.clusterBytes, root)
  return needed > geometry.clusters ? { what: 'clusters', needed, available: geometry.clusters } : undefined
}
