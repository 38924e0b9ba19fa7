/** What the checks of LUNs want to know of a planned disk. */
import { byteString } from '../bytes/text.js'
import type { PartitionSpec } from '../config/spec.js'
import type { FatOptions } from '../filesystems/fat/option-table.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { ExportedDisk, ExportedPartition } from '../gadget/mass-storage/check-exports.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { DiskPlan, Payload, PlannedPartition } from '../layout/disk-plan.js'
import { givenUuid } from '../layout/identifiers.js'
import { type PartitionType, parsePartitionType } from '../tables/types.js'
import type { FileTree } from '../tree/file-tree.js'

/** Types under MBR in which Windows looks for a volume. [MS-MBR] */
const WINDOWS_BYTES: ReadonlySet<number> = new Set([0x01, 0x04, 0x06, 0x07, 0x0b, 0x0c, 0x0e])
/** No fstab is longer. */
const MAX_FSTAB_BYTES = 1 << 20

export function exportedDisk(plan: DiskPlan, payloads: readonly Payload[]): ExportedDisk {
  return {
    sectorSize: plan.sectorSize,
    sizeBytes: plan.sizeBytes,
    hasTable: plan.table !== 'none',
    partitions: plan.partitions.map((planned) => exportedPartition(planned, plan.spec.partitions[planned.index]!)),
    fstabs: plan.partitions.flatMap(({ index, name }) => {
      const payload = payloads[index]
      const text = payload?.kind === 'tree' ? fstabOf(payload.tree) : undefined
      return text === undefined ? [] : [{ partition: name, text }]
    }),
  }
}

function exportedPartition(planned: PlannedPartition, { volume }: PartitionSpec): ExportedPartition {
  const { name, startByte, endByte, type, uuid, environment } = planned
  const label = 'label' in volume ? volume.label : undefined
  const fileSystem = volume.kind === 'file-system' ? fileSystemOf(volume.type) : undefined
  const media = volume.kind === 'file-system' ? (volume.options as FatOptions).media : undefined
  return {
    name,
    startByte,
    sizeBytes: endByte - startByte,
    format: planned.volume?.format ?? volume.kind,
    isWindowsType: type === undefined || looksWindowsInto(type),
    identifiers: [
      ...(type?.table === 'gpt' && name !== '' ? [`PARTLABEL=${name}`] : []),
      ...(uuid === undefined ? [] : [`PARTUUID=${uuid}`]),
      ...(fileSystem?.keys.includes('fs_uuid') && fileSystem.volumeIdOption === undefined
        ? [`UUID=${givenUuid(volume) ?? environment.uuid}`]
        : []),
      ...(label === undefined ? [] : [`LABEL=${label}`]),
    ],
    ...(media !== undefined && { media }),
  }
}

function looksWindowsInto(type: PartitionType): boolean {
  if (type.table === 'mbr') return WINDOWS_BYTES.has(type.byte)
  const data = parsePartitionType('data', 'gpt')
  return data.table === 'gpt' && type.guid === data.guid
}

function fstabOf(tree: FileTree): string | undefined {
  const folder = tree.children.get(byteString('etc'))
  const file = folder?.type === 'directory' ? folder.children.get(byteString('fstab')) : undefined
  if (file?.type !== 'file' || file.content.sizeBytes > MAX_FSTAB_BYTES) return undefined
  const bytes = new Uint8Array(file.content.sizeBytes)
  const reader = new PayloadReader()
  try {
    readImage(file.content, 0, bytes, reader)
    reader.close()
  } finally {
    reader.abandon()
  }
  return Buffer.from(bytes).toString('utf8')
}
