/**
 * The partition table of an image value, as far as flashing needs it: to name the partition of a bad byte, and to move the
 * backup GPT and grow the last partition.
 */
import type { FieldFinding } from '../bytes/field-error.js'
import { Findings } from '../bytes/findings.js'
import { FormatError } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { ImageView } from '../image/image-view.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { GptHeader } from '../tables/gpt/disklayout.js'
import { GPT_SECTOR_SIZES, type GptPlace, hasGptSignature, PRIMARY_LBA, readGptCopy } from '../tables/gpt/read-copy.js'
import { readGptPartitions } from '../tables/gpt/read-entries.js'
import type { ReadPartition } from '../tables/read-table.js'
import { readTable as readAnyTable } from '../tables/table-reader.js'

/** A partition and where it stands, [startByte, endByte). */
export interface PartitionPlace {
  /** 1 for the first entry; undefined for what stands outside the table. */
  readonly number: number | undefined
  /** '' where the table has no names. */
  readonly name: string
  readonly startByte: number
  readonly endByte: number
}

export interface GptTable {
  readonly kind: 'gpt'
  readonly sectorBytes: number
  readonly header: GptHeader
  /** All entries, NumberOfPartitionEntries × SizeOfPartitionEntry bytes. */
  readonly entries: Uint8Array
  readonly partitions: readonly PartitionPlace[]
}

export interface MbrTable {
  readonly kind: 'mbr'
  readonly partitions: readonly (PartitionPlace & { readonly extended: boolean })[]
}

export interface NoTable {
  readonly kind: 'none'
  readonly partitions: readonly []
}

export type ImageTable = GptTable | MbrTable | NoTable

/** Gives `length` bytes from `offset` on; zeros behind the end. */
export type ReadBytes = (offset: number, length: number) => Uint8Array

/** Reads stretches of an image; each call opens and checks the files behind it. */
export function readerOf(image: DiskImage): ReadBytes {
  return (offset, length) => {
    const target = new Uint8Array(length)
    const reader = new PayloadReader()
    try {
      readImage(image, offset, target, reader)
      reader.close()
    } finally {
      reader.abandon()
    }
    return target
  }
}

/**
 * `sectorBytes`: of the device that the image is for; an MBR does not tell its own. FormatError where the image has a GPT
 * whose primary copy is damaged: what is written to a device must not begin with that.
 */
export function readTable(image: DiskImage, sectorBytes: number): ImageTable {
  const view = ImageView.of(image, 'the image')
  try {
    for (const sectorSize of GPT_SECTOR_SIZES) {
      const place: GptPlace = { which: 'primary', sectorSize, lba: PRIMARY_LBA }
      if (hasGptSignature(view, place)) return gptTable(view, place)
    }
    return tableWithoutGpt(view, sectorBytes)
  } finally {
    view.close()
  }
}

function gptTable(view: ImageView, place: GptPlace): GptTable {
  const findings = new Findings()
  const copy = readGptCopy(view, place, findings)
  if (copy === undefined || findings.list.length > 0) throw damaged(findings.list[0]!)
  return {
    kind: 'gpt',
    sectorBytes: copy.sectorSize,
    header: copy.header,
    entries: copy.entries,
    partitions: readGptPartitions(view, copy, findings).map(placeOf),
  }
}

function damaged(finding: FieldFinding): FormatError {
  const { field, found, expected } = finding
  // A sum is not expected: it comes from what stands there.
  const said = field.endsWith('CRC32') ? `its bytes give ${expected}` : `${expected} is expected`
  return new FormatError(`Cannot read the GPT of the image: ${field} is ${found}, ${said}`, {
    hint: 'The image is damaged or was cut; make or fetch it again.',
    details: { ...finding },
  })
}

function placeOf({ number, name, startByte, sizeBytes }: ReadPartition): PartitionPlace {
  return { number, name, startByte, endByte: startByte + sizeBytes }
}

/** A boot sector without partitions (a FAT over the whole card, say) is no table; a GPT of which only the backup is left is damaged. */
function tableWithoutGpt(view: ImageView, sectorBytes: number): MbrTable | NoTable {
  const table = readAnyTable(view, sectorBytes)
  if (table === undefined) return { kind: 'none', partitions: [] }
  if (table.kind !== 'mbr') throw damaged(table.findings[0]!)
  const primary = table.partitions.filter(({ logical }) => !logical)
  const partitions = [
    ...primary.map((partition) => ({ ...placeOf(partition), extended: false })),
    ...(table.extended === undefined ? [] : [{ ...placeOf(table.extended), extended: true }]),
  ]
  return partitions.length === 0 ? { kind: 'none', partitions: [] } : { kind: 'mbr', partitions }
}
