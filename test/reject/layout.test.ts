import { describe, expect, it } from 'vitest'
import type { ConfigPath } from '../../src/errors.js'
import { DiskloomError } from '../../src/errors.js'
import { planDisk } from '../../src/layout/plan-disk.js'
import { type ImageDraft, imageSpec, KIB, MIB, rawFile, sectors, TIB } from '../support/image-spec.js'

/** What planning refuses, all at once. */
function problemsOf(draft: ImageDraft): {
  code: string
  problems: { message: string; hint?: string; path?: ConfigPath }[]
} {
  const { spec, payloads } = imageSpec(draft)
  try {
    planDisk(spec, payloads)
  } catch (error) {
    if (!(error instanceof DiskloomError)) throw error
    return { code: error.code, problems: [...error.problems] }
  }
  return { code: 'none', problems: [] }
}

function messagesOf(draft: ImageDraft): string[] {
  return problemsOf(draft).problems.map(({ message }) => message)
}

function numbered(count: number): { name: string; size: number }[] {
  return Array.from({ length: count }, (_, index) => ({ name: `p${index + 1}`, size: MIB }))
}

/** Every row: what is wrong, the disk, and every message that must come, in order. */
const REFUSED: [what: string, draft: ImageDraft, messages: string[]][] = [
  [
    'two partitions that overlap',
    {
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'a', ...sectors(2048, 6143) },
        { name: 'b', ...sectors(4096, 8191) },
      ],
    },
    ['Cannot place partition "b": sectors 4096–8191 overlap partition "a", sectors 2048–6143'],
  ],
  [
    'three that overlap, every pair',
    {
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'a', ...sectors(2048, 8191) },
        { name: 'b', ...sectors(4096, 4103) },
        { name: 'c', ...sectors(4096, 5119) },
      ],
    },
    [
      'Cannot place partition "b": sectors 4096–4103 overlap partition "a", sectors 2048–8191',
      'Cannot place partition "c": sectors 4096–5119 overlap partition "a", sectors 2048–8191',
      'Cannot place partition "c": sectors 4096–5119 overlap partition "b", sectors 4096–4103',
    ],
  ],
  [
    'a partition in the GPT',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', ...sectors(33, 2047) }] },
    ['Cannot place partition "a": sectors 33–2047 overlap the primary GPT header and entries, sectors 0–33'],
  ],
  [
    'a partition over the backup GPT',
    { sizeBytes: 4 * MIB, partitions: [{ name: 'a', ...sectors(2048, 8159) }] },
    [
      'Cannot place partition "a": sectors 2048–8159 end past the last usable sector 8158 (sectors 8159–8191 hold the backup GPT)',
    ],
  ],
  [
    'a partition past the end of an MBR disk',
    { table: 'mbr', sizeBytes: 4 * MIB, partitions: [{ name: 'a', ...sectors(2048, 8192) }] },
    ['Cannot place partition "a": sectors 2048–8192 end past the last sector 8191 of the disk'],
  ],
  [
    'a partition in the MBR',
    { table: 'mbr', sizeBytes: 4 * MIB, partitions: [{ name: 'a', ...sectors(0, 99) }] },
    ['Cannot place partition "a": sectors 0–99 overlap the MBR, sector 0'],
  ],
  [
    'a blob over another blob',
    {
      table: 'none',
      sizeBytes: 4 * MIB,
      partitions: [
        { name: 'spl', inTable: false, start: 8 * KIB, ...rawFile(30_000) },
        { name: 'uboot', inTable: false, start: 32 * KIB, ...rawFile(1000) },
      ],
    },
    ['Cannot place blob "uboot": sectors 64–65 overlap blob "spl", sectors 16–74'],
  ],
  [
    'a blob inside the entry array (Allwinner eGON)',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'spl', inTable: false, start: 8 * KIB, ...rawFile(32 * KIB) }] },
    ['Cannot place blob "spl": sectors 16–79 overlap the primary GPT header and entries, sectors 0–33'],
  ],
  [
    'a partition between the header and a moved array',
    {
      sizeBytes: 64 * MIB,
      gpt: { entries: 128, entriesAtBytes: MIB },
      partitions: [{ name: 'a', ...sectors(40, 99) }],
    },
    ['Cannot place partition "a": sectors 40–99 begin before the first usable sector 2080 of the GPT'],
  ],
  [
    'a moved array under a partition',
    {
      sizeBytes: 64 * MIB,
      gpt: { entries: 128, entriesAtBytes: MIB },
      partitions: [{ name: 'a', ...sectors(2048, 4095) }],
    },
    ['Cannot place partition "a": sectors 2048–4095 overlap the primary GPT entries, sectors 2048–2079'],
  ],
  [
    'an MBR partition one sector beyond 2 TiB',
    { table: 'mbr', sizeBytes: 3 * TIB, partitions: [{ name: 'big', start: MIB, endExclusive: 2 * TIB + 512 }] },
    [
      'Cannot place partition "big": sectors 2048–4294967296 end past sector 4294967295, the last that an MBR can say (2199023255552 bytes (2 TiB))',
    ],
  ],
  [
    'five primary partitions',
    { table: 'mbr', sizeBytes: 64 * MIB, partitions: numbered(5) },
    ['Cannot place partition "p5" in the table: it is number 5, an MBR has 4 primary entries'],
  ],
  [
    'four primary partitions and a logical one',
    { table: 'mbr', sizeBytes: 64 * MIB, partitions: [...numbered(4), { name: 'l', size: MIB, logical: true }] },
    [
      'Cannot place partition "l" in the table: the primary partitions before it take all 4 entries, the extended partition needs one',
    ],
  ],
  [
    'a logical partition, then a fourth primary one',
    {
      table: 'mbr',
      sizeBytes: 64 * MIB,
      partitions: [{ name: 'l', size: MIB, logical: true }, ...numbered(4)],
    },
    [
      'Cannot place partition "p4" in the table: it is number 5, an MBR has 4 primary entries, and the extended partition takes one of them',
    ],
  ],
  [
    'more logical partitions than util-linux reads',
    { table: 'mbr', partitions: numbered(57).map((partition) => ({ ...partition, logical: true })) },
    ['Cannot place partition "p57" in the table: it is number 61, fdisk and sfdisk read an MBR up to number 60'],
  ],
  [
    'more partitions than entries',
    { partitions: numbered(129) },
    ['Cannot place partition "p129" in the table: it is number 129, a GPT of 128 entries is full'],
  ],
  [
    'a GPT of fewer entries than its smallest array has',
    { gpt: { entries: 127 }, partitions: [] },
    ['Cannot make a GPT of 127 entries: 128 to 8192 are accepted'],
  ],
  [
    'a GPT of more entries than Linux reads',
    { gpt: { entries: 8193 }, partitions: [] },
    ['Cannot make a GPT of 8193 entries: 128 to 8192 are accepted'],
  ],
  [
    'a name of 37 units, of which two are an emoji',
    { sizeBytes: 64 * MIB, partitions: [{ name: `${'n'.repeat(35)}\u{1F9F5}`, size: MIB }] },
    [`Cannot write GPT name "${'n'.repeat(35)}\u{1F9F5}": 37 UTF-16 units, at most 36 are accepted`],
  ],
  [
    'a name with a control character',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a\0b', size: MIB }] },
    ['Cannot write partition name "a\\u0000b": control characters and lone surrogates are not accepted'],
  ],
  [
    'one name twice',
    {
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'a', size: MIB },
        { name: 'b', size: MIB },
        { name: 'a', size: MIB },
      ],
    },
    ['Cannot use name "a" for entry 3 of the list: entry 1 has it already'],
  ],
  [
    'one UUID twice, once in capitals',
    {
      sizeBytes: 64 * MIB,
      partitions: [
        { size: MIB, uuid: 'ab6ac9a7-3a4f-4bd2-9f9e-3f1d90df3c11' },
        { size: MIB, uuid: 'AB6AC9A7-3A4F-4BD2-9F9E-3F1D90DF3C11' },
      ],
    },
    ['Cannot use uuid "ab6ac9a7-3a4f-4bd2-9f9e-3f1d90df3c11" for entry 2 of the list: entry 1 has it already'],
  ],
  [
    'a UUID that is none',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', size: MIB, uuid: '1234-ABCD' }] },
    ['Cannot write UUID "1234-ABCD" of partition "a": accepted is 01234567-89ab-cdef-0123-456789abcdef, not all zeros'],
  ],
  [
    'a start inside a sector',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', start: MIB + 100, size: MIB }] },
    [
      'Cannot place partition "a": its start is at byte 1048676, which is inside a sector of 512 bytes',
      'Cannot place partition "a": its end is at byte 2097252, which is inside a sector of 512 bytes',
    ],
  ],
  [
    'a start that is a sector of 512 but not of 4096',
    { sectorSize: 4096, sizeBytes: 64 * MIB, partitions: [{ name: 'a', start: MIB + 512, endExclusive: 2 * MIB }] },
    ['Cannot place partition "a": its start is at byte 1049088, which is inside a sector of 4096 bytes'],
  ],
  [
    'a start that is no place',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', start: { kind: 'rest' }, size: MIB }] },
    ['Cannot place partition "a": `start: rest` is no place, accepted are bytes, sectors and %'],
  ],
  [
    'an align that is no sector',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', align: 1000, size: MIB }] },
    ['Cannot place partition "a": `align` is 1000 bytes, accepted are whole sectors of 512 bytes'],
  ],
  [
    'an end before its start',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', start: 2 * MIB, endExclusive: MIB }] },
    ['Cannot place partition "a": it ends before byte 1048576, ahead of its start at byte 2097152'],
  ],
  [
    'size 0',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', size: 0 }] },
    ['Cannot place partition "a": its size is 0, at least one sector of 512 bytes is accepted'],
  ],
  [
    'an empty raw file',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', ...rawFile(0) }] },
    ['Cannot place partition "a": the file is empty, at least one sector of 512 bytes is accepted'],
  ],
  [
    'neither end nor size, and not the last',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a' }, { name: 'b' }] },
    ['Cannot place partition "a": it has neither `end` nor `size`'],
  ],
  [
    'rest, then a partition without a start',
    {
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'a', size: { kind: 'rest' } },
        { name: 'b', size: { kind: 'rest' } },
      ],
    },
    ['Cannot place partition "b": it has no start, and partition "a" before it takes the rest of the disk'],
  ],
  [
    'rest of a disk without a size',
    { partitions: [{ name: 'a', size: { kind: 'rest' } }] },
    ['Cannot place partition "a": `rest` needs a disk with a size'],
  ],
  [
    'percent of a disk without a size',
    { partitions: [{ name: 'a', size: { kind: 'percent', percent: 50 } }] },
    ['Cannot place partition "a": `size: 50%` needs a disk with a size'],
  ],
  [
    'auto without a payload',
    { partitions: [{ name: 'a', size: { kind: 'auto' } }] },
    ['Cannot place partition "a": `size: auto` needs a payload to measure, and it has none'],
  ],
  [
    'rest with nothing left',
    { sizeBytes: 4 * MIB, partitions: [{ name: 'a', start: 4 * MIB - 512, size: { kind: 'rest' } }] },
    [
      'Cannot place partition "a": nothing is left for it: it starts at 4193792 bytes (4.00 MiB) and the usable space ends at 4177408 bytes (3.98 MiB)',
    ],
  ],
  [
    'a raw file larger than its partition',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'kernel', start: MIB, size: MIB, ...rawFile(MIB + 1) }] },
    [
      'Cannot copy boot.img into partition "kernel": it has 1048577 bytes (1.00 MiB), sectors 2048–4095 hold 1048576 bytes (1 MiB)',
    ],
  ],
  [
    'a disk that is no whole number of sectors',
    { sizeBytes: 64 * MIB + 1, partitions: [] },
    ['Cannot make a disk of 67108865 bytes: that is no whole number of 512-byte sectors'],
  ],
  [
    'a disk too small for its GPT',
    { sizeBytes: 34_304 - 512, partitions: [] },
    [
      'Cannot make a disk of 33792 bytes (33 KiB): the GPT itself and one sector for a partition take 34816 bytes (34 KiB)',
    ],
  ],
  [
    'a moved array inside a sector',
    { gpt: { entries: 128, entriesAtBytes: 1000 }, partitions: [] },
    ['Cannot put the GPT entries at byte 1000: a whole number of 512-byte sectors is accepted, from byte 1024 on'],
  ],
  [
    'an unknown type',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'a', size: MIB, type: 'root-amr64' }] },
    [
      'Partition "a": Cannot use partition type "root-amr64" in the GPT: accepted are a name (linux, esp, swap, data, root-arm64 …) or a GUID',
    ],
  ],
  [
    'what an MBR cannot say',
    {
      table: 'mbr',
      sizeBytes: 64 * MIB,
      partitions: [{ name: 'a', size: MIB, uuid: 'ab6ac9a7-3a4f-4bd2-9f9e-3f1d90df3c11', attributes: 1n }],
    },
    [
      'Cannot write `uuid` of partition "a": the MBR has no place for it',
      'Cannot write `attributes` of partition "a": the MBR has no place for it',
    ],
  ],
  [
    'what a blob cannot have',
    {
      sizeBytes: 64 * MIB,
      partitions: [{ name: 'spl', inTable: false, start: 32 * KIB, size: KIB, type: 'linux', bootable: true }],
    },
    [
      'Cannot write `type` of blob "spl": the partition table, in which it has no entry, has no place for it',
      'Cannot write `bootable` of blob "spl": the partition table, in which it has no entry, has no place for it',
    ],
  ],
  [
    'a logical partition under GPT',
    { sizeBytes: 64 * MIB, partitions: [{ name: 'l', size: MIB, logical: true }] },
    ['Cannot write `logical` of partition "l": the GPT has no place for it'],
  ],
  [
    'no room for an EBR',
    {
      table: 'mbr',
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'a', ...sectors(2048, 4095) },
        { name: 'l', logical: true, ...sectors(4097, 8191) },
      ],
    },
    [
      'Cannot place partition "l": its extended boot record needs 2 sectors before it, but partition "a" ends at sector 4095 and it starts at sector 4097',
    ],
  ],
  [
    'logical partitions against the order of the disk',
    {
      table: 'mbr',
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'x', logical: true, ...sectors(40960, 43007) },
        { name: 'y', logical: true, ...sectors(20480, 22527) },
      ],
    },
    [
      'Cannot number partition "y": it stands before partition "x", which is listed before it; logical partitions are accepted in the order of the disk, since each boot record leads to the next',
    ],
  ],
  [
    'a primary partition between logical ones',
    {
      table: 'mbr',
      sizeBytes: 64 * MIB,
      partitions: [
        { name: 'x', logical: true, ...sectors(4096, 8191) },
        { name: 'p', ...sectors(10240, 12287) },
        { name: 'y', logical: true, ...sectors(20480, 22527) },
      ],
    },
    ['Cannot place partition "p": sectors 10240–12287 lie inside the extended partition, sectors 2048–22527'],
  ],
]

