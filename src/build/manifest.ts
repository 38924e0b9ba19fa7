/** manifest.json: what stands where in the image and what it was made from (docs/manifest.md). */
import type { DiskPlan } from '../layout/disk-plan.js'
import type { PayloadFileEntry } from './content-digests.js'

export interface ManifestOutput {
  readonly path: string
  readonly size_bytes: number
  readonly sha256?: string | undefined
}

export interface ManifestInput {
  readonly plan: DiskPlan
  readonly toolVersion: string
  readonly sourceDateEpoch: number | undefined
  /** Mapped digests of the disk, and of each partition in the order of the plan. */
  readonly diskDigest: string
  readonly partitionDigests: readonly string[]
  readonly imageSha256: string | undefined
  /** The payload of each partition, in the order of the plan. */
  readonly payloadFiles: readonly (readonly PayloadFileEntry[])[]
  /** Files of the bundle that come from the config. */
  readonly bundleFiles: readonly PayloadFileEntry[]
  readonly outputs: readonly ManifestOutput[]
}

const MANIFEST_VERSION = 1

/** JSON text with a newline at its end; the same input gives the same bytes. */
export function manifestText(input: ManifestInput): string {
  const { plan } = input
  const manifest = {
    manifest_version: MANIFEST_VERSION,
    tool: { name: 'diskloom', version: input.toolVersion },
    source_date_epoch: input.sourceDateEpoch ?? null,
    image: {
      name: plan.spec.name,
      size_bytes: plan.sizeBytes,
      sector_size: plan.sectorSize,
      table: plan.table,
      ...(plan.diskGuid !== undefined && { disk_guid: plan.diskGuid }),
      ...(plan.mbrSignature !== undefined && { mbr_signature: hex32(plan.mbrSignature) }),
      mapped_sha256: input.diskDigest,
      ...(input.imageSha256 !== undefined && { sha256: input.imageSha256 }),
    },
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
      ...(partition.bootable && { bootable: true }),
      fs: partition.fs,
      ...(partition.volume !== undefined && { volume: partition.volume.facts }),
      mapped_sha256: input.partitionDigests[index],
      payload: input.payloadFiles[index]!.map(payloadEntry),
    })),
    bundle: input.bundleFiles.map(payloadEntry),
    outputs: input.outputs,
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

function payloadEntry({ path, sizeBytes, sha256 }: PayloadFileEntry): Record<string, unknown> {
  return { path, size_bytes: sizeBytes, sha256 }
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}

function typeText(type: NonNullable<DiskPlan['partitions'][number]['type']>): string {
  return type.table === 'gpt' ? type.guid : `0x${type.byte.toString(16).padStart(2, '0')}`
}
