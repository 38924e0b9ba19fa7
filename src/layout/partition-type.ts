/** The type of each partition: as asked, otherwise what its payload suggests. */
import type { ImageSpec, PartitionSpec } from '../config/spec.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { type PartitionType, parsePartitionType } from '../tables/types.js'

const DEFAULT_TYPE = 'linux'

/** Undefined outside a table. Throws FormatError for an unknown name. */
export function partitionType(
  table: ImageSpec['table'],
  { type, inTable, volume: asked, luks }: PartitionSpec,
  volume: PlannedVolume | undefined,
): PartitionType | undefined {
  if (table === 'none' || table === 'mtd' || !inTable) return undefined
  if (type !== undefined) return parsePartitionType(type, table)
  if (luks !== undefined) return parsePartitionType(table === 'gpt' ? 'luks' : DEFAULT_TYPE, table)
  const fileSystem = 'type' in asked ? fileSystemOf(asked.type) : undefined
  return parsePartitionType(fileSystem?.partitionType?.(table, volume?.format) ?? DEFAULT_TYPE, table)
}
