/** A plan as data for `--json`. Places are bytes, ends exclusive. */
import type { DiskPlan, PlannedPartition } from '../layout/disk-plan.js'
import { freeBytes } from '../layout/free-bytes.js'
import { partitionTypeName } from '../tables/types.js'

export function planFields({ spec, sizeBytes, sectorSize, table, ...plan }: DiskPlan): object {
  return {
    image: spec.name,
    sizeBytes,
    sectorSize,
    table,
    diskGuid: plan.diskGuid,
    mbrSignature: plan.mbrSignature,
    usable: plan.usable,
    extended: plan.extended,
    partitions: plan.partitions.map(partitionFields),
    regions: plan.regions.map(({ kind, name, startByte, endByte, index }) => ({
      kind,
      name,
      startByte,
      endByte,
      index,
    })),
  }
}

function partitionFields(partition: PlannedPartition): object {
  const { number, name, startByte, endByte, logical, type, uuid, attributes, bootable, fs, payloadBytes } = partition
  return {
    number,
    name,
    startByte,
    endByte,
    sizeBytes: endByte - startByte,
    logical,
    type: type && {
      name: partitionTypeName(type),
      ...(type.table === 'gpt' ? { guid: type.guid } : { byte: type.byte }),
    },
    uuid,
    attributes,
    bootable,
    fs,
    payloadBytes,
    freeBytes: freeBytes(partition),
    volume: partition.volume && { format: partition.volume.format, ...partition.volume.facts },
  }
}
