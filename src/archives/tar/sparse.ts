/**
 * Sparse files in tars: GNU's old form (typeflag S, the map in the header and blocks after it) and its PAX forms 0.0, 0.1
 * (the map in records) and 1.0 (the map before the data).  [GNU tar manual, "Storing Sparse Files"]
 */

import { alignUp } from '../../bytes/align.js'
import { appendAll } from '../../bytes/append-all.js'
import { FormatError } from '../../errors.js'
import type { ArchiveFile } from '../archive-file.js'
import {
  GnuSparseHeader,
  OLD_GNU_SPARSE_OFFSET,
  OldGnuSparse,
  SPARSE_ENTRY_BYTES,
  SPARSE_NUMBER_BYTES,
  TAR_BLOCK_BYTES,
} from './disklayout.js'
import { paxNumber, tarNumber } from './fields.js'
import type { PaxAttributes } from './pax.js'

/** Stretch of a file that the archive holds; what no stretch covers is a hole. */
export interface TarStretch {
  readonly offset: number
  readonly length: number
  /** Byte in the archive. */
  readonly archiveOffset: number
}

export interface StoredFile {
  /** The header, where it is one of the old GNU form. */
  readonly block: Uint8Array | undefined
  readonly pax: PaxAttributes
  /** First byte after the header. */
  readonly dataOffset: number
  /** Bytes after the header that the header counts. */
  readonly storedBytes: number
}

export interface StoredContent {
  readonly sizeBytes: number
  readonly stretches: readonly TarStretch[]
  /** First byte after the data, before padding. */
  readonly dataEnd: number
}

type Map01 = readonly (readonly [offset: number, length: number])[]

export function readSparseMap(archive: ArchiveFile, file: StoredFile): StoredContent {
  const { pax, dataOffset, storedBytes } = file
  const where = `the sparse map of the tar header at byte ${dataOffset - TAR_BLOCK_BYTES}`
  if (file.block !== undefined) return oldGnu(archive, file.block, file, where)
  if (pax.text('GNU.sparse.major') === '1') return pax10(archive, file, where)
  const size = pax.text('GNU.sparse.size')
  if (size !== undefined) {
    const numbers = pax.text('GNU.sparse.map')?.split(',') ?? repeatedNumbers(pax)
    const map = pairs(
      numbers.filter((text) => text !== '').map((text) => paxNumber(text, where)),
      where,
    )
    return place(map, paxNumber(size, where), dataOffset, dataOffset + storedBytes, where)
  }
  const whole = storedBytes === 0 ? [] : [{ offset: 0, length: storedBytes, archiveOffset: dataOffset }]
  return { sizeBytes: storedBytes, stretches: whole, dataEnd: dataOffset + storedBytes }
}

/** Format 0.0 repeats the two keys in turn. */
function repeatedNumbers(pax: PaxAttributes): string[] {
  return pax.repeated('GNU.sparse.offset', 'GNU.sparse.numbytes').map(([, value]) => value)
}

function oldGnu(
  archive: ArchiveFile,
  block: Uint8Array,
  { dataOffset, storedBytes }: StoredFile,
  where: string,
): StoredContent {
  const head = OldGnuSparse.decode(block, OLD_GNU_SPARSE_OFFSET)
  const map = [...oldGnuEntries(head.sp, where)]
  let offset = dataOffset
  for (let more = head.isextended[0] !== 0; more; offset += TAR_BLOCK_BYTES) {
    const next = GnuSparseHeader.decode(archive.read(offset, TAR_BLOCK_BYTES, where))
    appendAll(map, oldGnuEntries(next.sp, where))
    more = next.isextended[0] !== 0
  }
  return place(
    map,
    tarNumber(head.realsize, () => where),
    offset,
    offset + storedBytes,
    where,
  )
}

function* oldGnuEntries(table: Uint8Array, where: string): Generator<readonly [number, number]> {
  for (let at = 0; at < table.length; at += SPARSE_ENTRY_BYTES) {
    // An unused entry begins with NUL.
    if (table[at] === 0) return
    const length = table.subarray(at + SPARSE_NUMBER_BYTES, at + SPARSE_ENTRY_BYTES)
    yield [tarNumber(table.subarray(at, at + SPARSE_NUMBER_BYTES), () => where), tarNumber(length, () => where)]
  }
}

const LINE_FEED = 0x0a

/** Before the data, in blocks of their own: the count of stretches, then offset and length of each, a line a number. */
function pax10(archive: ArchiveFile, { pax, dataOffset, storedBytes }: StoredFile, where: string): StoredContent {
  const dataEnd = dataOffset + storedBytes
  let at = dataOffset
  const nextNumber = (): number => {
    let digits = ''
    for (;;) {
      if (at >= dataEnd)
        throw new FormatError(`Cannot read ${where}: it is longer than its entry, which ends at ${dataEnd}`)
      const byte = archive.read(at++, 1, where)[0]!
      if (byte === LINE_FEED) return paxNumber(digits, where)
      digits += String.fromCharCode(byte)
    }
  }
  const count = nextNumber()
  const map: [number, number][] = []
  while (map.length < count) map.push([nextNumber(), nextNumber()])
  const start = dataOffset + alignUp(at - dataOffset, TAR_BLOCK_BYTES)
  return place(map, paxNumber(pax.text('GNU.sparse.realsize') ?? '', where), start, dataEnd, where)
}

function pairs(numbers: readonly number[], where: string): Map01 {
  if (numbers.length % 2 !== 0)
    throw new FormatError(`Cannot read ${where}: ${numbers.length} numbers, pairs are accepted`)
  return numbers.flatMap((number, index) => (index % 2 === 0 ? [[number, numbers[index + 1]!] as const] : []))
}

/** Lays the stretches on the data, which follows without gaps. Throws where they are out of order or do not fit. */
function place(map: Map01, sizeBytes: number, start: number, dataEnd: number, where: string): StoredContent {
  const stretches: TarStretch[] = []
  let archiveOffset = start
  let end = 0
  for (const [offset, length] of map) {
    if (offset < end || length < 0 || offset + length > sizeBytes || archiveOffset + length > dataEnd) {
      throw new FormatError(
        `Cannot read ${where}: ${length} bytes at ${offset} do not fit behind ${end} in a file of ${sizeBytes} bytes with ${dataEnd - start} stored`,
      )
    }
    if (length > 0) stretches.push({ offset, length, archiveOffset })
    archiveOffset += length
    end = offset + length
  }
  return { sizeBytes, stretches, dataEnd }
}
