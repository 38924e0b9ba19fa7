import { describe, expect, it } from 'vitest'
import { type ImageDraft, imageSpec, KIB, MIB, type PartitionDraft, rawFile } from '../../test/support/image-spec.js'
import { planDisk } from './plan-disk.js'

const REST = { kind: 'rest' } as const
const percent = (value: number) => ({ kind: 'percent', percent: value }) as const

/** [start, end] of every partition, in KiB. */
function placesOf(draft: ImageDraft): [number, number][] {
  const { spec, payloads } = imageSpec(draft)
  return planDisk(spec, payloads).partitions.map(({ startByte, endByte }) => [startByte / KIB, endByte / KIB])
}

/** [what, disk, partitions, places in KiB] */
const PLACED: [string, Omit<ImageDraft, 'partitions'>, PartitionDraft[], [number, number][]][] = [
  [
    'an omitted start at the next MiB after everything listed before it',
    {},
    [{ size: MIB + 512 }, { size: MIB }, { start: 16 * MIB, size: MIB }, { size: MIB }],
    [
      [1024, 2048.5],
      [3072, 4096],
      [16384, 17408],
      [17408, 18432],
    ],
  ],
  [
    'an omitted start where `align` says',
    { table: 'mbr' },
    [
      { size: 4 * KIB, align: 4 * KIB },
      { size: MIB, align: 64 * KIB },
    ],
    [
      [4, 8],
      [64, 1088],
    ],
  ],
  ['the first one of a disk without a table at its beginning', { table: 'none' }, [{ size: MIB }], [[0, 1024]]],
  [
    'an omitted start after a moved array',
    { gpt: { entries: 128, entriesAtBytes: MIB } },
    [{ size: MIB }],
    [[2048, 3072]],
  ],
  [
    'one of which end and size are known before its end',
    { sizeBytes: 16 * MIB },
    [{ endExclusive: 8 * MIB, size: MIB }],
    [[7168, 8192]],
  ],
  [
    'rest up to the next one with a start, and to the backup GPT',
    { sizeBytes: 16 * MIB },
    [{ size: REST }, { start: 8 * MIB, size: REST }],
    [
      [1024, 8192],
      [8192, 16384 - 16.5],
    ],
  ],
  [
    'rest before a logical partition, whose boot record needs room',
    { table: 'mbr', sizeBytes: 16 * MIB },
    [{ size: REST }, { logical: true, start: 8 * MIB, size: REST }],
    [
      [1024, 7168],
      [8192, 16384],
    ],
  ],
  [
    'the last one without a size on the rest, where the disk has a size',
    { table: 'mbr', sizeBytes: 16 * MIB },
    [{}],
    [[1024, 16384]],
  ],
  [
    'percentages on whole MiB, so that they meet',
    { sizeBytes: 101 * MIB },
    [
      { start: MIB, endExclusive: percent(33) },
      { start: percent(33), size: percent(10) },
      { start: percent(50), endExclusive: percent(100) },
    ],
    [
      [1024, 33 * 1024],
      [33 * 1024, 43 * 1024],
      [50 * 1024, 101 * 1024 - 16.5],
    ],
  ],
  [
    'a raw file on whole sectors of its own length',
    {},
    [{ ...rawFile(1) }, { ...rawFile(512) }, { ...rawFile(513) }],
    [
      [1024, 1024.5],
      [2048, 2048.5],
      [3072, 3073],
    ],
  ],
  [
    'a blob at a byte that is no sector',
    { sectorSize: 4096, table: 'none' },
    [{ inTable: false, start: 33 * KIB, ...rawFile(1000) }],
    [[33, 36]],
  ],
  [
    'logical partitions behind 1 MiB for each boot record',
    { table: 'mbr' },
    [{ size: MIB }, { logical: true, size: MIB }, { logical: true, size: MIB }],
    [
      [1024, 2048],
      [3072, 4096],
      [5120, 6144],
    ],
  ],
]

describe('placePartitions', () => {
  it.each(PLACED)('places %s', (_, disk, partitions, places) => {
    expect(placesOf({ ...disk, partitions })).toEqual(places)
  })
})
