/**
 * A map of the whole disk in the width of the terminal. Every region has a box as wide as its share of the disk, at
 * least one cell; the names stand above, and what fills the region below:
 *
 *   ┌─┬─┬───┬──────────────────────┬──────────────────────┬─────┬─┐
 *   │ │ │1 k│3 data                │4 backup              │5 oth│ │
 *   │▒│█│█░░│░░░░░░░░░░░░░░░░░░░░░░│░░░░░░░░░░░░░░░░░░░░░░│░░░░░│▒│
 *   └─┴─┴───┴──────────────────────┴──────────────────────┴─────┴─┘
 *
 * It reads without colour; colours only repeat what the characters say.
 */
import { visibleWord } from '../bytes/visible-text.js'
import type { Region } from '../layout/disk-plan.js'
import { proportionalCells } from './proportional-cells.js'
import type { Paint, Style } from './terminal.js'

/** A plan has it, and an image that was inspected. */
export interface MappedDisk {
  readonly regions: readonly Region[]
  /** By the regions' `index`. */
  readonly partitions: readonly {
    readonly number?: number
    readonly name: string
    readonly payloadBytes: number
  }[]
}

export interface MapOptions {
  /** Width in characters. */
  readonly columns: number
  readonly paint: Paint
}

const TABLE = '▒'
const PAYLOAD = '█'
const FREE = '░'
const GAP = ' '

export const MAP_LEGEND = `${TABLE} partition table   ${PAYLOAD} payload   ${FREE} free   blank: no partition`

/** Partitions take turns, so that neighbours differ. */
const COLOURS: readonly Style[] = ['green', 'blue', 'magenta', 'cyan', 'yellow']

export function partitionColour(index: number): Style {
  return COLOURS[index % COLOURS.length]!
}

/** The lines of the map. A disk of more regions than the width has room for takes several rows, each to its own scale. */
export function diskMap(plan: MappedDisk, options: MapOptions): string[] {
  return rowsOf(plan.regions, options.columns).flatMap((regions) => mapRow(plan, regions, options))
}

/** In every row at least half of the cells are left to share by size. */
function rowsOf(regions: readonly Region[], columns: number): Region[][] {
  const most = Math.floor((columns - 1) / 4)
  const rows = Math.ceil(regions.length / most)
  const perRow = Math.ceil(regions.length / rows)
  return Array.from({ length: rows }, (_, row) => regions.slice(row * perRow, (row + 1) * perRow))
}

function mapRow(
  { partitions }: Pick<MappedDisk, 'partitions'>,
  regions: readonly Region[],
  { columns, paint }: MapOptions,
): string[] {
  const borders = regions.length + 1
  const widths = proportionalCells(
    regions.map(({ startByte, endByte }) => endByte - startByte),
    columns - borders,
  )
  const names: string[] = []
  const fills: string[] = []
  regions.forEach((region, at) => {
    const width = widths[at]!
    const partition = region.index === undefined ? undefined : partitions[region.index]
    const number = partition?.number === undefined ? '' : `${partition.number} `
    const name = partition === undefined ? '' : `${number}${partition.name}`
    const style = region.index === undefined ? 'dim' : partitionColour(region.index)
    names.push(paint(style, clip(name, width)))
    fills.push(paint(style, fill(region, partition, width)))
  })
  const edge = (left: string, middle: string, right: string): string =>
    paint('dim', `${left}${widths.map((width) => '─'.repeat(width)).join(middle)}${right}`)
  const bar = paint('dim', '│')
  const row = (cells: readonly string[]): string => `${bar}${cells.join(bar)}${bar}`
  return [edge('┌', '┬', '┐'), row(names), row(fills), edge('└', '┴', '┘')]
}

function fill(region: Region, partition: MappedDisk['partitions'][number] | undefined, width: number): string {
  if (region.kind === 'table') return TABLE.repeat(width)
  if (partition === undefined) return GAP.repeat(width)
  const share = partition.payloadBytes / (region.endByte - region.startByte)
  // A little payload is a cell, and a little free space too, where both have room.
  const rounded = Math.round(share * width)
  const least = share > 0 ? 1 : 0
  const most = share < 1 && width > 1 ? width - 1 : width
  const used = Math.min(Math.max(rounded, least), most)
  return PAYLOAD.repeat(used) + FREE.repeat(width - used)
}

/** Cut or filled up to `width` characters; names are single-width text or nearly so. */
function clip(text: string, width: number): string {
  return [...visibleWord(text)].slice(0, width).join('').padEnd(width)
}
