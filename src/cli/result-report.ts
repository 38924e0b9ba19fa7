/** What a build has made, for people and for programs. */
import { relative } from 'node:path'
import type { BuildResult } from '../build.js'
import { formatSize } from '../bytes/format-size.js'
import { shortPath } from './report-error.js'
import type { Paint } from './terminal.js'
import { layOutTable } from './text-table.js'
import { formatSeconds } from './transfer.js'

/** The folder, what it holds, and how long it took. */
export function resultText({ folder, outputs, seconds, plan }: BuildResult, paint: Paint): string {
  const table = layOutTable(
    outputs,
    [
      { title: 'file', align: 'left', value: ({ path }) => relative(folder, path) },
      { title: 'size', align: 'right', value: ({ sizeBytes }) => formatSize(sizeBytes) },
    ],
    Number.POSITIVE_INFINITY,
  )
  const title = paint('bold', paint('green', `${shortPath(folder)}/`))
  const made = `${formatSize(plan.sizeBytes)} disk built in ${formatSeconds(seconds)}`
  return `${[title, ...outputs.map(table.line), made].join('\n')}\n`
}

export function resultFields({ folder, outputs, seconds }: BuildResult): object {
  return { folder, outputs, seconds }
}
