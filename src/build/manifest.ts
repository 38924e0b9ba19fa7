/** manifest.json: what stands where in the image and what it was made from (docs/manifest.md). */
import { jsonText } from '../bytes/json-text.js'
import type { ImageSpec, OwnerSpec, PartitionSpec, UbiVolumeSpec, VolumeSpec } from '../config/spec.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { DiskPlan, PlannedPartition } from '../layout/disk-plan.js'
import { payloadWord } from '../layout/measure-payload.js'
import type { DigestPlan } from '../outputs/digests.js'
import { MANIFEST_VERSION } from '../proof/manifest-names.js'
import type { Manifest, ManifestOutput, ManifestSetting, ManifestStretch } from '../proof/manifest-schema.js'
import { runText } from '../proof/run-text.js'
import type { PayloadFileEntry } from './content-digests.js'

export type { ManifestOutput } from '../proof/manifest-schema.js'

export interface ManifestInput {
  readonly plan: DiskPlan
  readonly toolVersion: string
  readonly sourceDateEpoch: number | undefined
  /** Of the disk. */
  readonly diskDigest: string
  /** What the digests were made over, and the mapped digest of each stretch. */
  readonly stretches: DigestPlan['stretches']
  readonly stretchDigests: readonly string[]
  readonly imageSha256: string | undefined
  /** The payload of each partition, in the order of the plan. */
  readonly payloadFiles: readonly (readonly PayloadFileEntry[])[]
  /** Files of the bundle that come from the config. */
  readonly bundleFiles: readonly PayloadFileEntry[]
  readonly outputs: readonly ManifestOutput[]
}

/** JSON text with a newline at its end; the same input gives the same bytes. */
export function manifestText(input: ManifestInput): string {
  const { plan } = input
  const stretches = input.stretches.map(
    ({ offset, sizeBytes, runs }, index): ManifestStretch => ({
      start_byte: offset,
      size_bytes: sizeBytes,
      mapped_sha256: input.stretchDigests[index]!,
      runs: runs.map(runText),
    }),
  )
  const digests = new Map(stretches.map(({ start_byte, mapped_sha256 }) => [start_byte, mapped_sha256]))
  const manifest: Manifest = {
    manifest_version: MANIFEST_VERSION,
    tool: { name: 'diskloom', version: input.toolVersion },
    source_date_epoch: input.sourceDateEpoch ?? null,
    ...acceptedEntries(plan.spec),
    image: {
      name: plan.spec.name,
      ...(plan.spec.version !== undefined && { version: plan.spec.version }),
      size_bytes: plan.sizeBytes,
      sector_size: plan.sectorSize,
      table: plan.table,
      ...(plan.diskGuid !== undefined && { disk_guid: plan.diskGuid }),
      ...(plan.mbrSignature !== undefined && { mbr_signature: hex32(plan.mbrSignature) }),
      mapped_sha256: input.diskDigest,
      ...(input.imageSha256 !== undefined && { sha256: input.imageSha256 }),
    },
    stretches,
    partitions: plan.partitions.map((partition, index) => ({
      ...(partition.number !== undefined && { number: partition.number }),
      name: partition.name,
      start_byte: partition.startByte,
      size_bytes: partition.endByte - partition.startByte,
      first_sector: partition.startByte / plan.sectorSize,
      last_sector: partition.endByte / plan.sectorSize - 1,
      ...(partition.type !== undefined && { type: typeText(partition.type) }),
      ...(partition.uuid !== undefined && { uuid: partition.uuid }),
      ...(partition.attributes !== 0n && { attributes: `0x${partition.attributes.toString(16)}` }),
      ...(partition.bootable && { bootable: true as const }),
      fs: partition.fs,
      ...volumeEntries(partition, plan.spec.partitions[index]!),
      mapped_sha256: digests.get(partition.startByte)!,
      payload: input.payloadFiles[index]!.map(fileEntry),
    })),
    bundle: input.bundleFiles.map(fileEntry),
    outputs: [...input.outputs],
  }
  return `${jsonText(manifest, { indent: 2 })}\n`
}

