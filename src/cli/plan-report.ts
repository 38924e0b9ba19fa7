/** A plan as text for people: what the disk is, a row for every partition, and the map. */
import { formatSize } from '../bytes/format-size.js'
import type { DiskPlan, PlannedPartition } from '../layout/disk-plan.js'
import { partitionTypeName } from '../tables/types.js'
import { diskMap, MAP_LEGEND, type MapOptions, partitionColour } from './disk-map.js'
import { freeBytes } from './free-bytes.js'
import { type Column, layOutTable } from './text-table.js'

const TABLE_NAMES: Readonly<Record<DiskPlan['table'], string>> = {
  gpt: 'GPT',
  mbr: 'MBR',
  none: 'no partition table',
}

/** Starts and ends are sectors, the end inclusive, as parted and PartConfig have them. */
export function planText(plan: DiskPlan, options: MapOptions): string {
  const { paint, columns } = options
  const rows = [...plan.partitions].sort((a, b) => a.startByte - b.startByte)
  const table = layOutTable(rows, planColumns(plan.sectorSize), columns)
  const lines = [heading(plan, options), '', paint('bold', table.header)]
  for (const row of rows) {
    lines.push(paint(partitionColour(row.index), table.line(row)))
    const moved = table.moved(row)
    if (moved !== '') lines.push(paint('dim', `       ${moved}`))
  }
  if (rows.length === 0) lines.push('  no partitions')
  lines.push('', ...diskMap(plan, options), MAP_LEGEND)
  return `${lines.join('\n')}\n`
}

function heading(
  { spec, sizeBytes, sectorSize, table, diskGuid, mbrSignature }: DiskPlan,
  { paint }: MapOptions,
): string {
  const identifier =
    diskGuid ?? (mbrSignature === undefined ? undefined : `0x${mbrSignature.toString(16).padStart(8, '0')}`)
  const facts = [
    formatSize(sizeBytes),
    `${sizeBytes / sectorSize} sectors of ${sectorSize} bytes`,
    TABLE_NAMES[table],
    ...(identifier === undefined ? [] : [identifier]),
  ]
  return `${paint('bold', spec.name)}: ${facts.join(', ')}`
}

function planColumns(sectorSize: number): readonly Column<PlannedPartition>[] {
  return [
    { title: '#', align: 'right', value: ({ number }) => (number === undefined ? '-' : String(number)) },
    { title: 'name', align: 'left', value: ({ name }) => name },
    { title: 'start', align: 'right', value: ({ startByte }) => sectors(startByte, sectorSize) },
    { title: 'end', align: 'right', value: ({ endByte }) => sectors(endByte - sectorSize, sectorSize) },
    { title: 'sectors', align: 'right', value: (row) => sectors(row.endByte - row.startByte, sectorSize), mayMove: 1 },
    { title: 'size', align: 'right', value: ({ startByte, endByte }) => formatSize(endByte - startByte) },
    { title: 'fs', align: 'left', value: ({ fs }) => (fs === 'none' ? '-' : fs) },
    { title: 'payload', align: 'right', value: ({ payloadBytes }) => formatSize(payloadBytes) },
    { title: 'free', align: 'right', value: (row) => sizeOrNothing(freeBytes(row)), mayMove: 2 },
    {
      title: 'type',
      align: 'left',
      value: ({ type }) => (type === undefined ? '' : partitionTypeName(type)),
      mayMove: 3,
    },
    { title: 'flags', align: 'left', value: ({ bootable }) => (bootable ? 'boot' : ''), mayMove: 4 },
    { title: 'uuid', align: 'left', value: ({ uuid }) => uuid ?? '', mayMove: 5 },
  ]
}

/** Whole where it is, as everywhere but in a blob at an odd byte. */
function sectors(bytes: number, sectorSize: number): string {
  const count = bytes / sectorSize
  return Number.isInteger(count) ? String(count) : count.toFixed(2)
}

function sizeOrNothing(bytes: number | undefined): string {
  return bytes === undefined ? '' : formatSize(bytes)
}
