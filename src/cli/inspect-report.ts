/** What `inspect` found, as lines for people. */
import { appendAll } from '../bytes/append-all.js'
import { formatSize } from '../bytes/format-size.js'
import { type Inspection, type PartitionInspection, TABLE_NAMES } from '../inspect/inspection.js'
import { isNamed } from '../inspect/open-content.js'
import type { BootSign } from '../inspect/what-boots.js'
import type { Region } from '../layout/disk-plan.js'
import { diskMap, type MappedDisk } from './disk-map.js'
import type { Paint } from './terminal.js'
import { type Column, layOutTable } from './text-table.js'

export interface InspectReportOptions {
  readonly columns: number
  readonly paint: Paint
}

type Shown = Omit<Inspection, 'warnings'>

export function inspectionLines(inspection: Shown, options: InspectReportOptions): string[] {
  const { paint } = options
  const lines = [...heading(inspection, paint), '', ...partitionLines(inspection, options)]
  lines.push('', ...diskMap(mappedDisk(inspection), options), INSPECT_LEGEND)
  for (const partition of inspection.partitions) appendAll(lines, volumeLines(partition, options))
  lines.push('', ...bootLines(inspection.boots, paint))
  return lines
}

const INSPECT_LEGEND = '█ used   ░ free, or not known   blank: no partition'

/** Gaps and partitions in order; of partitions that overlap the later ones are left out of the map. */
function mappedDisk({ partitions, gaps }: Shown): MappedDisk {
  const regions: Region[] = gaps.map(({ startByte, endByte }) => ({ kind: 'gap', name: '', startByte, endByte }))
  partitions.forEach(({ name, startByte, endByte }, index) => {
    const isFree = regions.every((other) => endByte <= other.startByte || startByte >= other.endByte)
    if (isFree && endByte > startByte) regions.push({ kind: 'partition', name, startByte, endByte, index })
  })
  return {
    regions: regions.sort((a, b) => a.startByte - b.startByte),
    partitions: partitions.map(({ number, name, format, volume }) => ({
      ...(number !== undefined && { number }),
      name: name === '' ? format : name,
      payloadBytes: volume?.usedBytes ?? 0,
    })),
  }
}

function heading({ name, container, sizeBytes, table }: Shown, paint: Paint): string[] {
  const packed = container === 'raw' ? '' : `, ${container}`
  if (table === undefined) return [`${paint('bold', name)}: ${formatSize(sizeBytes)}, no partition table${packed}`]
  const { kind, id, sectorSize, copy } = table
  const sectors = `${sizeBytes / sectorSize} sectors of ${sectorSize} bytes`
  const from = copy === 'backup' ? ', read from the backup' : ''
  return [
    `${paint('bold', name)}: ${formatSize(sizeBytes)}, ${sectors}, ${TABLE_NAMES[kind]}${from}${packed}`,
    kind === 'mbr' ? `disk signature ${id}` : `disk uuid ${id}`,
  ]
}

/** Smaller ones are what alignment leaves. */
const LEAST_GAP_BYTES = 1 << 20

interface Row {
  readonly startByte: number
  readonly endByte: number
  /** Undefined for a gap. */
  readonly partition?: PartitionInspection
}

/** Starts and ends are sectors, the end inclusive, as everywhere. */
function partitionLines({ table, partitions, gaps }: Shown, { columns, paint }: InspectReportOptions): string[] {
  if (partitions.length === 0) return ['no partitions']
  const sectorSize = table?.sectorSize ?? 512
  const rows: Row[] = [
    ...partitions.map((partition) => ({ ...partition, partition })),
    ...gaps.filter(({ startByte, endByte }) => endByte - startByte >= LEAST_GAP_BYTES),
  ].sort((a, b) => a.startByte - b.startByte)
  const layout = layOutTable(rows, partitionColumns(sectorSize), columns)
  return [
    paint('bold', layout.header),
    ...rows.flatMap((row) => {
      const line = row.partition === undefined ? paint('dim', layout.line(row)) : layout.line(row)
      const moved = wrapped(layout.moved(row).split(/ {2,}/), ' ', columns, DEEP_INDENT)
      return [line, ...moved.map((text) => paint('dim', text))]
    }),
  ]
}

