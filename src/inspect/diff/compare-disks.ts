/** Two disks: tables, partitions, volumes, files, and what stands outside all of them. */
import { sliceImage } from '../../image/compose.js'
import { firstDifference } from '../../image/first-difference.js'
import { partitionImage } from '../extract.js'
import { typeName } from '../inspection.js'
import type { Content } from '../open-content.js'
import type { OpenImage, OpenPartition } from '../open-image.js'
import { compareOutside } from './compare-outside.js'
import { compareTrees, fieldDifferences, type TreeComparison } from './compare-trees.js'
import type { DiskDifferences, FieldValue, PartitionDifference, PartitionName } from './differences.js'
import { type Ignored, wordOfFact } from './ignored.js'
import { keptBy } from './kept-by.js'
import { matchPartitions } from './match-partitions.js'

export interface DiskComparison {
  readonly ignored?: Ignored
  readonly text?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Everything that differs. One pair of volumes is held in memory at a time, contents never are. Errors of what is damaged as
 * the readers', IoError, InterruptedError.
 */
export function compareDisks(a: OpenImage, b: OpenImage, options: DiskComparison = {}): DiskDifferences {
  const { ignored = new Set() } = options
  const partitions = matchPartitions(a.partitions, b.partitions).flatMap((match) => {
    const difference = comparePartitions(match.a, match.b, { ...options, ignored })
    return difference === undefined ? [] : [difference]
  })
  return {
    a: a.name,
    b: b.name,
    disk: fieldDifferences(diskFields(a, ignored), diskFields(b, ignored)),
    partitions,
    outside: ignored.has('outside') ? [] : compareOutside(a, b),
  }
}

type Fields = Iterable<readonly [string, FieldValue | undefined]>

function* diskFields({ view, table }: OpenImage, ignored: Ignored): Fields {
  yield ['size', view.sizeBytes]
  yield ['table', table?.kind ?? 'none']
  yield ['sector size', table?.sectorSize]
  if (!ignored.has('uuids')) yield ['id', table?.id]
}

function comparePartitions(
  a: OpenPartition | undefined,
  b: OpenPartition | undefined,
  options: DiskComparison & { readonly ignored: Ignored },
): PartitionDifference | undefined {
  const { ignored } = options
  const fields = fieldDifferences(entryFields(a, ignored), entryFields(b, ignored))
  const volume = fieldDifferences(volumeFields(a?.content(), ignored), volumeFields(b?.content(), ignored))
  const names = { ...(a && { a: nameOf(a) }), ...(b && { b: nameOf(b) }) }
  if (a === undefined || b === undefined) {
    return { kind: a === undefined ? 'added' : 'removed', ...names, fields, volume, files: [] }
  }
  const content = compareContents(a, b, options)
  const isSame = [fields, volume, content.files].every((list) => list.length === 0)
  if (isSame && content.firstDifferentByte === undefined) return undefined
  return { kind: 'changed', ...names, fields, volume, ...content }
}

function nameOf({ number, name }: OpenPartition): PartitionName {
  return { ...(number !== undefined && { number }), name }
}

function* entryFields(partition: OpenPartition | undefined, ignored: Ignored): Fields {
  if (partition?.entry === undefined) return
  const { number, startByte, sizeBytes, entry } = partition
  yield ['number', number]
  if (!ignored.has('names')) yield ['name', partition.name]
  if (!ignored.has('places')) {
    yield ['start', startByte]
    yield ['size', sizeBytes]
  }
  yield ['type', typeName(entry.type)]
  if (!ignored.has('uuids')) yield ['uuid', entry.uuid]
  yield ['attributes', `0x${entry.attributes.toString(16)}`]
  yield ['bootable', entry.bootable]
}

function* volumeFields(content: Content | undefined, ignored: Ignored): Fields {
  if (content === undefined) return
  yield ['format', content.format]
  if (!ignored.has('names')) yield ['label', content.label]
  if (!ignored.has('uuids')) yield ['uuid', content.uuid]
  const summary = content.volume?.summary
  if (summary === undefined) return
  yield ['state', summary.state]
  if (!ignored.has('figures')) {
    yield ['volume size', summary.sizeBytes]
    yield ['used', summary.usedBytes]
    yield ['free', summary.freeBytes]
    yield ['used inodes', summary.usedInodes]
    yield ['free inodes', summary.freeInodes]
  }
  for (const [fact, value] of Object.entries(summary.facts)) {
    if (!ignored.has(wordOfFact(fact)))
      yield [fact, Array.isArray(value) ? value.join(' ') : (value as string | number)]
  }
}

function compareContents(
  a: OpenPartition,
  b: OpenPartition,
  { ignored, text, signal }: DiskComparison & { readonly ignored: Ignored },
): Pick<PartitionDifference, 'files' | 'firstDifferentByte'> {
  const [left, right] = [a.content().volume, b.content().volume]
  if (left !== undefined && right !== undefined) {
    const options: TreeComparison = { ...keptBy([left, right], ignored), ...(text && { text }), signal }
    return { files: [...compareTrees(left.tree(), right.tree(), options)] }
  }
  const [leftBytes, rightBytes] = [partitionImage(a), partitionImage(b)]
  // The size is told already; what stands behind the shorter one's end is part of that.
  const sizeBytes = Math.min(leftBytes.sizeBytes, rightBytes.sizeBytes)
  const found = firstDifference(sliceImage(leftBytes, 0, sizeBytes), sliceImage(rightBytes, 0, sizeBytes))
  return { files: [], ...(found !== undefined && { firstDifferentByte: found }) }
}
