/** The whole disk as a value: the table's sectors, and over them what each partition and blob holds. */
import { divideExactly } from '../bytes/align.js'
import { invariant } from '../errors.js'
import { overlayImages } from '../image/compose.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { gptGeometry } from '../tables/gpt/geometry.js'
import { encodeGpt, type GptPartition } from '../tables/gpt/writer.js'
import { encodeMbr, type LogicalPartition, type MbrPartition } from '../tables/mbr/writer.js'
import type { DiskPlan, Payload, Payloads, PlannedPartition } from './disk-plan.js'
import { gptOptions } from './table-frame.js'

/** Zeroed at either end of a partition without a file system, so that nothing old is recognised there. */
const SIGNATURE_ROOM_BYTES = 64 * 1024
/** What erased flash holds. */
const ERASED = 0xff

export function composeDisk(plan: Omit<DiskPlan, 'image'>, payloads: Payloads): DiskImage {
  const contents = new ImageBuilder(plan.sizeBytes)
  for (const partition of plan.partitions) placeContent(contents, plan, partition, payloads[partition.index]!)
  // Overlaid, because a blob of boot code lies over the table's first sector; the rest never meets.
  return overlayImages(encodeTable(plan), contents.finish())
}

function placeContent(
  builder: ImageBuilder,
  { spec }: Omit<DiskPlan, 'image'>,
  { index, startByte, endByte, volume }: PlannedPartition,
  payload: Payload,
): void {
  const asked = spec.partitions[index]!.volume
  if (volume !== undefined) {
    builder.image(startByte, volume.encode())
  } else if (payload.kind === 'file') {
    const { sizeBytes } = payload.file
    builder.file(startByte, sizeBytes, payload.file)
    if (asked.kind === 'raw' && asked.fill !== undefined) {
      builder.fill(startByte + sizeBytes, endByte - startByte - sizeBytes, asked.fill)
    }
  } else {
    invariant(asked.kind === 'none' && payload.kind === 'none', `partition ${index} has its payload`)
    // Flash is erased where nothing stands, and no signature is recognised in that.
    placeNothing(builder, startByte, endByte, spec.mtd === undefined ? asked.fill : (asked.fill ?? ERASED))
  }
}

/** Unspecified but for both ends, or filled as asked. */
function placeNothing(builder: ImageBuilder, startByte: number, endByte: number, fill: number | undefined): void {
  const length = endByte - startByte
  if (fill !== undefined || length <= 2 * SIGNATURE_ROOM_BYTES) {
    builder.fill(startByte, length, fill)
    return
  }
  builder.fill(startByte, SIGNATURE_ROOM_BYTES)
  builder.fill(endByte - SIGNATURE_ROOM_BYTES, SIGNATURE_ROOM_BYTES)
}

function encodeTable(plan: Omit<DiskPlan, 'image'>): DiskImage {
  switch (plan.table) {
    case 'gpt':
      return encodeGpt(gptGeometry(plan.sizeBytes, gptOptions(plan.spec)), plan.diskGuid!, gptPartitions(plan))
    case 'mbr':
      return overlayImages(withoutOldGpt(plan), encodeMbrOf(plan))
    case 'mtd':
      return new ImageBuilder(plan.sizeBytes).fill(0, plan.sizeBytes, ERASED).finish()
    case 'none':
      return new ImageBuilder(plan.sizeBytes).finish()
  }
}

function gptPartitions({ partitions, sectorSize }: Omit<DiskPlan, 'image'>): GptPartition[] {
  return partitions.flatMap(({ number, type, uuid, startByte, endByte, attributes, name }) => {
    if (number === undefined) return []
    invariant(type?.table === 'gpt' && uuid !== undefined, `partition ${number} has a GPT type and a UUID`)
    const firstLba = divideExactly(startByte, sectorSize)
    const endLba = divideExactly(endByte, sectorSize)
    return [{ number, typeGuid: type.guid, uuid, firstLba, endLba, attributes, name }]
  })
}

function encodeMbrOf({
  partitions,
  sectorSize,
  sizeBytes,
  mbrSignature,
  extended,
}: Omit<DiskPlan, 'image'>): DiskImage {
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
function withoutOldGpt({ sizeBytes, sectorSize }: Omit<DiskPlan, 'image'>): DiskImage {
  const builder = new ImageBuilder(sizeBytes)
  if (sizeBytes >= 2 * sectorSize) builder.fill(sectorSize, sectorSize)
  return builder.finish()
}
