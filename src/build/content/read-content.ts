/** The `content:` of a volume, entries laid over one another in their order, as one tree. */
import type { ContentSource } from '../../config/spec.js'
import type { Warning } from '../../errors.js'
import { ProblemCollector } from '../../problem-collector.js'
import { compareTimestamps, EPOCH_1980, type FileTree, type Timestamp } from '../../tree/file-tree.js'
import { measureTree } from '../../tree/tree-stats.js'
import { checkUnkept } from './check-unkept.js'
import { layContent } from './lay-content.js'
import { type ContentOptions, readSource, type SourceReading } from './read-source.js'

export type { ContentOptions } from './read-source.js'

export interface ContentReading {
  readonly tree: FileTree
  readonly warnings: readonly Warning[]
  /** Files that the host stores with holes, and the bytes that those save there. */
  readonly sparseAtSource: { readonly files: number; readonly bytes: number }
  /** Whether the tree is another than copies of its folders with all their attributes would be. */
  readonly isAltered: boolean
}

/**
 * No source gives an empty root. What the build itself makes (inline files, made folders, nodes of lists) has the time of
 * SOURCE_DATE_EPOCH, else the newest in the payload, else 1980-01-01. LayoutError with what is missing or unreadable in
 * all sources at once (FormatError where nothing else is wrong than what they hold); then FormatError with what has no
 * place in the tree.
 */
export async function readContent(sources: readonly ContentSource[], options: ContentOptions): Promise<ContentReading> {
  const collector = new ProblemCollector()
  const readings: SourceReading[] = []
  for (const source of sources) {
    const reading = await collector.attempt(() => readSource(source, options), source.configPath)
    if (reading !== undefined) readings.push(reading)
  }
  collector.throwIfAny()
  const time = options.clampTo ?? newestOf(readings)
  const { tree, warnings } = layContent(
    readings.map((reading) => reading.finish(time)),
    time,
  )
  const unkept = readings.some(({ isMarked }) => isMarked === true)
    ? checkUnkept(tree, { ownerless: options.ownerless === true })
    : []
  const sparseAtSource = { files: 0, bytes: 0 }
  for (const { sparseAtSource: sparse } of readings) {
    sparseAtSource.files += sparse?.files ?? 0
    sparseAtSource.bytes += sparse?.bytes ?? 0
  }
  return {
    tree,
    warnings: [...readings.flatMap((reading) => reading.warnings ?? []), ...warnings, ...unkept],
    sparseAtSource,
    isAltered: readings.some(({ isAltered }) => isAltered === true),
  }
}

function newestOf(readings: readonly SourceReading[]): Timestamp {
  let newest = EPOCH_1980
  for (const { tree } of readings) {
    const time = tree?.type === 'directory' ? measureTree(tree).newest : tree?.mtime
    if (time !== undefined && compareTimestamps(time, newest) > 0) newest = time
  }
  return newest
}
