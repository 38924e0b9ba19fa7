/**
 * Whether an image holds what a config says: the table's entries against the planned ones, the files of each volume against the
 * payload that was to go in, raw files byte by byte. The writers have no part in it: payload is compared with what is read.
 */
import { appendAll } from '../bytes/append-all.js'
import type { Problem } from '../errors.js'
import type { FileSystem } from '../filesystems/file-system.js'
import { fileSystemOf, fileSystemOfFormat } from '../filesystems/registry.js'
import { sliceImage } from '../image/compose.js'
import type { DiskImage } from '../image/extent.js'
import { firstDifference } from '../image/first-difference.js'
import type { DiskPlan, Payload, PlannedPartition } from '../layout/disk-plan.js'
import { LUKS_FORMAT } from '../recognition/known-formats.js'
import { contentOfFile, emptyTree } from '../tree/file-tree.js'
import { nameOf } from './check-image.js'
import { compareTrees, fieldDifferences } from './diff/compare-trees.js'
import type { FieldDifference, FieldValue, FileDifference } from './diff/differences.js'
import { keptBy } from './diff/kept-by.js'
import type { OpenImage, OpenPartition } from './open-image.js'

export interface PlanComparison {
  readonly plan: DiskPlan
  /** One for each entry of `spec.partitions`. */
  readonly payloads: readonly Payload[]
  readonly signal?: AbortSignal | undefined
}

/** What differs, a problem each, `found` before `expected`. Errors of damaged volumes as the readers'; IoError, InterruptedError. */
export function compareWithPlan(disk: OpenImage, { plan, payloads, signal }: PlanComparison): Problem[] {
  const problems = differenceProblems('the disk', fieldDifferences(diskFields(disk), plannedDiskFields(plan)))
  for (const planned of plan.partitions) {
    const partition = partitionFor(planned, disk, plan.table)
    if (partition === undefined) {
      problems.push({ message: `${plannedName(planned)} is missing` })
      continue
    }
    problems.push(
      ...differenceProblems(plannedName(planned), fieldDifferences(entryFields(partition), plannedFields(planned))),
    )
    appendAll(problems, contentProblems(partition, planned, payloads[planned.index]!, signal))
  }
  const known = new Set(plan.partitions.map(({ number }) => number))
  for (const { number, name } of disk.partitions) {
    if (number !== undefined && !known.has(number)) {
      problems.push({ message: `${nameOf({ number, name })} is not in the config` })
    }
  }
  return problems
}

type Fields = Iterable<readonly [string, FieldValue | undefined]>

function* diskFields({ view, table }: OpenImage): Fields {
  yield ['size', view.sizeBytes]
  yield ['table', table === undefined ? 'none' : table.kind === 'hybrid' ? 'gpt' : table.kind]
  yield ['id', table?.id]
}

function* plannedDiskFields({ sizeBytes, table, diskGuid, mbrSignature }: DiskPlan): Fields {
  yield ['size', sizeBytes]
  // On flash memory the device tree or the command line has it.
  yield ['table', table === 'mtd' ? 'none' : table]
  yield ['id', diskGuid ?? (mbrSignature === undefined ? undefined : `0x${mbrSignature.toString(16).padStart(8, '0')}`)]
}

function* entryFields({ name, startByte, sizeBytes, entry }: OpenPartition): Fields {
  if (entry === undefined) return
  const isGpt = entry.uuid !== undefined
  if (isGpt) yield ['name', name]
  yield ['start', startByte]
  yield ['size', sizeBytes]
  yield ['type', entry.type]
  if (isGpt) yield ['uuid', entry.uuid]
  if (isGpt) yield ['attributes', `0x${entry.attributes.toString(16)}`]
  yield ['bootable', entry.bootable]
}

function* plannedFields({
  name,
  startByte,
  endByte,
  type,
  uuid,
  attributes,
  bootable,
  number,
}: PlannedPartition): Fields {
  if (number === undefined || type === undefined) return
  const isGpt = type.table === 'gpt'
  if (isGpt) yield ['name', name]
  yield ['start', startByte]
  yield ['size', endByte - startByte]
  yield ['type', isGpt ? type.guid : `0x${type.byte.toString(16).padStart(2, '0')}`]
  if (isGpt) yield ['uuid', uuid]
  if (isGpt) yield ['attributes', `0x${attributes.toString(16)}`]
  yield ['bootable', bootable]
}

/**
 * Returns the disk with the plan's partitions where no table on it names any: flash memory, and `table: none`. Otherwise
 * the first volume would be taken for the whole disk.
 */
