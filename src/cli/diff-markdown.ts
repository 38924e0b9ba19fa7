/** What differs between two disks, as Markdown for a merge request: a summary, and tables that can be folded away. */
import type {
  DiskDifferences,
  FieldDifference,
  FileDifference,
  PartitionDifference,
} from '../inspect/diff/differences.js'
import { isSame } from '../inspect/diff/differences.js'
import { fileDetail, partitionTitle } from './diff-report.js'

export function diffMarkdown(found: DiskDifferences): string {
  const { a, b, disk, partitions, outside } = found
  const lines = [`### \`${code(a)}\` → \`${code(b)}\``, '']
  if (isSame(found)) return [...lines, 'Nothing differs.', ''].join('\n')
  lines.push(summary(found), '')
  if (disk.length > 0) lines.push('**disk**', '', ...fieldTable(disk), '')
  for (const partition of partitions) lines.push(...partitionSection(partition))
  if (outside.length > 0) {
    lines.push('**outside the partitions**', '', '| bytes | other from byte |', '| --- | --: |')
    for (const { startByte, endByte, firstDifferentByte } of outside) {
      lines.push(`| ${startByte} to ${endByte - 1} | ${firstDifferentByte} |`)
    }
    lines.push('')
  }
  return lines.join('\n')
}

function summary({ partitions }: DiskDifferences): string {
  const files = partitions.flatMap((partition) => partition.files)
  const count = (kind: FileDifference['kind']): number => files.filter((file) => file.kind === kind).length
  const what = `${partitions.length} partition${partitions.length === 1 ? '' : 's'}`
  return `${what}, ${count('added')} files added, ${count('removed')} removed, ${count('changed')} changed.`
}

/** Longer lists are folded. */
const OPEN_ROWS = 20

function partitionSection(partition: PartitionDifference): string[] {
  const { kind, fields, volume, files, firstDifferentByte } = partition
  const lines = [`**${text(partitionTitle(partition))}**`, '']
  const shown = kind === 'changed' ? [...fields, ...volume] : []
  if (shown.length > 0) lines.push(...fieldTable(shown), '')
  if (firstDifferentByte !== undefined) lines.push(`The content is other from byte ${firstDifferentByte} on.`, '')
  if (files.length > 0) {
    const rows = files.map(
      (file) => `| ${file.kind} | \`${code(file.path)}\` | ${text(fileDetail(file).replace(/^: /, '').trim())} |`,
    )
    const table = ['| | path | |', '| --- | --- | --- |', ...rows]
    if (files.length <= OPEN_ROWS) lines.push(...table, '')
    else lines.push(`<details><summary>${files.length} files</summary>`, '', ...table, '', '</details>', '')
  }
  for (const { path, text: diff } of files) {
    if (diff !== undefined) lines.push(...fenced(path, diff))
  }
  return lines
}

/** The fence is longer than any in the text. */
function fenced(path: string, diff: string): string[] {
  const longest = Math.max(2, ...Array.from(diff.matchAll(/`+/g), ([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return [
    `<details><summary><code>${html(path)}</code></summary>`,
    '',
    `${fence}diff`,
    diff.trimEnd(),
    fence,
    '',
    '</details>',
    '',
  ]
}

function fieldTable(fields: readonly FieldDifference[]): string[] {
  const rows = fields.map(({ field, a, b }) => `| ${text(field)} | ${value(a)} | ${value(b)} |`)
  return ['| | before | after |', '| --- | --- | --- |', ...rows]
}

function value(of: FieldDifference['a']): string {
  return of === undefined ? '' : `\`${code(String(of))}\``
}

/** Inside a table a bar ends a cell, escaped or not in code. */
function code(raw: string): string {
  return raw.replace(/`/g, "'").replace(/\|/g, '\\|')
}

function text(raw: string): string {
  return html(raw).replace(/[\\|*_`[\]]/g, '\\$&')
}

function html(raw: string): string {
  return raw.replace(/&/g, '&amp;').replace(/</g, '&lt;')
}
