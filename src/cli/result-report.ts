/** What a build has made, for people and for programs. */
import { relative } from 'node:path'
import type { PartitionGrowth } from '../build/budget.js'
import type { BuildOutput, BuildResult } from '../build.js'
import { formatSize } from '../bytes/format-size.js'
import { diskMap, MAP_LEGEND } from './disk-map.js'
import { shortPath } from './report-error.js'
import type { Paint } from './terminal.js'
import { layOutTable } from './text-table.js'
import { formatSeconds } from './transfer.js'

export interface ResultTextOptions {
  readonly paint: Paint
  /** Width of the map of the disk; without it none is shown. */
  readonly mapColumns: number | undefined
}

/** The folder, what it holds, the map of the disk, and how long it took. */
export function resultLines(
  { folder, outputs, removed, left, seconds, plan, growth = [] }: BuildResult,
  { paint, mapColumns }: ResultTextOptions,
): string[] {
  const map = mapColumns === undefined ? [] : [...diskMap(plan, { columns: mapColumns, paint }), MAP_LEGEND]
  const made = `${formatSize(plan.sizeBytes)} disk built in ${formatSeconds(seconds)}`
  const others = [
    ...namesText('Removed, results of an earlier build that this one does not make', removed),
    ...namesText('Also there, not of this build', left),
  ]
  return [...outputLines(folder, outputs, paint), ...others, ...growth.map(growthText), ...map, made]
}

const MAX_NAMES = 5

function namesText(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''
  return [`${what}: ${names.slice(0, MAX_NAMES).join(', ')}${more}`]
}

/** The folder and what it holds. */
export function outputLines(folder: string, outputs: readonly BuildOutput[], paint: Paint): string[] {
  const table = layOutTable(
    outputs,
    [
      { title: 'file', align: 'left', value: ({ path }) => relative(folder, path) },
      { title: 'size', align: 'right', value: ({ sizeBytes }) => formatSize(sizeBytes) },
    ],
    Number.POSITIVE_INFINITY,
  )
  const title = paint('bold', paint('green', `${shortPath(folder)}/`))
  return [title, ...outputs.map(table.line)]
}

export function resultFields({ folder, outputs, removed, left, seconds, growth }: BuildResult): object {
  return { folder, outputs, removed, left, seconds, growth }
}

/** `rootfs: 41.2 MiB of 256 MiB in use, 1.2 MiB more a release, 178 more fit`. */
function growthText({ name, usedBytes, sizeBytes, growthBytes, releasesLeft }: PartitionGrowth): string {
  const use = `${name}: ${formatSize(usedBytes)} of ${formatSize(sizeBytes)} in use`
  if (growthBytes === undefined) return use
  const change = `${formatSize(Math.abs(Math.round(growthBytes)))} ${growthBytes < 0 ? 'less' : 'more'} a release`
  return releasesLeft === undefined ? `${use}, ${change}` : `${use}, ${change}, ${releasesLeft} more fit`
}