export function partitionedAsPlanned(disk: OpenImage, plan: DiskPlan): OpenImage {
  if (disk.table !== undefined || (plan.table !== 'mtd' && plan.table !== 'none')) return disk
  const partitions = plan.partitions.flatMap((planned) => {
    const found = partitionFor(planned, disk, plan.table)
    return found === undefined ? [] : [{ ...found, ...(planned.number !== undefined && { number: planned.number }) }]
  })
  return { ...disk, partitions }
}

/** Of the table by its number; what no table on the medium names, by its place. */
function partitionFor(
  { number, startByte, endByte, name }: PlannedPartition,
  disk: OpenImage,
  table: DiskPlan['table'],
): OpenPartition | undefined {
  if (number !== undefined && (table === 'gpt' || table === 'mbr')) {
    return disk.partitions.find((partition) => partition.number === number)
  }
  if (endByte > disk.view.sizeBytes) return undefined
  const view = disk.view.part(startByte, endByte - startByte, `${name} of ${disk.name}`)
  return { name, startByte, sizeBytes: endByte - startByte, view, content: () => disk.contentOf(view) }
}

function plannedName({ number, name }: PlannedPartition): string {
  return number === undefined ? `"${name}"` : nameOf({ number, name })
}

/** Folders that mke2fs makes, whatever the payload. */
const MADE_BY_THE_FORMAT = ['lost+found']

function contentProblems(
  partition: OpenPartition,
  planned: PlannedPartition,
  payload: Payload,
  signal: AbortSignal | undefined,
): Problem[] {
  const what = plannedName(planned)
  if (planned.payload === 'luks') {
    const { format } = partition.content()
    return format === LUKS_FORMAT ? [] : [{ message: `${what}: format is ${format}, the config says LUKS2` }]
  }
  if (payload.kind === 'file') return bytesProblems(partition, contentOfFile(payload.file), what)
  const fileSystem = planned.payload === 'file-system' ? fileSystemOf(planned.fs) : undefined
  if (fileSystem?.reading === undefined) return []
  const { volume, format, problem } = partition.content()
  if (problem !== undefined) return [...problem.problems]
  // A volume without room for a journal is of another type than was asked; the plan has said so in a warning.
  const made = planned.volume?.format ?? planned.fs
  if (volume === undefined || !(format === made || isFormat(format, planned.fs, fileSystem))) {
    return [{ message: `${what}: format is ${format}, the config says ${planned.fs}` }]
  }
  const expected = payload.kind === 'tree' ? payload.tree : emptyTree(planned.environment.time)
  const found = volume.tree()
  // The root's own attributes are the format's business where the payload says nothing of them.
  const given = expected.implied === true || payload.kind !== 'tree' ? { ...expected, mtime: found.mtime } : expected
  const differences = compareTrees(found, given, {
    ...keptBy([volume], new Set()),
    skip: expected.children.has('lost+found' as never) ? [] : MADE_BY_THE_FORMAT,
    signal,
  })
  return [...differences]
    .filter((difference) => fileSystem.keeps.specialFiles || !isSpecialFile(difference))
    .map((difference) => fileProblem(what, difference))
}

/** `fat` leaves the width to the size of the volume: its type is the family's own word. */
function isFormat(found: string, type: string, fileSystem: FileSystem<never>): boolean {
  return found === type || (type === fileSystem.family && fileSystemOfFormat(found) === fileSystem)
}

/** Special files that the format cannot hold were left out by a config that asked for it; all others were refused. */
function isSpecialFile({ kind, type }: FileDifference): boolean {
  return kind === 'added' && type !== 'file' && type !== 'directory'
}

function bytesProblems({ view }: OpenPartition, expected: DiskImage, what: string): Problem[] {
  const sizeBytes = Math.min(view.sizeBytes, expected.sizeBytes)
  const found = sliceImage(view.slice(0, view.sizeBytes, 'partition'), 0, sizeBytes)
  const offset = firstDifference(found, sliceImage(expected, 0, sizeBytes))
  if (offset === undefined) return []
  return [{ message: `${what}: byte ${offset} is another than in the file that the config names` }]
}

function fileProblem(what: string, { path, kind, type, fields, firstDifferentByte }: FileDifference): Problem {
  if (kind === 'added') return { message: `${what}: "${path}" is missing, the config has a ${type} there` }
  if (kind === 'removed') return { message: `${what}: "${path}" is there, the config has nothing of that name` }
  const said = fields.map(fieldText)
  if (firstDifferentByte !== undefined) said.push(`its content differs from byte ${firstDifferentByte} on`)
  return { message: `${what}: "${path}": ${said.join('; ')}` }
}

function differenceProblems(what: string, differences: readonly FieldDifference[]): Problem[] {
  return differences.map((difference) => ({ message: `${what}: ${fieldText(difference)}` }))
}

function fieldText({ field, a, b }: FieldDifference): string {
  return `${field} is ${a ?? 'missing'}, the config says ${b ?? 'nothing'}`
}
