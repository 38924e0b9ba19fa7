/** What differs between two disks, as Markdown for a merge request: a summary, and tables that can be folded away. */

import { longestTicks, markdownCode, markdownHtml, markdownText } from '../bytes/markdown-text.js'
import { visibleLine } from '../bytes/visible-text.js'
import { collapseFolders } from '../inspect/diff/collapse-folders.js'
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
  const lines = [`### ${markdownCode(a)} → ${markdownCode(b)}`, '']
  if (isSame(found)) return [...lines, 'Nothing differs.', ''].join('\n')
  lines.push(summary(found), '')
  if (disk.length > 0) lines.push('**disk**', '', ...fieldTable(disk), '')
  for (const partition of partitions) for (const line of partitionSection(partition)) lines.push(line)
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

function* partitionSection(partition: PartitionDifference): Generator<string> {
  const { kind, fields, volume, files, firstDifferentByte } = partition
  yield* [`**${markdownText(partitionTitle(partition))}**`, '']
  const shown = kind === 'changed' ? [...fields, ...volume] : []
  if (shown.length > 0) yield* [...fieldTable(shown), '']
  if (firstDifferentByte !== undefined) yield* [`The content is other from byte ${firstDifferentByte} on.`, '']
  if (files.length > 0) {
    const rows = collapseFolders(files)
    const isFolded = rows.length > OPEN_ROWS
    if (isFolded) yield* [`<details><summary>${files.length} files</summary>`, '']
    yield* ['| | path | |', '| --- | --- | --- |']
    for (const file of rows) {
      const detail = markdownText(fileDetail(file).replace(/^: /, '').trim())
      yield `| ${file.kind} | ${markdownCode(file.path, 'cell')} | ${detail} |`
    }
    yield* isFolded ? ['', '</details>', ''] : ['']
  }
  for (const { path, text: diff } of files) if (diff !== undefined) yield* fenced(path, diff)
}

/** The fence is longer than any in the text. */
function fenced(path: string, diff: string): string[] {
  const fence = '`'.repeat(Math.max(2, longestTicks(diff)) + 1)
  return [
    `<details><summary><code>${markdownHtml(path)}</code></summary>`,
    '',
    `${fence}diff`,
    ...diff.trimEnd().split('\n').map(visibleLine),
    fence,
    '',
    '</details>',
    '',
  ]
}

function fieldTable(fields: readonly FieldDifference[]): string[] {
  const rows = fields.map(({ field, a, b }) => `| ${markdownText(field)} | ${value(a)} | ${value(b)} |`)
  return ['| | before | after |', '| --- | --- | --- |', ...rows]
}

function value(of: FieldDifference['a']): string {
  return of === undefined ? '' : markdownCode(String(of), 'cell')
}
