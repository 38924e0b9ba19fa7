/** A plan as lines for people: what the disk is, a row for every partition, and the map. */
import { formatSize } from '../bytes/format-size.js'
import type { DiskPlan, PlannedPartition, Region } from '../layout/disk-plan.js'
import { freeBytes } from '../layout/free-bytes.js'
import { partitionTypeName } from '../tables/types.js'
import { diskMap, MAP_LEGEND, type MapOptions, partitionColour } from './disk-map.js'
import { type Column, layOutTable } from './text-table.js'

const TABLE_NAMES: Readonly<Record<DiskPlan['table'], string>> = {
  gpt: 'GPT',
  mbr: 'MBR',
  none: 'no partition table',
  mtd: 'flash partitions (MTD)',
}

/** A smaller gap is what alignment leaves; the map shows it, a row of its own would say no more. */
const LEAST_GAP_BYTES = 1 << 20

/** A partition, or a gap. */
interface PlanRow {
  readonly region: Region
  readonly partition: PlannedPartition | undefined
}

/** Starts and ends are sectors, the end inclusive, as parted and PartConfig have them. */
export function planLines(plan: DiskPlan, options: MapOptions): string[] {
  const { paint, columns } = options
  const rows = planRows(plan)
  const table = layOutTable(rows, planColumns(plan.sectorSize), columns)
  const lines = [...heading(plan, options), '', paint('bold', table.header)]
  for (const row of rows) {
    const style = row.partition === undefined ? 'dim' : partitionColour(row.partition.index)
    lines.push(paint(style, table.line(row)))
    const moved = table.moved(row)
    if (moved !== '') lines.push(paint('dim', `       ${moved}`))
    const choices = row.partition?.chosen?.choices ?? []
    if (choices.length > 0) lines.push(paint('dim', `       smallest with ${choices.join(', ')}`))
  }
  lines.push('', ...diskMap(plan, options), MAP_LEGEND)
  return lines
}

function planRows({ regions, partitions }: DiskPlan): PlanRow[] {
  return regions
    .filter(({ kind, startByte, endByte }) => {
      return kind === 'partition' || kind === 'blob' || (kind === 'gap' && endByte - startByte >= LEAST_GAP_BYTES)
    })
    .map((region) => ({ region, partition: region.index === undefined ? undefined : partitions[region.index] }))
}

function heading(
  { spec, sizeBytes, sectorSize, table, diskGuid, mbrSignature }: DiskPlan,
  { paint }: MapOptions,
): string[] {
  const size = `${formatSize(sizeBytes)}, ${sizeBytes / sectorSize} sectors of ${sectorSize} bytes`
  const lines = [`${paint('bold', spec.name)}: ${size}, ${TABLE_NAMES[table]}`]
  if (diskGuid !== undefined) lines.push(`disk uuid ${diskGuid}`)
  if (mbrSignature !== undefined) lines.push(`disk signature 0x${mbrSignature.toString(16).padStart(8, '0')}`)
  return lines
}

function planColumns(sectorSize: number): readonly Column<PlanRow>[] {
  const of = (value: (partition: PlannedPartition) => string) => (row: PlanRow) =>
    row.partition === undefined ? '' : value(row.partition)
  return [
    { title: '#', align: 'right', value: of(({ number }) => (number === undefined ? '-' : String(number))) },
    { title: 'name', align: 'left', value: ({ partition }) => partition?.name ?? '(gap)' },
    { title: 'start', align: 'right', value: ({ region }) => sectors(region.startByte, sectorSize) },
    { title: 'end', align: 'right', value: ({ region }) => sectors(region.endByte - sectorSize, sectorSize) },
    {
      title: 'sectors',
      align: 'right',
      value: ({ region }) => sectors(region.endByte - region.startByte, sectorSize),
      mayMove: 1,
    },
    { title: 'size', align: 'right', value: ({ region }) => formatSize(region.endByte - region.startByte) },
    { title: 'fs', align: 'left', value: of(({ fs }) => (fs === 'none' ? '-' : fs)) },
    {
      title: 'payload',
      align: 'right',
      value: of(({ payloadBytes }) => (payloadBytes === 0 ? '-' : formatSize(payloadBytes))),
    },
    { title: 'free', align: 'right', value: of((partition) => sizeOrNothing(freeBytes(partition))), mayMove: 2 },
    { title: 'type', align: 'left', value: of(({ type }) => (type ? partitionTypeName(type) : '')), mayMove: 3 },
    { title: 'flags', align: 'left', value: of(({ bootable }) => (bootable ? 'boot' : '')), mayMove: 4 },
    { title: 'uuid', align: 'left', value: of(({ uuid }) => uuid ?? ''), mayMove: 5 },
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
