import type { PlannedPartition } from './disk-plan.js'

/** Pairs of facts whose product is the free space of a volume, in the words of each format. */
const FREE_FACTS = [
  ['free_blocks', 'block_size'],
  ['free_clusters', 'cluster_size'],
] as const

/** Free space inside the partition, where somebody can tell: the volume, or for a raw file the rest behind it. */
export function freeBytes({ volume, payload, payloadBytes, startByte, endByte }: PlannedPartition): number | undefined {
  if (payload === 'raw') return endByte - startByte - payloadBytes
  for (const [count, unit] of FREE_FACTS) {
    const units = volume?.facts[count]
    const unitBytes = volume?.facts[unit]
    if (typeof units === 'number' && typeof unitBytes === 'number') return units * unitBytes
  }
  return undefined
}
