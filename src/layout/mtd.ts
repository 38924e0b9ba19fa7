/**
 * A raw flash has no partition table: its kernel is told by the command line, the device tree or a file of the vendor's. Each
 * is a spelling of the same places. [LINUX drivers/mtd/parsers/cmdlinepart.c] [fixed-partitions]
 */
import type { DiskPlan, PlannedPartition } from './disk-plan.js'

/** GPT's attribute bit of that name is the way to ask for it. */
export const MTD_READ_ONLY = 1n << 60n

/** What ends a name in mtdparts=, or a word in spi_part.cfg and in a device tree's text. */
export function isMtdName(name: string): boolean {
  return /^[\x21-\x7e]+$/.test(name) && !/[:;,()"\\]/.test(name)
}

export interface MtdFile {
  readonly path: string
  readonly text: string
}

export const MTD_FILE_NAMES = ['mtdparts.txt', 'partitions.dtsi', 'spi_part.cfg'] as const

/** None unless the table is `mtd`. */
export function mtdFiles(plan: DiskPlan): readonly MtdFile[] {
  const { mtd } = plan.spec
  if (mtd === undefined) return []
  const partitions = plan.partitions
    .filter(({ number }) => number !== undefined)
    .sort((a, b) => a.startByte - b.startByte)
  const texts = [mtdpartsText(mtd.id, partitions), partitionsNode(mtd.node, plan, partitions), spiPartText(partitions)]
  return MTD_FILE_NAMES.map((path, index) => ({ path, text: texts[index]! }))
}

/** One line for the kernel's command line; an offset stands where a gap is before it. */
function mtdpartsText(id: string, partitions: readonly PlannedPartition[]): string {
  let end = 0
  const parts = partitions.map((partition) => {
    const { name, startByte, endByte } = partition
    const place = startByte === end ? '' : `@0x${startByte.toString(16)}`
    end = endByte
    return `${sizeWord(endByte - startByte)}${place}(${name})${isReadOnly(partition) ? 'ro' : ''}`
  })
  return `mtdparts=${id}:${parts.join(',')}\n`
}

const UNITS = [
  ['m', 1024 * 1024],
  ['k', 1024],
] as const

function sizeWord(bytes: number): string {
  for (const [unit, unitBytes] of UNITS) if (bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`
  return String(bytes)
}

/** Cells of 32 bits do for every flash below 4 GiB. */
const ONE_CELL_BYTES = 2 ** 32

function partitionsNode(node: string, { sizeBytes }: DiskPlan, partitions: readonly PlannedPartition[]): string {
  const cells = sizeBytes < ONE_CELL_BYTES ? 1 : 2
  const lines = partitions.flatMap((partition) => {
    const { name, startByte, endByte } = partition
    return [
      '',
      `\t\tpartition@${startByte.toString(16)} {`,
      `\t\t\tlabel = "${name}";`,
      `\t\t\treg = <${cellsOf(startByte, cells)} ${cellsOf(endByte - startByte, cells)}>;`,
      ...(isReadOnly(partition) ? ['\t\t\tread-only;'] : []),
      '\t\t};',
    ]
  })
  return [
    `${node} {`,
    '\tpartitions {',
    '\t\tcompatible = "fixed-partitions";',
    `\t\t#address-cells = <${cells}>;`,
    `\t\t#size-cells = <${cells}>;`,
    ...lines,
    '\t};',
    '};',
    '',
  ].join('\n')
}

function cellsOf(bytes: number, cells: 1 | 2): string {
  const low = `0x${(bytes % ONE_CELL_BYTES).toString(16)}`
  return cells === 1 ? low : `0x${Math.floor(bytes / ONE_CELL_BYTES).toString(16)} ${low}`
}

/** `name offset size`, ended by a line of its own, as boot loaders of burning boards read it. */
function spiPartText(partitions: readonly PlannedPartition[]): string {
  const lines = partitions.map(
    ({ name, startByte, endByte }) => `${name} 0x${startByte.toString(16)} 0x${(endByte - startByte).toString(16)}\n`,
  )
  return `${lines.join('')}end 0x0 0x0\n`
}

function isReadOnly({ attributes }: PlannedPartition): boolean {
  return attributes === MTD_READ_ONLY
}