/** The warnings that the config accepts, since they belong to the release. */
function acceptedEntries({ accept = [], partitions }: ImageSpec): Pick<Manifest, 'accepted'> {
  if (accept.length === 0) return {}
  return {
    accepted: accept.map(({ finding, reason, scope }) => {
      const index = partitions.findIndex(({ configPath }) => scope.length > 0 && configPath[1] === scope[1])
      return { finding, reason, ...(index >= 0 && { partition: index + 1 }) }
    }),
  }
}

/** The formatted volume of a partition: identifier, what was asked of it, and what it came to. */
function volumeEntries(
  { volume, environment }: PlannedPartition,
  { volume: spec, luks }: PartitionSpec,
): Pick<Manifest['partitions'][number], 'fs_uuid' | 'options' | 'volume'> {
  if (volume === undefined) return {}
  // Nothing of what stands inside, nor where the keys are.
  if (luks !== undefined) return { fs_uuid: String(volume.facts.uuid), options: {}, volume: { ...volume.facts } }
  return {
    fs_uuid: environment.uuid,
    options: optionsInForce(spec),
    volume: { ...volume.facts, ...volume.contentFacts?.() },
  }
}

/** What the config says of a volume or leaves to a default; not where its content is, which belongs to the building machine. */
function optionsInForce(spec: VolumeSpec): Record<string, ManifestSetting> {
  if (spec.kind === 'verity') return { covers: spec.covers, ...settings(spec.options) }
  if (spec.kind === 'ubi') {
    const volumes = spec.volumes.map((each): [string, ManifestSetting] => [each.name, ubiVolumeSetting(each)])
    return { ...settings(spec.options), volumes: Object.fromEntries(volumes) }
  }
  if (spec.kind !== 'file-system') return {}
  const { keeps, keys, madeBy } = fileSystemOf(spec.type)
  const label = spec.label === undefined ? {} : { label: spec.label }
  const attributes = {
    ...ownersOf(spec),
    ...(keys.includes('holes') && { holes: spec.holes }),
    ...(keys.includes('xattrs') && keeps.xattrs && { xattrs: spec.xattrs }),
  }
  const own = settings(spec.options)
  // The order of keys is part of the manifest's bytes, which releases are compared by.
  if (madeBy === 'diskloom') return { ...label, ...own, ...attributes }
  const isEngineSaid = spec.engine === 'host' || keeps.owners
  return { ...label, ...(isEngineSaid && { engine: spec.engine }), ...attributes, ...own }
}

function ubiVolumeSetting({ id, isStatic, autoresize, sizeBytes, volume }: UbiVolumeSpec): ManifestSetting {
  return {
    id,
    type: isStatic ? 'static' : 'dynamic',
    ...(sizeBytes !== undefined && { size: sizeBytes }),
    autoresize,
    fs: payloadWord(volume),
    options: optionsInForce(volume),
  }
}

function ownersOf({ owner }: { readonly owner?: OwnerSpec }): Record<string, ManifestSetting> {
  return owner === undefined ? {} : { owner: ownerSetting(owner) }
}

/** Options are plain data; those that are not given are left out. */
function settings(options: object): Record<string, ManifestSetting> {
  return JSON.parse(JSON.stringify(options)) as Record<string, ManifestSetting>
}

function ownerSetting(owner: OwnerSpec): ManifestSetting {
  if (owner.kind !== 'map') return owner.kind
  return { uid: idsText(owner.uid), gid: idsText(owner.gid) }
}

function idsText(ids: ReadonlyMap<number, number>): Record<string, number> {
  return Object.fromEntries([...ids].map(([from, to]) => [String(from), to]))
}

function fileEntry({ path, sizeBytes, sha256 }: PayloadFileEntry): Manifest['bundle'][number] {
  return { path, size_bytes: sizeBytes, sha256 }
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}

function typeText(type: NonNullable<PlannedPartition['type']>): string {
  return type.table === 'gpt' ? type.guid : `0x${type.byte.toString(16).padStart(2, '0')}`
}
