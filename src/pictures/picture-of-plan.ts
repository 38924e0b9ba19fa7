/** The picture of a disk that is planned: its extents say what each stretch is for. */
import type { Extent } from '../image/extent.js'
import { extentEnd, firstEndingAfter, withoutPadding } from '../image/extent.js'
import type { DiskPlan, Payload, PlannedPartition, Region } from '../layout/disk-plan.js'
import { partitionTypeName } from '../tables/types.js'
import type { DiskPicture, PictureFact, PicturePart, PictureStretch, StretchUse } from './disk-picture.js'
import { factsOf, figuresOf, flagWords } from './facts.js'
import { folderSizes } from './folder-sizes.js'

const TABLE_NAMES: Readonly<Record<DiskPlan['table'], string>> = {
  gpt: 'GPT',
  mbr: 'MBR',
  none: 'no partition table',
  mtd: 'flash partitions (MTD)',
}

/** Makes the volumes' metadata (`plan.sketch()`). O(extents). */
export function pictureOfPlan(plan: DiskPlan, payloads: readonly Payload[]): DiskPicture {
  const { extents } = plan.sketch()
  return {
    name: plan.spec.name,
    sizeBytes: plan.sizeBytes,
    sectorSize: plan.sectorSize,
    table: TABLE_NAMES[plan.table],
    facts: diskFacts(plan),
    rest: 'unspecified',
    parts: plan.regions.map((region) => partOf(region, plan, { extents, payloads })),
  }
}

function diskFacts({ diskGuid, mbrSignature }: DiskPlan): PictureFact[] {
  if (diskGuid !== undefined) return [{ name: 'disk uuid', value: diskGuid }]
  if (mbrSignature === undefined) return []
  return [{ name: 'disk signature', value: `0x${mbrSignature.toString(16).padStart(8, '0')}` }]
}

function partOf(
  region: Region,
  { partitions }: DiskPlan,
  { extents, payloads }: { extents: readonly Extent[]; payloads: readonly Payload[] },
): PicturePart {
  const { kind, name, startByte, endByte, index } = region
  const partition = index === undefined ? undefined : partitions[index]
  const payload = index === undefined ? undefined : payloads[index]
  return {
    kind,
    name,
    content: partition === undefined || partition.fs === 'none' ? '' : partition.fs,
    startByte,
    endByte,
    stretches: stretchesOf(region, partition, extents),
    facts: partition === undefined ? [] : partitionFacts(partition),
    ...(partition?.number !== undefined && { number: partition.number }),
    ...(payload?.kind === 'tree' && { folders: folderSizes(payload.tree) }),
  }
}

function stretchesOf(
  { kind, startByte, endByte }: Region,
  partition: PlannedPartition | undefined,
  extents: readonly Extent[],
): PictureStretch[] {
  const stretches: PictureStretch[] = []
  const add = (from: number, to: number, use: StretchUse): void => {
    const offset = Math.max(from, startByte)
    const length = Math.min(to, endByte) - offset
    if (length <= 0) return
    const last = stretches.at(-1)
    if (last !== undefined && last.use === use && last.offset + last.length === offset) {
      stretches[stretches.length - 1] = { ...last, length: last.length + length }
    } else {
      stretches.push({ offset, length, use })
    }
  }
  for (let at = firstEndingAfter(extents, startByte); at < extents.length; at++) {
    const extent = extents[at]!
    if (extent.offset >= endByte) break
    const content = withoutPadding(extent)
    const contentEnd = content === undefined ? extent.offset : extentEnd(content)
    add(extent.offset, contentEnd, kind === 'table' ? 'table' : useOf(extent, partition))
    add(contentEnd, extentEnd(extent), 'zero')
  }
  return stretches
}

/** In a volume bytes in memory are its metadata; elsewhere they are what somebody put there. */
function useOf({ source }: Extent, partition: PlannedPartition | undefined): StretchUse {
  if (source.kind === 'fill') return source.byte === 0 ? 'zero' : 'fill'
  return source.kind === 'file' || partition?.volume === undefined ? 'data' : 'metadata'
}

function partitionFacts({ type, uuid, bootable, volume, logical }: PlannedPartition): PictureFact[] {
  const figures = volume === undefined ? [] : figuresOf(volume.facts)
  return factsOf([
    ['type', type && partitionTypeName(type)],
    ['flags', flagWords({ bootable, logical })],
    ['uuid', uuid],
    // The partition has one too.
    ...figures.map(([name, value]) => [name === 'uuid' ? 'file system uuid' : name, value] as const),
  ])
}
