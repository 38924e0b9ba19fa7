/** The type of each partition: as asked, otherwise what its payload suggests. */
import type { ImageSpec, PartitionSpec } from '../config/spec.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { type PartitionType, parsePartitionType } from '../tables/types.js'

/** Under MBR the type says which FAT; LBA form for FAT32, as every partitioner of today writes it. */
const MBR_FAT_TYPES: Readonly<Record<string, string>> = { fat12: 'fat12', fat16: 'fat16', fat32: 'fat32-lba' }

/** Undefined outside a table. Throws FormatError for an unknown name. */
export function partitionType(
  table: ImageSpec['table'],
  { type, inTable, volume: { kind }, luks }: PartitionSpec,
  volume: PlannedVolume | undefined,
): PartitionType | undefined {
  if (table === 'none' || table === 'mtd' || !inTable) return undefined
  if (type !== undefined) return parsePartitionType(type, table)
  if (luks !== undefined) return parsePartitionType(table === 'gpt' ? 'luks' : 'linux', table)
  if (kind === 'swap') return parsePartitionType('swap', table)
  if (kind !== 'fat') return parsePartitionType('linux', table)
  const name = table === 'gpt' ? 'data' : MBR_FAT_TYPES[volume?.format ?? '']
  return parsePartitionType(name ?? 'fat32-lba', table)
}
