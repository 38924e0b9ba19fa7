/** Whether an image contradicts itself: its table, and every volume that is read here. */
import { appendAll } from '../bytes/append-all.js'
import { type FieldFinding, findingProblem } from '../bytes/field-error.js'
import { FormatError, type Problem } from '../errors.js'
import { declaredSize } from '../recognition/declared-size.js'
import { VERITY_FORMAT } from '../recognition/known-formats.js'
import { type CheckedHashes, checkHashes } from './check-hashes.js'
import { isNamed } from './open-content.js'
import type { OpenImage, OpenPartition } from './open-image.js'

/** Something that is wrong, with its place on the disk. */
export interface ImageFinding extends FieldFinding {
  /** Missing for the table. */
  readonly partition?: { readonly number?: number; readonly name: string }
}

export interface ImageCheck {
  readonly findings: readonly ImageFinding[]
  /** Findings that are no damage: a volume that was not unmounted, a hint that no reader follows. */
  readonly harmless: readonly ImageFinding[]
  /** What was looked at: `the partition table`, `partition 2 "root" (ext4)`. */
  readonly checked: readonly string[]
  /** What is known by its signs and not read here: `partition 3 "app" (squashfs)`. */
  readonly named: readonly string[]
}

/** IoError where the image cannot be read. */
export function checkImage(disk: OpenImage): ImageCheck {
  const found: ImageFinding[] = [...(disk.table?.findings ?? [])]
  const checked = disk.table === undefined ? [] : [`the partition table (${disk.table.kind})`]
  const named: string[] = []
  for (const partition of disk.partitions) {
    const { volume, problem, format } = partition.content()
    if (format === VERITY_FORMAT) {
      const { findings, covers = format } = checkedHashes(disk, partition)
      checked.push(`${nameOf(partition)} (${covers})`)
      appendAll(
        found,
        findings.map((finding) => onDisk(finding, partition)),
      )
      continue
    }
    if (volume === undefined && problem === undefined) {
      if (isNamed(format)) named.push(`${nameOf(partition)} (${format})`)
      appendAll(
        found,
        beyondItsPlace(partition, format).map((finding) => onDisk(finding, partition)),
      )
      continue
    }
    checked.push(`${nameOf(partition)} (${format})`)
    const findings = problem === undefined ? checkVolume(partition) : [findingOf(problem)]
    appendAll(
      found,
      findings.map((finding) => onDisk(finding, partition)),
    )
  }
  const isHarmless = ({ isHarmless: is }: ImageFinding): boolean => is === true
  return {
    findings: found.filter((finding) => !isHarmless(finding)),
    harmless: found.filter(isHarmless),
    checked,
    named,
  }
}

function checkedHashes(disk: OpenImage, partition: OpenPartition): CheckedHashes {
  try {
    return checkHashes(disk, partition)
  } catch (error) {
    if (error instanceof FormatError) return { findings: [findingOf(error)] }
    throw error
  }
}

/** What is known by its signs alone still says how long it is. */
function beyondItsPlace({ view }: OpenPartition, format: string): FieldFinding[] {
  const found = declaredSize(view, format)
  if (found === undefined || found <= view.sizeBytes) return []
  const expected = `at most ${view.sizeBytes}, where its place ends,`
  return [{ structure: `${format} superblock`, offset: 0, field: 'the length of the volume', found, expected }]
}

function checkVolume(partition: OpenPartition): readonly FieldFinding[] {
  try {
    return partition.content().volume!.check()
  } catch (error) {
    if (error instanceof FormatError) return [findingOf(error)]
    throw error
  }
}

/** Readers put a finding's fields into the details of what they throw. */
function findingOf({
  details,
  message,
  hint,
}: {
  details: object
  message: string
  hint?: string | undefined
}): FieldFinding {
  const { structure, offset, field, found, expected } = details as Partial<FieldFinding>
  if (structure !== undefined && offset !== undefined && field !== undefined && found !== undefined) {
    return {
      structure,
      offset,
      field,
      found,
      expected: expected ?? 'something else',
      ...(hint !== undefined && { hint }),
    }
  }
  return { structure: 'volume', offset: 0, field: 'the whole', found: message, expected: 'a volume that can be read' }
}

function onDisk(finding: FieldFinding, { number, name, startByte }: OpenPartition): ImageFinding {
  const partition = { ...(number !== undefined && { number }), name }
  return { ...finding, offset: startByte + finding.offset, partition }
}

/** `partition 2 "root"`; `the volume` where there is no table. */
export function nameOf({ number, name }: { readonly number?: number | undefined; readonly name: string }): string {
  if (number === undefined) return 'the volume'
  return `partition ${number}${name === '' ? '' : ` "${name}"`}`
}

/** `partition 2 "root": inode 12 at byte 1234 of "sd.img": i_mode is …` */
export function imageFindingProblem(path: string, finding: ImageFinding): Problem {
  const problem = findingProblem(path, finding)
  if (finding.partition === undefined) return problem
  return { ...problem, message: `${nameOf(finding.partition)}: ${problem.message}` }
}
