/** What was written where, for records: one JSON object a device. */
import type { Disk } from './disks.js'
import type { PartitionPlace } from './image-table.js'
import type { WrittenBytes } from './write-device.js'

export interface FlashReceipt {
  readonly receipt_version: 1
  readonly tool: { readonly name: 'diskloom'; readonly version: string }
  readonly source: string
  /** What the signed manifest of the source says; null where none was checked. */
  readonly release: FlashedRelease | null
  readonly device: {
    readonly path: string
    readonly vendor: string | null
    readonly model: string | null
    readonly serial: string | null
    readonly bus: string | null
    readonly size_bytes: number
    readonly sector_size: number
  }
  /** Of what was written, table included: the mapped digest of docs/OUTPUT.md. */
  readonly mapped_sha256: string
  readonly partitions: readonly {
    readonly number: number | null
    readonly name: string
    readonly start_byte: number
    readonly size_bytes: number
    readonly mapped_sha256: string
  }[]
  readonly written_bytes: number
  readonly zeroed_bytes: number
  /** 0 with --no-verify. */
  readonly verified_bytes: number
  /** The backup GPT stands at the device's end, which is not where the image had it. */
  readonly backup_gpt_moved: boolean
  /** The last partition, where it takes more of the device than of the image. */
  readonly grown_partition: number | null
  /** RFC 3339, UTC. */
  readonly started: string
  readonly seconds: number
}

export interface FlashedRelease {
  readonly image: string
  readonly version: string | null
  /** Seconds since 1970. */
  readonly source_date_epoch: number | null
}

export interface ReceiptInput {
  readonly toolVersion: string
  readonly source: string
  readonly release: FlashedRelease | undefined
  readonly disk: Disk
  readonly digest: string
  readonly partitions: readonly (PartitionPlace & { readonly digest: string })[]
  readonly bytes: WrittenBytes
  readonly backupMoved: boolean
  readonly grown: PartitionPlace | undefined
  readonly started: Date
  readonly seconds: number
}

export function makeReceipt(input: ReceiptInput): FlashReceipt {
  const { disk, bytes } = input
  return {
    receipt_version: 1,
    tool: { name: 'diskloom', version: input.toolVersion },
    source: input.source,
    release: input.release ?? null,
    device: {
      path: disk.path,
      vendor: disk.vendor ?? null,
      model: disk.model ?? null,
      serial: disk.serial ?? null,
      bus: disk.bus ?? null,
      size_bytes: disk.sizeBytes,
      sector_size: disk.sectorBytes,
    },
    mapped_sha256: input.digest,
    partitions: input.partitions.map(({ number, name, startByte, endByte, digest }) => ({
      number: number ?? null,
      name,
      start_byte: startByte,
      size_bytes: endByte - startByte,
      mapped_sha256: digest,
    })),
    written_bytes: bytes.written,
    zeroed_bytes: bytes.zeroed,
    verified_bytes: bytes.verified,
    backup_gpt_moved: input.backupMoved,
    grown_partition: input.grown?.number ?? null,
    started: input.started.toISOString(),
    seconds: input.seconds,
  }
}

/**
 * The release that the last receipt in the text of a receipt file gives for a device of that serial number and size; undefined
 * where no line tells it. Lines that are no receipts are passed over.
 */
export function lastReleaseOn({ serial, sizeBytes }: Disk, receipts: string): FlashedRelease | undefined {
  if (serial === undefined || serial === '') return undefined
  let last: FlashedRelease | undefined
  for (const line of receipts.split('\n')) {
    const receipt = receiptOf(line)
    const device = receipt?.device
    if (device?.serial === serial && device.size_bytes === sizeBytes) last = receipt?.release ?? undefined
  }
  return last
}

function receiptOf(line: string): Partial<FlashReceipt> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
