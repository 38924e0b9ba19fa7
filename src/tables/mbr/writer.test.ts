import { describe, expect, it } from 'vitest'
import { Mbr, MbrPartitionRecord } from './disklayout.js'
import { encodeMbr, MAX_LBA, type MbrTable } from './writer.js'

const SECTOR = 512
const LINUX = 0x83

function table(partial: Partial<MbrTable>): MbrTable {
  return { diskSizeBytes: 64 * 1024 ** 2, sectorSize: SECTOR, signature: 0x12345678, primary: [], ...partial }
}

/** The used records of every boot record, by its sector: [slot, active, type, StartingLBA, SizeInLBA]. */
function recordsBySector(mbr: MbrTable): Record<number, number[][]> {
  const found: Record<number, number[][]> = {}
  for (const { offset, source } of encodeMbr(mbr).extents) {
    if (source.kind !== 'bytes') throw new Error('a boot record is bytes')
    const { PartitionRecord } = Mbr.decode(source.bytes)
    const records = [0, 1, 2, 3].map((slot) =>
      MbrPartitionRecord.decode(PartitionRecord, slot * MbrPartitionRecord.SIZE),
    )
    found[offset / mbr.sectorSize] = records.flatMap((record, slot) =>
      record.OSType === 0
        ? []
        : [[slot + 1, record.BootIndicator, record.OSType, record.StartingLBA, record.SizeInLBA]],
    )
  }
  return found
}

describe('encodeMbr', () => {
  it('writes signature, records and boot signature, and no boot code', () => {
    const primary = [{ number: 2, type: 0x0c, active: true, firstLba: 2048, endLba: 4096 }]
    const [extent] = encodeMbr(table({ primary })).extents
    const bytes = extent!.source.kind === 'bytes' ? Buffer.from(extent!.source.bytes) : Buffer.alloc(0)
    expect(bytes.subarray(0, 440).every((byte) => byte === 0)).toBe(true)
    expect(bytes.toString('hex', 440)).toBe(
      `785634120000${'00'.repeat(16)}${'802021000c41010000080000'}00080000${'00'.repeat(32)}55aa`,
    )
  })

  it('chains logical partitions: each relative to its EBR, each link relative to the extended partition', () => {
    const logical = [
      { type: LINUX, active: false, firstLba: 6144, endLba: 8192, ebrLba: 4096 },
      { type: 0x82, active: true, firstLba: 8194, endLba: 9000, ebrLba: 8192 },
      { type: LINUX, active: false, firstLba: 20480, endLba: 20481, ebrLba: 18432 },
    ]
    const primary = [{ number: 1, type: LINUX, active: false, firstLba: 2048, endLba: 4096 }]
    expect(recordsBySector(table({ primary, extended: { number: 2, logical } }))).toEqual({
      0: [
        [1, 0, LINUX, 2048, 2048],
        [2, 0, 0x0f, 4096, 20481 - 4096],
      ],
      4096: [
        [1, 0, LINUX, 2048, 2048],
        [2, 0, 0x05, 4096, 9000 - 8192],
      ],
      8192: [
        [1, 0x80, 0x82, 2, 806],
        [2, 0, 0x05, 14336, 20481 - 18432],
      ],
      18432: [[1, 0, LINUX, 2048, 1]],
    })
  })

  it('counts in sectors of 4096 bytes where the disk does', () => {
    const primary = [{ number: 1, type: LINUX, active: false, firstLba: 256, endLba: 512 }]
    const image = encodeMbr(table({ primary, sectorSize: 4096 }))
    expect(image.extents.map(({ offset, length }) => [offset, length])).toEqual([[0, 4096]])
    expect(recordsBySector(table({ primary, sectorSize: 4096 }))).toEqual({ 0: [[1, 0, LINUX, 256, 256]] })
  })

  it('reaches sector 2^32 - 1 and throws beyond, where a plain write would wrap', () => {
    const ending = (endLba: number) =>
      table({ diskSizeBytes: 2 ** 43, primary: [{ number: 1, type: LINUX, active: false, firstLba: 1, endLba }] })
    expect(recordsBySector(ending(MAX_LBA + 1))).toEqual({ 0: [[1, 0, LINUX, 1, MAX_LBA]] })
    expect(() => encodeMbr(ending(MAX_LBA + 2))).toThrow('MBR_PARTITION_RECORD.SizeInLBA')
  })

  it('refuses what its caller should have refused', () => {
    const one = { number: 1, type: LINUX, active: false, firstLba: 2048, endLba: 4096 }
    expect(() => encodeMbr(table({ primary: [one, one] }))).toThrow('every slot is used once')
    expect(() => encodeMbr(table({ primary: [{ ...one, number: 5 }] }))).toThrow('slot 5 of an MBR')
  })
})
