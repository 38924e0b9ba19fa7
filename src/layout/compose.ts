/** The whole disk as a value: the table's sectors, and over them what each partition and blob holds. */
import { divideExactly } from '../bytes/align.js'
import { ERASED } from '../bytes/erased.js'
import { invariant } from '../errors.js'
import { overlayImages } from '../image/compose.js'
import { type DiskImage, ImageBuilder, imageOfFill } from '../image/extent.js'
import { gptGeometry } from '../tables/gpt/geometry.js'
import { encodeGpt, type GptPartition } from '../tables/gpt/writer.js'
import { encodeMbr, type LogicalPartition, type MbrPartition } from '../tables/mbr/writer.js'
import type { DiskDecisions } from './disk-plan.js'
import { gptOptions } from './table-frame.js'

/** `contentOf`: what stands in the partition of that index in the spec, of the partition's size. */
export function composeDisk(plan: DiskDecisions, contentOf: (index: number) => DiskImage): DiskImage {
  const contents = new ImageBuilder(plan.sizeBytes)
  for (const { index, startByte } of plan.partitions) contents.image(startByte, contentOf(index))
  // Overlaid, because a blob of boot code lies over the table's first sector; the rest never meets.
  return overlayImages(encodeTable(plan), contents.finish())
}

function encodeTable(plan: DiskDecisions): DiskImage {
  switch (plan.table) {
    case 'gpt':
      return encodeGpt(gptGeometry(plan.sizeBytes, gptOptions(plan.spec)), plan.diskGuid!, gptPartitions(plan))
    case 'mbr':
      return overlayImages(withoutOldGpt(plan), encodeMbrOf(plan))
    case 'mtd':
      return imageOfFill(plan.sizeBytes, ERASED)
    case 'none':
      return new ImageBuilder(plan.sizeBytes).finish()
  }
}

function gptPartitions({ partitions, sectorSize }: DiskDecisions): GptPartition[] {
  return partitions.flatMap(({ number, type, uuid, startByte, endByte, attributes, name }) => {
    if (number === undefined) return []
    invariant(type?.table === 'gpt' && uuid !== undefined, `partition ${number} has a GPT type and a UUID`)
    const firstLba = divideExactly(startByte, sectorSize)
    const endLba = divideExactly(endByte, sectorSize)
    return [{ number, typeGuid: type.guid, uuid, firstLba, endLba, attributes, name }]
  })
}

function encodeMbrOf({ partitions, sectorSize, sizeBytes, mbrSignature, extended }: DiskDecisions): DiskImage {
  const primary: MbrPartition[] = []
  const logical: LogicalPartition[] = []
  for (const { number, type, startByte, endByte, bootable, ebrByte } of partitions) {
    if (number === undefined) continue
    invariant(type?.table === 'mbr', `partition ${number} has an MBR type`)
    const firstLba = divideExactly(startByte, sectorSize)
    const endLba = divideExactly(endByte, sectorSize)
    const common = { type: type.byte, active: bootable, firstLba, endLba }
    if (ebrByte === undefined) primary.push({ number, ...common })
    else logical.push({ ...common, ebrLba: divideExactly(ebrByte, sectorSize) })
  }
  return encodeMbr({
    diskSizeBytes: sizeBytes,
    sectorSize,
    signature: mbrSignature!,
    primary,
    ...(extended && { extended: { number: extended.number, logical } }),
  })
}

/**
 * A medium that held a GPT keeps its header in sector 1 when an MBR image is written over it, and parted and blkid then
 * speak of two tables. Zeros there cost one sector; who places something there lies over them.
 */
function withoutOldGpt({ sizeBytes, sectorSize }: DiskDecisions): DiskImage {
  const builder = new ImageBuilder(sizeBytes)
  if (sizeBytes >= 2 * sectorSize) builder.fill(sectorSize, sectorSize)
  return builder.finish()
}