function partitionColumns(sectorSize: number): readonly Column<Row>[] {
  const of = (value: (partition: PartitionInspection) => string) => (row: Row) =>
    row.partition === undefined ? '' : value(row.partition)
  const size = (bytes: number | undefined): string => (bytes === undefined ? '' : formatSize(bytes))
  return [
    { title: '#', align: 'right', value: of(({ number }) => (number === undefined ? '' : String(number))) },
    { title: 'name', align: 'left', value: (row) => row.partition?.name ?? '(gap)' },
    { title: 'start', align: 'right', value: ({ startByte }) => placeText(startByte, sectorSize, 0) },
    { title: 'end', align: 'right', value: ({ endByte }) => placeText(endByte, sectorSize, -1) },
    { title: 'size', align: 'right', value: ({ startByte, endByte }) => formatSize(endByte - startByte) },
    { title: 'format', align: 'left', value: of(({ format }) => format) },
    { title: 'label', align: 'left', value: of(({ label }) => label ?? '') },
    { title: 'used', align: 'right', value: of(({ volume }) => size(volume?.usedBytes)), mayMove: 1 },
    { title: 'free', align: 'right', value: of(({ volume }) => size(volume?.freeBytes)), mayMove: 2 },
    { title: 'type', align: 'left', value: of(({ type }) => type?.name ?? ''), mayMove: 3 },
    { title: 'flags', align: 'left', value: of(flagsText), mayMove: 4 },
    { title: 'aligned', align: 'right', value: of(badAlignment), mayMove: 5 },
    { title: 'uuid', align: 'left', value: of(({ uuid }) => uuid ?? ''), mayMove: 6 },
  ]
}

/** Whole mebibytes go without saying. */
function badAlignment({ alignmentBytes = LEAST_GAP_BYTES }: PartitionInspection): string {
  return alignmentBytes < LEAST_GAP_BYTES ? formatSize(alignmentBytes) : ''
}

function flagsText({ bootable, attributes, logical }: PartitionInspection): string {
  return [bootable && 'boot', logical && 'logical', attributes].filter((word) => typeof word === 'string').join(' ')
}

/** A paragraph for each volume: what it says of itself. */
function volumeLines(partition: PartitionInspection, { columns, paint }: InspectReportOptions): string[] {
  const { number, name, format, description, label, volumeUuid, volume } = partition
  if (!isNamed(format)) return []
  const called = number === undefined ? '' : `${number}${name === '' ? '' : ` ${name}`}: `
  const head = [
    `${called}${description ?? format}`,
    label === undefined ? '' : `"${label}"`,
    volumeUuid ?? '',
    volume?.state ?? '',
  ].filter((word) => word !== '')
  const lines = ['', paint('bold', head.join(', '))]
  if (volume === undefined) return lines
  const { usedInodes, freeInodes, facts } = volume
  const figures: [string, string][] = Object.entries({
    size: formatSize(volume.sizeBytes),
    used: formatSize(volume.usedBytes),
    free: formatSize(volume.freeBytes),
    ...(usedInodes !== undefined && { used_inodes: usedInodes }),
    ...(freeInodes !== undefined && { free_inodes: freeInodes }),
    ...facts,
  })
    .filter(([, value]) => !Array.isArray(value))
    .map(([key, value]) => [key, String(value)])
  const lists = Object.entries(facts).filter((fact): fact is [string, readonly string[]] => Array.isArray(fact[1]))
  return [
    ...lines,
    ...wrapped(
      figures.map(([key, value]) => `${key} ${value}`),
      ',',
      columns,
    ),
    ...lists.flatMap(([key, words]) => wrapped([key, ...words], '', columns)),
  ]
}

const INDENT = '   '
const DEEP_INDENT = '       '

/** Items separated by `mark` and a blank, in lines that fit; a longer item stands alone. */
function wrapped(items: readonly string[], mark: string, columns: number, indent = INDENT): string[] {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    const longer = line === '' ? item : `${line}${mark} ${item}`
    if (line !== '' && indent.length + longer.length + mark.length > columns) {
      lines.push(`${indent}${line}${mark}`)
      line = item
    } else {
      line = longer
    }
  }
  return line === '' ? lines : [...lines, `${indent}${line}`]
}

function bootLines(boots: readonly BootSign[], paint: Paint): string[] {
  if (boots.length === 0) return ['nothing that boots was recognised']
  return [
    paint('bold', 'boots'),
    ...boots.map(({ by, what, partition, offset }) => {
      const place =
        partition === undefined ? (offset === undefined ? '' : ` at byte ${offset}`) : ` in partition ${partition}`
      return `${INDENT}${by}: ${what}${place}`
    }),
  ]
}

/** A number of sectors; `byte N` for a place inside one, as the end of a file that is no disk. */
function placeText(byte: number, sectorSize: number, offset: 0 | -1): string {
  return byte % sectorSize === 0 ? String(byte / sectorSize + offset) : `byte ${byte + offset}`
}
