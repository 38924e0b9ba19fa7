/** Which clusters hold what: every directory and every file in one piece, directories first, no gap. */
import { ceilDivide } from '../../bytes/align.js'
import { type FatWidth, FIRST_CLUSTER, SLOT_BYTES } from './disklayout.js'
import type { FatDirectory, FatPayload } from './payload.js'

/** Which root directory a volume has: FAT32's lies in clusters. */
export interface RootPlacement {
  readonly width: FatWidth
  /** 1 where the root begins with the volume's label. */
  readonly labelSlots: number
}

/** First clusters by `index`; 0 = has none (an empty file, or the root of FAT12/16). */
export interface Allocation {
  readonly directories: Float64Array
  readonly files: Float64Array
  readonly usedClusters: number
}

/** Slots of a directory on the disk. */
export function slotsOf(directory: FatDirectory, { labelSlots }: RootPlacement): number {
  return directory.parent === undefined ? directory.slots + labelSlots : directory.slots
}

/** Clusters of a directory; FAT32's root has one even when empty. */
export function directoryClusters(directory: FatDirectory, clusterBytes: number, root: RootPlacement): number {
  if (directory.parent === undefined && root.width !== 32) return 0
  return Math.max(1, ceilDivide(slotsOf(directory, root) * SLOT_BYTES, clusterBytes))
}

/** Clusters that the payload needs at this cluster size. */
export function countClusters(payload: FatPayload, clusterBytes: number, root: RootPlacement): number {
  let clusters = 0
  for (const directory of payload.directories) clusters += directoryClusters(directory, clusterBytes, root)
  for (const { node } of payload.files) clusters += ceilDivide(node.content.sizeBytes, clusterBytes)
  return clusters
}

export function allocate(payload: FatPayload, clusterBytes: number, root: RootPlacement): Allocation {
  const directories = new Float64Array(payload.directories.length)
  const files = new Float64Array(payload.files.length)
  let next = FIRST_CLUSTER
  for (const directory of payload.directories) {
    const count = directoryClusters(directory, clusterBytes, root)
    directories[directory.index] = count === 0 ? 0 : next
    next += count
  }
  for (const { index, node } of payload.files) {
    const count = ceilDivide(node.content.sizeBytes, clusterBytes)
    files[index] = count === 0 ? 0 : next
    next += count
  }
  return { directories, files, usedClusters: next - FIRST_CLUSTER }
}
