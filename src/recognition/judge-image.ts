/**
 * The one place that decides what a file is, for all commands that read images: a disk or a volume
 * (and what proves it), something else (and what it looks like), or a part of an image that was cut
 * off.
 */
import type { FieldFinding } from '../bytes/field-error.js'
import { Findings } from '../bytes/findings.js'
import { isZero } from '../bytes/zeros.js'
import { type DiskImage, isZeroFill } from '../image/extent.js'
import { ImageView } from '../image/image-view.js'
import { GptHeader } from '../tables/gpt/disklayout.js'
import { GPT_SECTOR_SIZES, hasGptSignature, PRIMARY_LBA } from '../tables/gpt/read-copy.js'
import type { ReadTable } from '../tables/read-table.js'
import { readTable } from '../tables/table-reader.js'
import { declaredSize } from './declared-size.js'
import { foreignFile, trailerOf } from './foreign-files.js'
import { type Evidence, evidenceOf } from './image-evidence.js'
import { recognise } from './recognise.js'
import type { ForeignFile } from './text-kinds.js'

export interface ImageVerdict {
  /** What proves that it is a disk or a volume. */
  readonly evidence?: Evidence
  /** What it certainly is instead; missing beside evidence. */
  readonly foreign?: ForeignFile
  /** What it looks like without evidence, where something can be said. */
  readonly unproven?: ForeignFile
  /**
   * What says that the image is longer than its bytes, with the byte up to which it should reach:
   * sorted, longest last.
   */
  readonly beyondEnd: readonly BeyondEnd[]
  /** What the reader of its partition table found. */
  readonly findings: readonly FieldFinding[]
}

export interface BeyondEnd {
  /** `partition 2 "root"`, `the backup GPT`, `the volume`. */
  readonly what: string
  readonly endByte: number
}

/**
 * IoError where the image cannot be read; nothing that it holds throws. `isHead`: only its first
 * bytes are there, so that volumes of flash memory are not searched for.
 */
export function judgeImage(image: DiskImage, name: string, { isHead = false } = {}): ImageVerdict {
  const view = ImageView.of(image, name)
  try {
    return judgeView(view, image, isHead)
  } finally {
    view.close()
  }
}

function judgeView(view: ImageView, image: DiskImage, isHead: boolean): ImageVerdict {
  const nothing = { beyondEnd: [], findings: [] }
  const findings = new Findings()
  const table = findings.attempt(() => readTable(view))
  // A table of which no copy can be followed is damaged, and one all the same.
  const isDamaged = table === undefined && findings.list.length > 0
  const foreign = isHybridDisk(view, table) ? trailerOf(view) : foreignFile(view)
  if (foreign !== undefined) return { ...nothing, foreign }
  const evidence: Evidence | undefined = isDamaged
    ? { kind: 'table', what: 'a damaged partition table' }
    : evidenceOf(view, table, { searchMemory: !isHead })
  const isHybridIso = evidence?.kind === 'table' && recognise(view)?.format === ISO
  if (evidence === undefined) return { ...nothing, ...unproven(view, image) }
  const beyondEnd = [
    ...beyondTable(view, evidence.kind === 'table' ? table : undefined),
    ...beyondVolume(view, isHybridIso ? ISO : evidence.format),
  ]
  return {
    evidence: isHybridIso ? { ...evidence, format: ISO } : evidence,
    beyondEnd: beyondEnd.toSorted((a, b) => a.endByte - b.endByte),
    findings: evidence.kind === 'table' ? (table?.findings ?? findings.list) : [],
  }
}

const ISO = 'iso9660'

/**
 * A GPT is a disk whatever stands before it, such as a program of EFI in a hybrid disk's sector 0.
 */
function isHybridDisk(view: ImageView, table: ReadTable | undefined): boolean {
  return (table !== undefined && table.kind !== 'mbr') || recognise(view)?.format === ISO
}

const CD: ForeignFile = {
  what: 'an ISO 9660 image of a CD without a partition table',
  hint: 'PCs start from such an image on a CD only; a hybrid ISO has a partition table as well.',
}

function unproven(view: ImageView, image: DiskImage): Pick<ImageVerdict, 'unproven'> {
  if (recognise(view)?.format === ISO) return { unproven: CD }
  if (isEmpty(image)) return { unproven: { what: 'a file of nothing but zeros' } }
  const known = recognise(view)
  return known === undefined
    ? {}
    : { unproven: { what: `known by its first bytes (${known.description}), not a whole disk or volume` } }
}

/**
 * Ranges of files count as content: whether they are zeros is known where somebody has looked for
 * them.
 */
function isEmpty({ extents }: DiskImage): boolean {
  return extents.every(({ source }) => (source.kind === 'bytes' ? isZero(source.bytes) : isZeroFill(source)))
}

function beyondTable(view: ImageView, table: ReadTable | undefined): BeyondEnd[] {
  if (table === undefined) return []
  const found: BeyondEnd[] = []
  const places = [...table.partitions, ...(table.extended === undefined ? [] : [table.extended])]
  for (const { number, name, startByte, sizeBytes } of places) {
    const endByte = startByte + sizeBytes
    if (endByte <= view.sizeBytes) continue
    const isExtended = number === table.extended?.number
    const what = isExtended ? 'the extended partition' : `partition ${number}${name === '' ? '' : ` "${name}"`}`
    found.push({ what, endByte })
  }
  const backupEnd = table.kind === 'mbr' ? undefined : backupGptEnd(view)
  if (backupEnd !== undefined && backupEnd > view.sizeBytes) found.push({ what: 'the backup GPT', endByte: backupEnd })
  return found
}

/** Where the primary header says that the disk ends. */
function backupGptEnd(view: ImageView): number | undefined {
  const sectorSize = GPT_SECTOR_SIZES.find((size) =>
    hasGptSignature(view, { which: 'primary', sectorSize: size, lba: PRIMARY_LBA }),
  )
  if (sectorSize === undefined) return undefined
  const header = new Findings().attempt(() => view.decode(GptHeader, PRIMARY_LBA * sectorSize))
  return header === undefined ? undefined : (header.AlternateLBA + 1) * sectorSize
}

function beyondVolume(view: ImageView, format: string | undefined): BeyondEnd[] {
  const endByte = format === undefined ? undefined : declaredSize(view, format)
  if (endByte === undefined || endByte <= view.sizeBytes) return []
  return [{ what: format === ISO ? 'the ISO 9660 volume' : 'the volume', endByte }]
}