describe('what layout refuses', () => {
  it.each(REFUSED)('%s', (_, draft, messages) => {
    expect(messagesOf(draft)).toEqual(messages)
  })

  it('says all at once, each with the path of its value', () => {
    const { code, problems } = problemsOf({
      sizeBytes: 8 * MIB,
      partitions: [
        { name: 'a', ...sectors(2048, 6143) },
        { name: 'a', ...sectors(4096, 20479) },
        { name: 'c', start: 3 * MIB + 1, size: MIB, type: 'swpa' },
      ],
    })
    expect(code).toBe('LAYOUT')
    expect(problems.map(({ path }) => path?.join('.'))).toEqual([
      'partitions.1.name',
      'partitions.2.start',
      'partitions.2.size',
      'partitions.1',
      'partitions.1',
      'partitions.2.type',
    ])
  })

  it('judges contents where places are wrong too', () => {
    const boot = { name: 'boot', start: MIB, size: MIB, ...rawFile(MIB + 1) }
    const overlapping = { name: 'b', start: MIB + 512, size: 512, type: 'nonsense-type' }
    expect(messagesOf({ sizeBytes: 8 * MIB, partitions: [boot, overlapping] })).toEqual([
      'Cannot place partition "b": sector 2049 overlaps partition "boot", sectors 2048–4095',
      expect.stringMatching(/^Cannot copy boot.img into partition "boot"/),
      expect.stringMatching(/^Partition "b": Cannot use partition type "nonsense-type"/),
    ])
  })

  it('says how the entry array can give way to a boot blob', () => {
    const { problems } = problemsOf({
      sizeBytes: 64 * MIB,
      partitions: [{ name: 'spl', inTable: false, start: 8 * KIB, ...rawFile(600 * KIB) }],
    })
    expect(problems[0]?.hint).toBe('Move the entry array behind it with gpt: { entries_at: 608KiB }, or use table: mbr')
  })

  it('says how large the disk must be', () => {
    const { problems } = problemsOf({ sizeBytes: 8 * MIB, partitions: [{ name: 'a', start: MIB, size: 8 * MIB }] })
    expect(problems[0]?.hint).toBe(
      'The disk needs at least 9457664 bytes (9.02 MiB) for all that is placed, it has 8388608 bytes (8 MiB)',
    )
  })

  it('takes its own advice: the disk that the hint names is large enough, one sector less is not', () => {
    const partitions = [{ name: 'a', start: MIB, size: 8 * MIB }]
    expect(messagesOf({ sizeBytes: 9457664, partitions })).toEqual([])
    expect(messagesOf({ sizeBytes: 9 * MIB + 32 * 512, partitions })).toHaveLength(1)
    expect(messagesOf({ sizeBytes: 9 * MIB + 33 * 512, partitions })).toEqual([])
  })

  it('throws a FormatError where only formats refused', () => {
    expect(problemsOf({ sizeBytes: 8 * MIB, partitions: [{ name: 'a', size: MIB, type: 'esq' }] })).toEqual({
      code: 'FORMAT',
      problems: [expect.objectContaining({ hint: 'Did you mean "esp"?', path: ['partitions', 0, 'type'] })],
    })
  })
})
