/**
 * FAT12, FAT16 and FAT32 with long names. What each option means and every free choice: docs/OUTPUT.md, "FAT".
 * The bytes are described in disklayout.ts, the decisions are made in plan.ts.
 */

import type { VolumeFormat } from '../volume.js'
import { volumeIdText } from '../volume-id.js'
import { planContents } from './contents.js'
import { encodeFat } from './encode.js'
import type { FatFormatOptions } from './options.js'
import { chooseSmallestFat, type FatPlan, planFat, smallestFatBytes } from './plan.js'

export type { FatFormatOptions } from './options.js'

export const fatFormat: VolumeFormat<FatFormatOptions> = {
  plan(tree, sizeBytes, options, environment) {
    const plan = planFat(planContents(tree, options, environment), sizeBytes)
    const { geometry, warnings } = plan
    return {
      format: `fat${geometry.width}`,
      sizeBytes: geometry.totalSectors * geometry.sectorSize,
      facts: factsOf(plan),
      warnings,
      encode: () => encodeFat(plan, sizeBytes),
    }
  },

  smallestSizeBytes(tree, options, environment, free) {
    return smallestFatBytes(planContents(tree, options, environment), free)
  },

  chooseSmallest(tree, options, environment, request) {
    return chooseSmallestFat(planContents(tree, options, environment), request)
  },
}

function factsOf({ geometry, settings, allocation }: FatPlan): Record<string, string | number> {
  return {
    fat_type: `fat${geometry.width}`,
    cluster_size: geometry.clusterBytes,
    clusters: geometry.clusters,
    free_clusters: geometry.clusters - allocation.usedClusters,
    reserved_sectors: geometry.reservedSectors,
    fats: geometry.fats,
    sectors_per_fat: geometry.fatSectors,
    root_entries: geometry.rootEntries,
    label: settings.label ?? '',
    volume_id: volumeIdText(settings.volumeId),
  }
}
