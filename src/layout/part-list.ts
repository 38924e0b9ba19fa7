/**
 * PartList.cfg: what the original job shipped beside its image, for the board's own partitioning.
 * One line for each partition of the table: `name first last fs`, sectors as plain numbers, the last one inclusive.
 */
import type { DiskPlan } from './disk-plan.js'

/** The text, in the table's order. (140 bytes for the original job, as its log says: sector numbers bear no `s`.) */
export function partListText({ partitions, sectorSize }: DiskPlan): string {
  return partitions
    .filter(({ number }) => number !== undefined)
    .sort((a, b) => a.number! - b.number!)
    .map(({ name, startByte, endByte, fs }) => `${name} ${startByte / sectorSize} ${endByte / sectorSize - 1} ${fs}\n`)
    .join('')
}
