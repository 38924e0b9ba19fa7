import { describe, expect, it } from 'vitest'
import { crc32 } from '../../bytes/crc32.js'
import type { DiskImage } from '../../image/extent.js'
import { extentEnd } from '../../image/extent.js'
import { GptHeader, GptPartitionEntry } from './disklayout.js'
import { gptGeometry } from './geometry.js'
import { encodeGpt, type GptPartition } from './writer.js'

const DISK = '01234567-89ab-cdef-0123-456789abcdef'
const LINUX = '0fc63daf-8483-4772-8e79-3d69d8477de4'
const SECTOR = 512
const SECTORS = 2048

const PARTITION: GptPartition = {
  number: 3,
  typeGuid: LINUX,
  uuid: DISK,
  firstLba: 34,
  endLba: 100,
  attributes: (1n << 63n) | 5n,
  name: 'größe\u{1F9F5}',
}

function encode(entries: number, partitions: GptPartition[]): DiskImage {
  return encodeGpt(gptGeometry(SECTORS * SECTOR, { entries, sectorSize: SECTOR }), DISK, partitions)
}

function bytesAt(image: DiskImage, offset: number, length: number): Uint8Array {
  for (const extent of image.extents) {
    if (extent.source.kind !== 'bytes' || offset < extent.offset || offset + length > extentEnd(extent)) continue
    return extent.source.bytes.subarray(offset - extent.offset, offset - extent.offset + length)
  }
  throw new Error(`nothing at ${offset}`)
}

describe('encodeGpt', () => {
  it('writes only the table', () => {
    const stretches = encode(128, []).extents.map((extent) => [extent.offset / SECTOR, extentEnd(extent) / SECTOR])
    expect(stretches).toEqual([
      [0, 1],
      [1, 2],
      [2, 34],
      [2015, 2047],
      [2047, 2048],
    ])
  })

  it('swaps the two headers and leads each to its own array', () => {
    const image = encode(128, [PARTITION])
    const primary = GptHeader.decode(bytesAt(image, SECTOR, SECTOR))
    const backup = GptHeader.decode(bytesAt(image, 2047 * SECTOR, SECTOR))
    expect(primary).toMatchObject({ MyLBA: 1, AlternateLBA: 2047, PartitionEntryLBA: 2 })
    expect(backup).toEqual({
      ...primary,
      MyLBA: 2047,
      AlternateLBA: 1,
      PartitionEntryLBA: 2015,
      HeaderCRC32: backup.HeaderCRC32,
    })
    expect(primary).toMatchObject({ FirstUsableLBA: 34, LastUsableLBA: 2014 })
  })

  it('sums 92 bytes of header and all entries, used or not', () => {
    for (const entries of [4, 56, 128, 129]) {
      const image = encode(entries, [PARTITION])
      const record = bytesAt(image, SECTOR, GptHeader.SIZE).slice()
      const header = GptHeader.decode(record)
      record.fill(0, 16, 20)
      expect(header.HeaderCRC32).toBe(crc32(record))
      expect(header.PartitionEntryArrayCRC32).toBe(crc32(bytesAt(image, 2 * SECTOR, entries * 128)))
    }
  })

  it('writes an entry at its number, with an inclusive end and the name in UTF-16LE', () => {
    const image = encode(128, [PARTITION])
    const entry = bytesAt(image, 2 * SECTOR + 2 * GptPartitionEntry.SIZE, GptPartitionEntry.SIZE)
    expect(Buffer.from(entry).toString('hex')).toBe(
      `${'af3dc60f838472478e793d69d8477de4'}${'67452301ab89efcd0123456789abcdef'}` +
        `${'2200000000000000'}${'6300000000000000'}${'0500000000000080'}` +
        `${'67007200f600df0065003ed8f5dd'.padEnd(144, '0')}`,
    )
    const unused = bytesAt(image, 2 * SECTOR, 2 * GptPartitionEntry.SIZE)
    expect(unused.every((byte) => byte === 0)).toBe(true)
  })

  it('protects the disk with one entry over all of it, or as much as it can say', () => {
    const sector = (image: DiskImage) => Buffer.from(bytesAt(image, 0, SECTOR)).toString('hex', 440)
    const rest = '00'.repeat(48)
    expect(sector(encode(128, []))).toBe(`000000000000${'00000200eeffffff01000000ff070000'}${rest}55aa`)
    const huge = encodeGpt(gptGeometry(3 * 2 ** 40, { entries: 128, sectorSize: SECTOR }), DISK, [])
    expect(sector(huge)).toBe(`000000000000${'00000200eeffffff01000000ffffffff'}${rest}55aa`)
  })

  it('refuses what its caller should have refused', () => {
    expect(() => encode(2, [PARTITION])).toThrow('invariant: entry 3 of 2')
    expect(() => encode(128, [{ ...PARTITION, name: 'n'.repeat(37) }])).toThrow('invariant: a GPT name of 37 units')
  })
})
