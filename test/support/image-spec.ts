/** Short ways to say what a config means, for tests that begin after the config is read. */
import type { ImageSpec, PartitionSpec, SizeSpec, VolumeSpec } from '../../src/config/spec.js'
import type { SourceFile } from '../../src/image/extent.js'
import type { Payload } from '../../src/layout/disk-plan.js'

export const KIB = 1024
export const MIB = 1024 ** 2
export const GIB = 1024 ** 3
export const TIB = 1024 ** 4

export interface PartitionDraft extends Partial<Omit<PartitionSpec, 'start' | 'endExclusive' | 'size' | 'volume'>> {
  /** Numbers are bytes. */
  readonly start?: number | SizeSpec
  readonly endExclusive?: number | SizeSpec
  readonly size?: number | SizeSpec
  readonly volume?: VolumeSpec
  /** Default: nothing. */
  readonly payload?: Payload
}

export interface ImageDraft extends Partial<Omit<ImageSpec, 'partitions'>> {
  readonly partitions: readonly PartitionDraft[]
}

export interface Draft {
  readonly spec: ImageSpec
  readonly payloads: readonly Payload[]
}

/** The spec that a config without anything else would have, with what `draft` says; and the payloads beside it. */
export function imageSpec(draft: ImageDraft): Draft {
  const spec: ImageSpec = {
    name: 'disk',
    table: 'gpt',
    sectorSize: 512,
    seed: 'disk',
    gpt: { entries: 128 },
    bundle: { name: 'disk.zip', include: [], level: 6, meta: false, readme: false },
    outputs: [
      { format: 'raw', name: 'disk', configPath: [] },
      { format: 'zip', name: 'disk.zip', configPath: [] },
    ],
    ...draft,
    partitions: draft.partitions.map(partitionSpec),
  }
  return { spec, payloads: draft.partitions.map(({ payload }) => payload ?? { kind: 'none' }) }
}

function partitionSpec(draft: PartitionDraft, index: number): PartitionSpec {
  const { payload: _, start, endExclusive, size, ...rest } = draft
  return {
    name: '',
    attributes: 0n,
    bootable: false,
    inTable: true,
    logical: false,
    volume: { kind: 'none' },
    configPath: ['partitions', index],
    ...rest,
    ...(start !== undefined && { start: sizeSpec(start) }),
    ...(endExclusive !== undefined && { endExclusive: sizeSpec(endExclusive) }),
    ...(size !== undefined && { size: sizeSpec(size) }),
  }
}

function sizeSpec(size: number | SizeSpec): SizeSpec {
  return typeof size === 'number' ? { kind: 'bytes', bytes: size } : size
}

/** `start: 33792s`, `end: 164863s`: both as a config writes them. */
export function sectors(start: number, end: number, sectorSize = 512): Pick<PartitionDraft, 'start' | 'endExclusive'> {
  return { start: start * sectorSize, endExclusive: (end + 1) * sectorSize }
}

/** A raw file of `sizeBytes`; where nothing reads it, it need not be there. */
export function rawFile(sizeBytes: number, path = '/payload/boot.img'): Pick<PartitionDraft, 'volume' | 'payload'> {
  const file: SourceFile = { path, sizeBytes }
  return { volume: { kind: 'raw', path }, payload: { kind: 'file', file } }
}

/** The five partitions of the original PartConfig.cfg, as sectors. */
export const EMMC_PARTITIONS = [
  ['kernel', 33792, 164863],
  ['program', 164864, 689151],
  ['data', 689152, 7180799],
  ['backup', 7180800, 13672446],
  ['others', 13672447, 15245311],
] as const
export const EMMC_SECTORS = 15269888
