/** Everything that `inspect` tells of an image, as plain data. Places are bytes of the disk, ends exclusive. */
import { findingProblem } from '../bytes/field-error.js'
import type { Warning } from '../errors.js'
import type { VolumeSummary } from '../filesystems/volume-reader.js'
import { partitionTypeName } from '../tables/types.js'
import type { OpenImage, OpenPartition } from './open-image.js'
import { type BootSign, whatBoots } from './what-boots.js'

/** For people. */
export const TABLE_NAMES = { gpt: 'GPT', mbr: 'MBR', hybrid: 'GPT with a hybrid MBR' } as const

export interface PartitionInspection {
  /** Undefined where the disk has no table and is one volume. */
  readonly number?: number
  readonly name: string
  readonly startByte: number
  readonly endByte: number
  readonly sizeBytes: number
  /** The largest power of two that divides the start; undefined at byte 0. */
  readonly alignmentBytes?: number
  readonly type?: { readonly name: string; readonly value: string }
  readonly uuid?: string
  readonly attributes?: string
  readonly bootable: boolean
  readonly logical: boolean
  /** `ext4`, `squashfs`, `zeros`, `unknown`. */
  readonly format: string
  readonly description?: string
  readonly label?: string
  /** Of the file system. */
  readonly volumeUuid?: string
  /** Missing for formats that are named only. */
  readonly volume?: VolumeSummary
  /** Why its volume cannot be read. */
  readonly problem?: string
}

export interface Gap {
  readonly startByte: number
  readonly endByte: number
}

export interface Inspection {
  readonly name: string
  /** What the image was packed in: `zst of raw`. */
  readonly container: string
  readonly sizeBytes: number
  readonly table?: {
    readonly kind: 'gpt' | 'mbr' | 'hybrid'
    readonly id: string
    readonly sectorSize: number
    readonly copy: 'primary' | 'backup'
  }
  readonly partitions: readonly PartitionInspection[]
  /** What no partition covers, the table's own sectors included. */
  readonly gaps: readonly Gap[]
  readonly boots: readonly BootSign[]
  /** What is wrong with the table and with volumes that cannot be opened, and what is unwise. */
  readonly warnings: readonly Warning[]
}

/** IoError where the image cannot be read; what is damaged is in the warnings. */
export function inspectImage(disk: OpenImage): Inspection {
  const { name, format, view, table } = disk
  const partitions = disk.partitions.map(inspectPartition)
  return {
    name,
    container: format,
    sizeBytes: view.sizeBytes,
    ...(table && { table: { kind: table.kind, id: table.id, sectorSize: table.sectorSize, copy: table.copy } }),
    partitions,
    gaps: gapsBetween(partitions, view.sizeBytes),
    boots: whatBoots(disk),
    warnings: [
      ...(table?.findings ?? []).map(
        (finding): Warning => ({ ...findingProblem(name, finding), finding: 'table-damage' }),
      ),
      ...disk.partitions
        .flatMap((partition) => partition.content().problem?.problems ?? [])
        .map((problem): Warning => ({ ...problem, finding: 'volume-damage' })),
      ...alignmentWarnings(partitions),
    ],
  }
}

function inspectPartition(partition: OpenPartition): PartitionInspection {
  const { number, name, startByte, sizeBytes, entry } = partition
  const { format, description, label, uuid, volume, problem } = partition.content()
  return {
    ...(number !== undefined && { number }),
    name,
    startByte,
    endByte: startByte + sizeBytes,
    sizeBytes,
    ...(startByte > 0 && { alignmentBytes: alignmentOf(startByte) }),
    ...(entry && { type: { name: typeName(entry.type), value: entry.type } }),
    ...(entry?.uuid !== undefined && { uuid: entry.uuid }),
    ...(entry !== undefined && entry.attributes !== 0n && { attributes: `0x${entry.attributes.toString(16)}` }),
    bootable: entry?.bootable ?? false,
    logical: entry?.logical ?? false,
    format,
    ...(description !== undefined && { description }),
    ...(label !== undefined && { label }),
    ...(uuid !== undefined && { volumeUuid: uuid }),
    ...(volume && { volume: volume.summary }),
    ...(problem && { problem: problem.message }),
  }
}

/** The name of a table's type, or the type itself. */
export function typeName(type: string): string {
  return partitionTypeName(type.startsWith('0x') ? { table: 'mbr', byte: Number(type) } : { table: 'gpt', guid: type })
}

/** Flash pages, and sectors of most disks behind their 512 bytes. */
const PAGE_BYTES = 4096
/** No medium asks for more. */
const LARGEST_ALIGNMENT_BYTES = 64 << 20

function alignmentOf(startByte: number): number {
  let alignment = 1
  while (alignment < LARGEST_ALIGNMENT_BYTES && startByte % (alignment * 2) === 0) alignment *= 2
  return alignment
}

/** One for the whole image: every further partition would repeat it. */
function alignmentWarnings(partitions: readonly PartitionInspection[]): Warning[] {
  const unaligned = partitions.filter(({ alignmentBytes = PAGE_BYTES }) => alignmentBytes < PAGE_BYTES)
  if (unaligned.length === 0) return []
  const named = unaligned.map(
    ({ number, name, startByte }) => `${number}${name === '' ? '' : ` "${name}"`} begins at byte ${startByte}`,
  )
  const [what, which] =
    unaligned.length === 1 ? ['partition', 'which is no multiple'] : ['partitions', 'which are no multiples']
  return [
    {
      finding: 'alignment',
      message: `${what} ${named.join(', ')}, ${which} of ${PAGE_BYTES}: writing ${unaligned.length === 1 ? 'it' : 'them'} will be slow`,
    },
  ]
}

/** In order; partitions that overlap leave no gap between them. */
function gapsBetween(partitions: readonly PartitionInspection[], sizeBytes: number): Gap[] {
  const gaps: Gap[] = []
  let end = 0
  for (const { startByte, endByte } of partitions.toSorted((a, b) => a.startByte - b.startByte)) {
    const gapEnd = Math.min(startByte, sizeBytes)
    if (gapEnd > end) gaps.push({ startByte: end, endByte: gapEnd })
    end = Math.max(end, endByte)
  }
  if (end < sizeBytes) gaps.push({ startByte: end, endByte: sizeBytes })
  return gaps
}
