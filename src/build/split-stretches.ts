/** `split`: which stretches of the disk become files, and what these are called. */
import { extentsWithin } from '../image/compose.js'
import { type DiskImage, extentEnd } from '../image/extent.js'
import type { DiskPlan, PlannedPartition } from '../layout/disk-plan.js'

export interface NamedStretch {
  readonly name: string
  /** [start, end) of the disk, in bytes. */
  readonly start: number
  readonly end: number
}

/** What no shell, no file system and no URL minds. */
const UNSAFE = /[^A-Za-z0-9._-]/g

/**
 * The table from the disk's first byte to the end of its entries (what `fastboot flash gpt` and `dd` take), then every
 * partition and blob: a volume whole, a raw file to its last specified byte. The backup GPT has no file: whoever writes the
 * primary one writes the backup to the end of the medium at hand.
 */
export function splitStretches(plan: DiskPlan, image: DiskImage, prefix: string): NamedStretch[] {
  const stretches: NamedStretch[] = []
  const tableEnd = primaryTableEnd(plan)
  if (tableEnd > 0) stretches.push({ name: `${prefix}.table.img`, start: 0, end: tableEnd })
  for (const partition of plan.partitions) {
    const { startByte: start } = partition
    const end = partition.payload === 'raw' ? specifiedEnd(image, partition) : partition.endByte
    if (end > start) stretches.push({ name: `${prefix}.${partitionWord(partition)}.img`, start, end })
  }
  return stretches
}

/** Boot blobs may stand within the primary table's stretch, which is one piece all the same. */
function primaryTableEnd({ regions, usable }: DiskPlan): number {
  return Math.max(
    0,
    ...regions.flatMap(({ kind, endByte }) => (kind === 'table' && endByte <= usable.startByte ? [endByte] : [])),
  )
}

function specifiedEnd(image: DiskImage, { startByte, endByte }: PlannedPartition): number {
  let end = startByte
  for (const extent of extentsWithin(image, startByte, endByte)) end = extentEnd(extent)
  return end
}

/** `p2-rootfs`, `blob0-spl`: the number of the table, or of the config's list where there is none. */
function partitionWord({ number, index, name, payload }: PlannedPartition): string {
  const word = number === undefined ? `${payload === 'raw' ? 'blob' : 'part'}${index}` : `p${number}`
  return name === '' ? word : `${word}-${name.replace(UNSAFE, '_')}`
}
