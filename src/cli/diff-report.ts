/** What differs between two disks, as lines for people. */
import { collapseFolders, type ShownDifference } from '../inspect/diff/collapse-folders.js'
import type {
  DiskDifferences,
  FieldDifference,
  FieldValue,
  FileDifference,
  PartitionDifference,
  PartitionName,
} from '../inspect/diff/differences.js'
import { isSame } from '../inspect/diff/differences.js'
import type { Paint, Style } from './terminal.js'

export function* diffLines(found: DiskDifferences, paint: Paint): Generator<string> {
  const { a, b, disk, partitions, outside } = found
  if (isSame(found)) {
    yield `${paint('green', 'the same')}: ${a} and ${b}`
    return
  }
  yield paint('bold', `--- ${a}`)
  yield paint('bold', `+++ ${b}`)
  if (disk.length > 0) yield* ['', 'disk', ...disk.map((field) => `  ${fieldText(field)}`)]
  for (const partition of partitions) {
    yield ''
    yield* partitionLines(partition, paint)
  }
  if (outside.length > 0) {
    yield* ['', 'outside the partitions']
    for (const { startByte, endByte, firstDifferentByte } of outside) {
      yield `  bytes ${startByte} to ${endByte - 1}: other from byte ${firstDifferentByte} on`
    }
  }
}

function* partitionLines(partition: PartitionDifference, paint: Paint): Generator<string> {
  const { kind, fields, volume, files, firstDifferentByte } = partition
  const head = partitionTitle(partition)
  const shown = kind === 'changed' ? [...fields, ...volume] : []
  yield kind === 'changed' ? paint('bold', head) : paint(KIND_STYLES[kind], head)
  for (const field of shown) yield `  ${fieldText(field)}`
  if (firstDifferentByte !== undefined) yield `  content: other from byte ${firstDifferentByte} on`
  for (const file of collapseFolders(files)) yield* fileLines(file, paint)
}

/** `partition 2 "root"`, `partition 3 "data" added`, `partition 1 "boot" → 2 "boot-a"`. */
export function partitionTitle({ kind, a, b }: Pick<PartitionDifference, 'kind' | 'a' | 'b'>): string {
  if (a === undefined || b === undefined) return `${nameText(a ?? b!)} ${kind}`
  const [before, after] = [nameText(a), nameText(b)]
  return before === after ? before : `${before} → ${after.replace(/^partition /, '')}`
}

function nameText({ number, name }: PartitionName): string {
  if (number === undefined) return 'volume'
  return `partition ${number}${name === '' ? '' : ` "${name}"`}`
}

const KIND_STYLES: Readonly<Record<FileDifference['kind'], Style>> = {
  added: 'green',
  removed: 'red',
  changed: 'yellow',
}
const KIND_MARKS: Readonly<Record<FileDifference['kind'], string>> = { added: '+', removed: '-', changed: '!' }

function fileLines(file: ShownDifference, paint: Paint): string[] {
  const { path, kind, text } = file
  const head = `  ${paint(KIND_STYLES[kind], KIND_MARKS[kind])} ${path}${fileDetail(file)}`
  if (text === undefined) return [head]
  return [
    head,
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `      ${paintLine(line, paint)}`),
  ]
}

function paintLine(line: string, paint: Paint): string {
  if (/^(?:\+\+\+|---)/.test(line)) return paint('bold', line)
  if (line.startsWith('@@')) return paint('cyan', line)
  if (line.startsWith('+')) return paint('green', line)
  return line.startsWith('-') ? paint('red', line) : line
}

/** What there is to say behind a path: of a changed file its fields, of another its type and size. */
export function fileDetail({ kind, type, fields, firstDifferentByte, below }: ShownDifference): string {
  if (kind !== 'changed') {
    const size = fields.find(({ field }) => field === 'size')
    const bytes = size === undefined ? '' : `, ${size.a ?? size.b} bytes`
    const inside = below === undefined ? '' : `, with ${below} ${below === 1 ? 'entry' : 'entries'} below it`
    return ` (${type}${bytes}${inside})`
  }
  const said = fields.map(fieldText)
  if (firstDifferentByte !== undefined) said.push(`other from byte ${firstDifferentByte} on`)
  return `: ${said.join(', ')}`
}

export function fieldText({ field, a, b }: FieldDifference): string {
  return `${field} ${valueText(a)} → ${valueText(b)}`
}

const DIGEST = /^[0-9a-f]{64}$/
const SHOWN_DIGITS = 12

/** A digest by its first digits: people compare, machines take --json. */
function valueText(value: FieldValue | undefined): string {
  if (value === undefined) return 'none'
  const text = String(value)
  return DIGEST.test(text) ? `${text.slice(0, SHOWN_DIGITS)}…` : text === '' ? '""' : text
}
