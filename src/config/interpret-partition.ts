import { fileSystemOf } from '../filesystems/registry.js'
import { toEndExclusive, toSizeSpec } from '../schema/quantity.js'
import { interpretFree } from './interpret-free.js'
import { interpretLuks } from './interpret-luks.js'
import { interpretVolume } from './interpret-volume.js'
import type { PartitionContext } from './interpretation.js'
import type { PartitionInput } from './schema/partition.js'
import type { PartitionSpec, SizeSpec, VolumeSpec } from './spec.js'

export function interpretPartition(input: PartitionInput, context: PartitionContext): PartitionSpec {
  const { interpretation, path } = context
  const align = input.align && toSizeSpec(input.align, interpretation.sectorSize)
  const volume = interpretVolume(input, context)
  const extent = isPlaceKnown(context) ? interpretExtent(input, volume, context) : undefined
  return {
    name: input.name ?? '',
    attributes: input.attributes ?? 0n,
    bootable: input.bootable ?? false,
    inTable: input.in_table ?? true,
    logical: input.logical ?? false,
    volume,
    configPath: path,
    ...extent,
    ...(extent && interpretFree(input, volume, { size: extent.size, context })),
    ...interpretLuks(input, volume, context),
    ...(align?.kind === 'bytes' && { align: align.bytes }),
    ...(input.type !== undefined && { type: input.type }),
    ...(input.uuid !== undefined && { uuid: input.uuid }),
  }
}

/** What the place of a partition follows from. */
const EXTENT_KEYS = ['start', 'end', 'size', 'fs', 'in_table'] as const

/** An end in MiB does not compare with a start in sectors of unknown size. */
function isPlaceKnown({ unread, interpretation }: PartitionContext): boolean {
  return !EXTENT_KEYS.some((key) => unread.has(key)) && !interpretation.unread.has('sector_size')
}

interface Extent {
  readonly start?: SizeSpec
  readonly endExclusive?: SizeSpec
  readonly size?: SizeSpec
}

/** Never gives both `endExclusive` and `size`: of three places one follows from the others. */
function interpretExtent(input: PartitionInput, volume: VolumeSpec, context: PartitionContext): Extent {
  const { sectorSize } = context.interpretation
  const start = input.start && toSizeSpec(input.start, sectorSize)
  const end = input.end && toEndExclusive(input.end, sectorSize)
  const size = input.size
    ? toSizeSpec(input.size, sectorSize)
    : end === undefined
      ? impliedSize(volume, context)
      : undefined
  if (start?.kind === 'bytes' && end?.kind === 'bytes' && end.bytes <= start.bytes) {
    const { interpretation, path, text } = context
    const places = `it would end before it starts (byte ${end.bytes} ≤ byte ${start.bytes})`
    interpretation.refuse([...path, 'end'], `Cannot place ${text}: ${places}, accepted is an end after the start`)
  } else if (size?.kind === 'bytes' && size.bytes === 0) {
    const { interpretation, path, text } = context
    interpretation.refuse([...path, 'size'], `Cannot place ${text}: its size is 0, accepted are sizes above 0`)
  }
  if (end === undefined || size === undefined)
    return { ...(start && { start }), ...(end && { endExclusive: end }), ...(size && { size }) }
  return start === undefined ? startFromEnd(end, size, context) : checkAgreement({ start, end, size }, context)
}

/** A raw file, a squashfs and a hash tree have a length of their own; the last partition takes what is left, where the disk has a size. */
function impliedSize(
  volume: VolumeSpec,
  { interpretation, path, text, isLast }: PartitionContext,
): SizeSpec | undefined {
  if (hasOwnSize(volume)) return { kind: 'auto' }
  if (!isLast) {
    const hint = 'Only the last partition and a raw file go without; size: auto is the smallest that holds the content'
    interpretation.refuse(path, `Cannot place ${text}: it has neither end nor size, one of them is needed`, hint)
    return undefined
  }
  if (interpretation.diskBytes !== undefined || interpretation.unread.has('size')) return { kind: 'rest' }
  if (volume.kind !== 'none') return { kind: 'auto' }
  const hint = 'Give the partition or the disk a size'
  interpretation.refuse(
    path,
    `Cannot place ${text}: neither it nor the disk has a size, and without fs there is no content to measure`,
    hint,
  )
  return undefined
}

function hasOwnSize(volume: VolumeSpec): boolean {
  if (volume.kind === 'raw') return true
  return 'type' in volume && fileSystemOf(volume.type).hasOwnSize === true
}

function startFromEnd(end: SizeSpec, size: SizeSpec, { interpretation, path, text }: PartitionContext): Extent {
  if (end.kind === 'bytes' && size.kind === 'bytes' && size.bytes <= end.bytes) {
    return { start: { kind: 'bytes', bytes: end.bytes - size.bytes }, endExclusive: end }
  }
  const what = `Cannot place ${text}`
  if (end.kind === 'bytes' && size.kind === 'bytes') {
    interpretation.refuse(
      [...path, 'size'],
      `${what}: ${size.bytes} bytes before byte ${end.bytes} begin before the disk`,
    )
  } else {
    interpretation.refuse(
      [...path, 'size'],
      `${what}: its start does not follow from these end and size, give start and one of them`,
    )
  }
  return {}
}

function checkAgreement(
  { start, end, size }: Required<Pick<Extent, 'start' | 'size'>> & { end: SizeSpec },
  { interpretation, path, text }: PartitionContext,
): Extent {
  const what = `Cannot place ${text}`
  if (start.kind === 'bytes' && end.kind === 'bytes' && size.kind === 'bytes') {
    const lengthBytes = end.bytes - start.bytes
    // Past its start an end is the mistake, reported already.
    if (lengthBytes > 0 && lengthBytes !== size.bytes) {
      const hint =
        'In sectors and bytes end names the last one, in larger units and % the boundary after it; leave one of the three out'
      interpretation.refuse(
        [...path, 'size'],
        `${what}: start to end are ${lengthBytes} bytes but size is ${size.bytes}, accepted is what agrees`,
        hint,
      )
    }
  } else {
    interpretation.refuse([...path, 'size'], `${what}: start, end and size are all given, two of them are accepted`)
  }
  return { start, endExclusive: end }
}
