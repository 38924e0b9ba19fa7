/** exFAT: what SDXC cards come with. Every free choice stands in docs/OUTPUT.md, "exFAT". */

import type { VolumeFormat } from '../volume.js'
import { volumeIdText } from '../volume-id.js'
import { encodeExfat } from './encode.js'
import type { ExfatFormatOptions } from './option-table.js'
import { type ExfatPlan, planContents, planExfat, smallestExfatBytes } from './plan.js'

export const exfatFormat: VolumeFormat<ExfatFormatOptions> = {
  plan(tree, sizeBytes, options, environment) {
    const plan = planExfat(planContents(tree, options, environment), sizeBytes)
    return {
      format: 'exfat',
      sizeBytes: plan.geometry.volumeBytes,
      facts: factsOf(plan),
      warnings: plan.warnings,
      encode: () => encodeExfat(plan, sizeBytes),
    }
  },

  smallestSizeBytes(tree, options, environment, free) {
    return smallestExfatBytes(planContents(tree, options, environment), free)
  },
}

function factsOf({ geometry, usedClusters, label, volumeId }: ExfatPlan): Record<string, string | number> {
  return {
    cluster_size: geometry.clusterBytes,
    clusters: geometry.clusters,
    free_clusters: geometry.clusters - usedClusters,
    alignment: geometry.alignmentBytes,
    fat_offset: geometry.fatOffsetBytes,
    cluster_heap_offset: geometry.heapOffsetBytes,
    label,
    volume_id: volumeIdText(volumeId),
  }
}
