import assert from 'node:assert/strict'
import { crc32 } from '../../../src/bytes/crc32.js'
import { MAX_FINDINGS } from '../../../src/bytes/findings.js'
import { readTable } from '../../../src/tables/table-reader.js'
import { type Subject, viewOf } from './subject.js'

const HEADER_BYTES = 92

/** GPT, hybrid or MBR. What is read without a finding holds together. */
export const tableSubject =
  (sectorSize: number): Subject =>
  () =>
  (bytes, number) => {
    // What a sum protects is looked at, too.
    if (number % 2 === 0) mendSums(bytes, sectorSize)
    const table = readTable(viewOf(bytes))
    if (table === undefined) return 'no table'
    assert(table.findings.length <= MAX_FINDINGS)
    for (const { sizeBytes } of table.partitions) assert(sizeBytes > 0)
    if (table.findings.length > 0) return 'findings'
    let end = 0
    for (const { startByte, sizeBytes } of table.partitions.toSorted((a, b) => a.startByte - b.startByte)) {
      assert(startByte >= Math.max(end, table.sectorSize))
      end = startByte + sizeBytes
    }
    assert(end <= bytes.length)
    return 'silent'
  }

function mendSums(bytes: Buffer, sectorSize: number): void {
  for (const at of [sectorSize, bytes.length - sectorSize]) {
    if (at < 0 || at + HEADER_BYTES > bytes.length || bytes.toString('latin1', at, at + 8) !== 'EFI PART') continue
    const array = Number(bytes.readBigUInt64LE(at + 72)) * sectorSize
    const length = bytes.readUInt32LE(at + 80) * bytes.readUInt32LE(at + 84)
    if (array + length <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(array, array + length)), at + 88)
    bytes.writeUInt32LE(0, at + 16)
    const headerSize = bytes.readUInt32LE(at + 12)
    if (at + headerSize <= bytes.length) bytes.writeUInt32LE(crc32(bytes.subarray(at, at + headerSize)), at + 16)
  }
}
