/** Partition tables that others made, whole and with one field damaged each: sfdisk says what is in them, sgdisk what is wrong. */
import { copyFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { crc32 } from '../../src/bytes/crc32.js'
import { FormatError } from '../../src/errors.js'
import type { ReadTable } from '../../src/tables/read-table.js'
import { readTable } from '../../src/tables/table-reader.js'
import { withLoopDevice } from '../support/loop-device.js'
import { withView } from '../support/open-view.js'
import { canMount, describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { patch, peek } from '../support/patch-file.js'

const MIB = 1 << 20
const SECTOR = 512
const folder = scratchFolder()

function disk(name: string, mib = 64): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  truncateSync(path, mib * MIB)
  return path
}

function sfdisk(path: string, script: string): void {
  const { status, stderr } = runTool('sfdisk', ['--quiet', path], { input: script })
  expect(stderr).toBe('')
  expect(status).toBe(0)
}

function parted(path: string, ...commands: string[]): void {
  tool('parted', '--script', path, ...commands)
}

/** The image `disk.img` of a genimage configuration. */
function genimage(name: string, hdimage: string, partitions: string[]): string {
  const root = join(folder, name)
  tool('mkdir', '-p', join(root, 'in'), join(root, 'root'))
  writeFileSync(join(root, 'in', 'content'), Buffer.alloc(MIB, 'c'))
  const lines = partitions.map((partition, index) => `partition p${index} { image = "content"\n ${partition} }`)
  writeFileSync(join(root, 'cfg'), `image disk.img { hdimage { ${hdimage} }\n ${lines.join('\n')} }`)
  const places = ['root', 'tmp', 'in', 'out'].map(
    (part, index) => `--${['root', 'tmp', 'input', 'output'][index]}path=${join(root, part)}`,
  )
  tool('genimage', `--config=${join(root, 'cfg')}`, ...places)
  return join(root, 'out', 'disk.img')
}

function read(path: string): ReadTable | undefined {
  return withView(path, (view) => readTable(view))
}

interface SfdiskPartition {
  node: string
  start: number
  size: number
  type: string
  uuid?: string
  name?: string
  bootable?: boolean
  attrs?: string
}

/** What sfdisk says, in the words of ReadTable; of a hybrid it reads the GPT, too. */
function sfdiskSays(path: string): { id: string; rows: unknown[]; extended: unknown } {
  const { partitiontable } = JSON.parse(tool('sfdisk', '--json', path)) as {
    partitiontable: { label: string; id: string; sectorsize: number; partitions?: SfdiskPartition[] }
  }
  const { label, id, sectorsize, partitions = [] } = partitiontable
  const rows = partitions.map(({ node, start, size, type, uuid, name, bootable, attrs }) => ({
    number: Number(/\d+$/.exec(node)![0]),
    name: name ?? '',
    startByte: start * sectorsize,
    sizeBytes: size * sectorsize,
    type: label === 'gpt' ? type.toLowerCase() : `0x${type.padStart(2, '0')}`,
    uuid: uuid?.toLowerCase(),
    bootable: bootable ?? attrs?.includes('LegacyBIOSBootable') ?? false,
  }))
  const isContainer = ({ type }: { type: string }): boolean => ['0x05', '0x0f', '0x85'].includes(type)
  return { id: id.toLowerCase(), rows: rows.filter((row) => !isContainer(row)), extended: rows.find(isContainer) }
}

function expectAsSfdisk(table: ReadTable, path: string): void {
  const row = ({
    number,
    name,
    startByte,
    sizeBytes,
    type,
    uuid,
    bootable,
  }: ReadTable['partitions'][number]): unknown => ({
    number,
    name,
    startByte,
    sizeBytes,
    type,
    uuid,
    bootable,
  })
  const { extended } = table
  expect({ id: table.id, rows: table.partitions.map(row), extended: extended && row(extended) }).toEqual(
    sfdiskSays(path),
  )
}

describeWithTools(
  'partition tables that others made',
  ['sgdisk', 'sfdisk', 'parted', 'genimage', 'mkfs.fat', 'mke2fs'],
  () => {
    const makers: [name: string, kind: ReadTable['kind'], make: (name: string) => string][] = [
      [
        'sgdisk',
        'gpt',
        (name) => {
          const path = disk(name)
          const args = [
            '-n',
            '1:2048:+8M',
            '-c',
            '1:boot \u{1F9F5} 分区',
            '-t',
            '1:ef00',
            '-A',
            '1:set:2',
            '-A',
            '1:set:63',
          ]
          tool('sgdisk', ...args, '-n', '9:0:+4M', '-n', '128:40M:-2M', '-c', `128:${'n'.repeat(36)}`, path)
          return path
        },
      ],
      [
        'sgdisk with 256 entries',
        'gpt',
        (name) => {
          const path = disk(name)
          tool('sgdisk', '--resize-table=256', '-n', '200:4096:+1M', path)
          return path
        },
      ],
      [
        'sgdisk, hybrid',
        'hybrid',
        (name) => {
          const path = disk(name)
          tool('sgdisk', '-n', '1:2048:+8M', '-t', '1:0700', '-n', '2:0:+8M', '--hybrid', '1:2', path)
          return path
        },
      ],
      [
        'sfdisk, GPT',
        'gpt',
        (name) => {
          const path = disk(name)
          sfdisk(
            path,
            'label: gpt\nsize=4MiB, type=uefi, name="efi", attrs="RequiredPartition"\nstart=20MiB, name="rest"\n',
          )
          return path
        },
      ],
      [
        'sfdisk, empty GPT',
        'gpt',
        (name) => {
          const path = disk(name)
          sfdisk(path, 'label: gpt\n')
          return path
        },
      ],
      [
        'sfdisk, MBR',
        'mbr',
        (name) => {
          const path = disk(name)
          const logical = Array.from({ length: 12 }, () => 'size=1MiB, type=83\n').join('')
          sfdisk(
            path,
            `label: dos\nlabel-id: 0x1234abcd\nsize=4MiB, type=c, bootable\nsize=40MiB, type=f\n${logical}size=2MiB, type=82\n`,
          )
          return path
        },
      ],
      [
        'sfdisk, MBR without partitions',
        'mbr',
        (name) => {
          const path = disk(name)
          sfdisk(path, 'label: dos\n')
          return path
        },
      ],
      [
        'parted, GPT',
        'gpt',
        (name) => {
          const path = disk(name)
          parted(
            path,
            'mklabel',
            'gpt',
            'mkpart',
            'esp',
            'fat32',
            '1MiB',
            '9MiB',
            'set',
            '1',
            'esp',
            'on',
            'mkpart',
            'root',
            '10MiB',
            '100%',
          )
          return path
        },
      ],
      [
        'parted, MBR',
        'mbr',
        (name) => {
          const path = disk(name)
          const logical = ['mkpart', 'logical', '12MiB', '20MiB', 'mkpart', 'logical', '30MiB', '50MiB', 'rm', '5']
          parted(
            path,
            'mklabel',
            'msdos',
            'mkpart',
            'primary',
            '1MiB',
            '9MiB',
            'mkpart',
            'extended',
            '10MiB',
            '100%',
            ...logical,
          )
          return path
        },
      ],
      [
        'genimage, GPT',
        'gpt',
        () =>
          genimage('g-gpt', 'partition-table-type = "gpt"', [
            'bootable = true',
            'partition-uuid = "01234567-89ab-4cde-8f01-23456789abcd"',
          ]),
      ],
      [
        'genimage, MBR',
        'mbr',
        () =>
          genimage('g-mbr', 'partition-table-type = "mbr"\nextended-partition = 3', [
            'partition-type = 0xc',
            '',
            '',
            '',
            '',
          ]),
      ],
      [
        'genimage, hybrid',
        'hybrid',
        () =>
          genimage('g-hybrid', 'partition-table-type = "hybrid"', [
            'partition-type = 0xc\npartition-type-uuid = "F"',
            'partition-type-uuid = "L"',
          ]),
      ],
    ]

    it.each(makers)('%s', (name, kind, make) => {
      const path = make(name)
      const table = read(path)!
      expect(table.findings).toEqual([])
      expect(table).toMatchObject({ kind, copy: 'primary', sectorSize: SECTOR })
      expectAsSfdisk(table, path)
    })

    it.runIf(canMount())('sectors of 4096 bytes', () => {
      const scripts = { gpt: 'label: gpt\nsize=8MiB\n', mbr: 'label: dos\nsize=8MiB\ntype=5\nsize=4MiB\nsize=4MiB\n' }
      for (const [kind, script] of Object.entries(scripts)) {
        const path = disk(`4096-${kind}`)
        withLoopDevice(path, 4096, (device) => {
          // The kernel cannot read a loop device's table again: sfdisk says so, and has written it.
          runTool('sfdisk', ['--quiet', device], { input: script })
          const table = read(path)!
          expect(table).toMatchObject({ kind, sectorSize: 4096, findings: [] })
          expectAsSfdisk(table, device)
        })
      }
    })

    it('what has no table', () => {
      const superfloppy = disk('superfloppy', 4)
      tool('mkfs.fat', superfloppy)
      const fakeMbr = disk('fake-mbr', 4)
      tool('mkfs.fat', '--mbr=yes', fakeMbr)
      const ext = disk('ext', 4)
      tool('mke2fs', '-q', ext)
      for (const path of [superfloppy, fakeMbr, ext, disk('zeros', 1)]) expect(read(path), path).toBeUndefined()
      const short = join(folder, 'short')
      for (const size of [0, 1, 511]) {
        writeFileSync(short, Buffer.alloc(size, 0x55))
        expect(read(short)).toBeUndefined()
      }
    })
  },
)

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A field of a GPT header whose checksum is made right again, so that only the field is wrong. */
function patchHeader(path: string, headerAt: number, field: number, bytes: Uint8Array): void {
  const start = headerAt < 0 ? statSync(path).size + headerAt : headerAt
  patch(path, start + field, bytes)
  patch(path, start + 16, [0, 0, 0, 0])
  patch(path, start + 16, u32(crc32(peek(path, start, 92))))
}

/** The same of an entry, in both copies of the table. */
function patchEntry(path: string, entry: number, field: number, bytes: Uint8Array): void {
  const size = statSync(path).size
  for (const [headerAt, arrayAt] of [
    [SECTOR, 2 * SECTOR],
    [size - SECTOR, size - 33 * SECTOR],
  ] as const) {
    patch(path, arrayAt + (entry - 1) * 128 + field, bytes)
    patchHeader(path, headerAt, 88, u32(crc32(peek(path, arrayAt, 128 * 128))))
  }
}

const PRIMARY = SECTOR
const BACKUP = -SECTOR

describeWithTools(
  'GPTs with one damaged field',
  ['sgdisk', 'sfdisk', 'parted', 'genimage', 'mkfs.fat', 'mke2fs'],
  () => {
    const sound = join(folder, 'sound-gpt')
    const path = join(folder, 'damaged-gpt')
    beforeAll(() => {
      disk('sound-gpt', 8)
      tool('sgdisk', '-n', '1:2048:+1M', '-n', '2:3M:+1M', '-n', '3:5M:+1M', sound)
    })

    // [what, damage, the finding, the copy that is followed, what sgdisk -v says of it, if it minds]
    const damages: [string, (path: string) => void, RegExp, 'primary' | 'backup', RegExp?][] = [
      [
        'primary signature',
        (p) => patch(p, PRIMARY, [0x46]),
        /^primary GPT header Signature "FFI PART"/,
        'backup',
        /invalid|corrupt|Caution|backup/i,
      ],
      [
        'primary Revision',
        (p) => patchHeader(p, PRIMARY, 8, u32(0x20000)),
        /^primary GPT header Revision 0x00020000/,
        'backup',
        /./,
      ],
      [
        'primary HeaderSize',
        (p) => patch(p, PRIMARY + 12, u32(91)),
        /^primary GPT header HeaderSize 91/,
        'backup',
        /header|CRC/i,
      ],
      [
        'primary HeaderCRC32',
        (p) => patch(p, PRIMARY + 16, u32(0)),
        /^primary GPT header HeaderCRC32 0x00000000/,
        'backup',
        /header|CRC/i,
      ],
      [
        'primary MyLBA',
        (p) => patchHeader(p, PRIMARY, 24, u32(2)),
        /^primary GPT header MyLBA 2, 1$/,
        'backup',
        /MyLBA|main header/i,
      ],
      [
        'primary AlternateLBA',
        (p) => patchHeader(p, PRIMARY, 32, u32(7)),
        /^primary GPT header AlternateLBA 7, 16383$/,
        'primary',
        /./,
      ],
      [
        'primary FirstUsableLBA',
        (p) => patchHeader(p, PRIMARY, 40, u32(3)),
        /^primary GPT header FirstUsableLBA 3, at least 34$/,
        'primary',
        /./,
      ],
      [
        'primary LastUsableLBA',
        (p) => patchHeader(p, PRIMARY, 48, u32(16_383)),
        /^primary GPT header LastUsableLBA 16383, at most 16382$/,
        'primary',
        /./,
      ],
      [
        'primary DiskGUID',
        (p) => patchHeader(p, PRIMARY, 56, u32(1)),
        /^backup GPT header DiskGUID .* as in the primary$/,
        'primary',
        /GUID/i,
      ],
      [
        'primary PartitionEntryLBA',
        (p) => patchHeader(p, PRIMARY, 72, u32(1)),
        /^primary GPT header PartitionEntryLBA 1, 2 to/,
        'backup',
        /./,
      ],
      [
        'primary PartitionEntryLBA far away',
        (p) => patchHeader(p, PRIMARY, 76, u32(1)),
        /^primary GPT header PartitionEntryLBA 4294967298/,
        'backup',
        /./,
      ],
      [
        'primary NumberOfPartitionEntries',
        (p) => patchHeader(p, PRIMARY, 80, u32(127)),
        /^primary GPT header PartitionEntryArrayCRC32/,
        'backup',
        /./,
      ],
      [
        'primary NumberOfPartitionEntries huge',
        (p) => patchHeader(p, PRIMARY, 80, u32(0xffffffff)),
        /^primary GPT header NumberOfPartitionEntries 4294967295/,
        'backup',
        /./,
      ],
      [
        'primary SizeOfPartitionEntry',
        (p) => patchHeader(p, PRIMARY, 84, u32(129)),
        /^primary GPT header SizeOfPartitionEntry 129/,
        'backup',
        /./,
      ],
      [
        'primary entries',
        (p) => patch(p, 2 * SECTOR + 56, [0x41]),
        /^primary GPT header PartitionEntryArrayCRC32/,
        'backup',
        /CRC/,
      ],
      ['backup signature', (p) => patch(p, BACKUP, [0]), /^backup GPT header Signature/, 'primary', /./],
      [
        'backup header',
        (p) => patch(p, BACKUP + 60, [0x99, 0x98]),
        /^backup GPT header HeaderCRC32/,
        'primary',
        /CRC|backup/i,
      ],
      [
        'backup AlternateLBA',
        (p) => patchHeader(p, BACKUP, 32, u32(9)),
        /^backup GPT header AlternateLBA 9, 1$/,
        'primary',
        /./,
      ],
      [
        'backup LastUsableLBA',
        (p) => patchHeader(p, BACKUP, 48, u32(16_355)),
        /^backup GPT header LastUsableLBA 16355, at most 16350$/,
        'primary',
        /./,
      ],
      [
        'backup entries',
        (p) => patch(p, -33 * SECTOR + 128 + 60, [0x41]),
        /^backup GPT header PartitionEntryArrayCRC32/,
        'primary',
        /CRC/,
      ],
      [
        'backup entry 2 is another one',
        (p) => {
          patch(p, -33 * SECTOR + 128 + 60, [0x41])
          const array = peek(p, statSync(p).size - 33 * SECTOR, 32 * SECTOR)
          patchHeader(p, BACKUP, 88, u32(crc32(array)))
        },
        /^backup GPT entries entry 2 another one/,
        'primary',
        /main .*and backup/i,
      ],
      [
        'entries overlap',
        (p) => patchEntry(p, 1, 40, u32(7000)),
        /^GPT entry 2 StartingLBA 6144, a sector from 7001 on/,
        'primary',
        /overlap/,
      ],
      [
        'entry 1 ends before it begins',
        (p) => patchEntry(p, 1, 40, u32(2000)),
        /^GPT entry 1 EndingLBA 2000, 2048 to 16350$/,
        'primary',
        /./,
      ],
      [
        'entry 3 ends beyond',
        (p) => patchEntry(p, 3, 40, u32(16_360)),
        /^GPT entry 3 EndingLBA 16360/,
        'primary',
        /too big|beyond|end/i,
      ],
      [
        'entry 1 in the table',
        (p) => patchEntry(p, 1, 32, u32(4)),
        /^GPT entry 1 StartingLBA 4, 34 to/,
        'primary',
        /./,
      ],
      [
        'entry 1 beyond 2^53',
        (p) => patchEntry(p, 1, 44, u32(0xffffffff)),
        /^GPT entry 1 a 64-bit number/,
        'primary',
        /./,
      ],
      [
        'entry 2 with the GUID of entry 1',
        (p) => patchEntry(p, 2, 16, peek(p, 2 * SECTOR + 16, 16)),
        /^GPT entry 2 UniquePartitionGUID .* that of entry 1$/,
        'primary',
      ],
      [
        'entry 2 with a reserved attribute',
        (p) => patchEntry(p, 2, 48, u32(8)),
        /^GPT entry 2 Attributes 0x8/,
        'primary',
      ],
      ['protective MBR unsigned', (p) => patch(p, 510, [0]), /^protective MBR Signature/, 'primary'],
      ['protective MBR without its record', (p) => patch(p, 446 + 4, [0]), /^protective MBR OSType/, 'primary', /./],
      [
        'protective MBR too small',
        (p) => patch(p, 446 + 12, u32(9)),
        /^protective MBR record 1 SizeInLBA 9, 16383$/,
        'primary',
      ],
      [
        'protective MBR at sector 0',
        (p) => patch(p, 446 + 8, u32(0)),
        /^protective MBR record 1 StartingLBA 0, 1$/,
        'primary',
      ],
    ]

    it.each(damages)('%s', (_, damage, finding, copy, sgdiskSays) => {
      copyFileSync(sound, path)
      expect(read(path)!.findings).toEqual([])
      damage(path)
      const table = read(path)!
      const texts = table.findings.map(
        ({ structure, field, found, expected }) => `${structure} ${field} ${found}, ${expected}`,
      )
      expect(texts.filter((text) => finding.test(text))).toHaveLength(1)
      // One damage, one finding, or the few that follow from it.
      expect(texts.length, texts.join('\n')).toBeLessThanOrEqual(2)
      expect(table.copy).toBe(copy)
      expect(table.partitions.length).toBeGreaterThanOrEqual(2)
      if (sgdiskSays === undefined) return
      const { stdout, stderr } = runTool('sgdisk', ['--verify', path])
      const isSilent = /No problems found/.test(stdout) && !/Caution|Warning|invalid/i.test(stderr + stdout)
      expect([isSilent, sgdiskSays.test(stdout + stderr)], stdout + stderr).toEqual([false, true])
    })

    it('both copies lost', () => {
      copyFileSync(sound, path)
      patch(path, PRIMARY + 30, [1])
      patch(path, BACKUP + 30, [1])
      // Sums only: entries can still be followed.
      expect(read(path)).toMatchObject({ copy: 'primary', partitions: [{ number: 1 }, { number: 2 }, { number: 3 }] })
      patch(path, PRIMARY + 84, [0])
      patch(path, BACKUP + 84, [0])
      expect(() => read(path)).toThrow(FormatError)
      expect(() => read(path)).toThrow(/primary GPT header at byte 512 of .*: SizeOfPartitionEntry is 0, 128 or/)
      patch(path, PRIMARY, [0])
      patch(path, BACKUP, [0])
      expect(read(path)).toMatchObject({ kind: 'mbr', partitions: [{ type: '0xee' }] })
      expect(read(path)!.findings).toMatchObject([{ structure: 'MBR record 1', field: 'OSType' }])
    })

    it('an image that grew, and one that was cut', () => {
      copyFileSync(sound, path)
      truncateSync(path, 9 * MIB)
      const backupFound = { structure: 'backup GPT header', field: 'MyLBA', found: 16_383 }
      const smallMbr = { structure: 'protective MBR record 1', field: 'SizeInLBA' }
      expect(read(path)!.findings).toMatchObject([smallMbr, backupFound])
      // The backup is found by the protective record where the primary header is lost.
      patch(path, PRIMARY, [0])
      expect(read(path)).toMatchObject({ copy: 'backup', partitions: [{ number: 1 }, { number: 2 }, { number: 3 }] })
      copyFileSync(sound, path)
      truncateSync(path, 4 * MIB)
      const cut = read(path)!
      expect(cut.partitions).toHaveLength(3)
      expect(cut.findings.map(({ structure, field }) => `${structure} ${field}`)).toEqual([
        'backup GPT header Signature',
        'protective MBR record 1 SizeInLBA',
        'primary GPT header AlternateLBA',
        'primary GPT header LastUsableLBA',
      ])
    })

    it('an MBR with partitions comes before what is left of a GPT', () => {
      copyFileSync(sound, path)
      patch(path, 0, new Uint8Array(34 * SECTOR))
      sfdisk(path, 'label: dos\nsize=1MiB\n')
      expect(read(path)).toMatchObject({ kind: 'mbr', partitions: [{ number: 1 }] })
      patch(path, 0, new Uint8Array(34 * SECTOR))
      expect(read(path)).toMatchObject({ kind: 'gpt', copy: 'backup' })
    })
  },
)

describeWithTools(
  'MBRs with one damaged field',
  ['sgdisk', 'sfdisk', 'parted', 'genimage', 'mkfs.fat', 'mke2fs'],
  () => {
    const sound = join(folder, 'sound-mbr')
    const path = join(folder, 'damaged-mbr')
    // Extended from sector 10240 on; the second logical partition's record stands where the first one ends.
    const FIRST_EBR = 10_240 * SECTOR
    const record = (slot: number): number => 446 + (slot - 1) * 16
    let secondEbr = 0
    beforeAll(() => {
      disk('sound-mbr')
      const logical = ['6', '11', '16'].flatMap((start) => [
        'mkpart',
        'logical',
        `${start}MiB`,
        `${Number(start) + 4}MiB`,
      ])
      const primary = ['mkpart', 'primary', '1MiB', '5MiB', 'set', '1', 'boot', 'on']
      parted(sound, 'mklabel', 'msdos', ...primary, 'mkpart', 'extended', '5MiB', '45MiB', ...logical)
      parted(sound, 'mkpart', 'primary', '48MiB', '49MiB')
      secondEbr = (10_240 + peek(sound, FIRST_EBR + record(2) + 8, 4).readUInt32LE()) * SECTOR
    })

    // [what, damage, the finding, what sfdisk --verify says of it, which is little]
    const damages: [string, (path: string) => void, RegExp, RegExp?][] = [
      ['BootIndicator', (p) => patch(p, record(1), [1]), /^MBR record 1 BootIndicator 0x01/],
      ['two active partitions', (p) => patch(p, record(3), [0x80]), /^MBR record 3 BootIndicator 0x80/],
      ['StartingLBA 0', (p) => patch(p, record(1) + 8, u32(0)), /^MBR record 1 StartingLBA 0, a sector behind/],
      ['StartingLBA beyond', (p) => patch(p, record(3) + 8, u32(200_000)), /^MBR record 3 StartingLBA 200000/],
      ['SizeInLBA 0', (p) => patch(p, record(1) + 12, u32(0)), /^MBR record 1 SizeInLBA 0/],
      ['SizeInLBA beyond', (p) => patch(p, record(3) + 12, u32(0xffffffff)), /^MBR record 3 SizeInLBA 4294967295/],
      [
        'overlap',
        (p) => patch(p, record(1) + 12, u32(9000)),
        /^MBR record 2 StartingLBA 10240, a sector from 11048 on/,
      ],
      [
        'two extended partitions',
        (p) => patch(p, record(3) + 4, [0x0f]),
        /^MBR record 3 OSType 0x0f/,
        /Ignoring extra extended partition 3/,
      ],
      [
        'first EBR unsigned',
        (p) => patch(p, FIRST_EBR + 510, [0]),
        /^extended boot record of partition 5 Signature/,
        /Invalid flag .* partition 5/,
      ],
      [
        'second EBR unsigned',
        (p) => patch(p, secondEbr + 510, [0]),
        /^extended boot record of partition 6 Signature/,
        /Invalid flag .* partition 6/,
      ],
      [
        'chain to itself',
        (p) => patch(p, secondEbr + record(2) + 8, u32(secondEbr / SECTOR - 10_240)),
        /^extended boot record of partition 6 record 2 StartingLBA \d+, a record that the chain/,
        /Omitting partitions after/,
      ],
      [
        'chain to its begin',
        (p) => patch(p, secondEbr + record(2) + 8, u32(0)),
        /^extended boot record of partition 6 record 2 StartingLBA 0, a record/,
      ],
      [
        'chain out of the extended partition',
        (p) => patch(p, secondEbr + record(2) + 8, u32(90_000)),
        /^extended boot record of partition 6 record 2 StartingLBA 90000, a place inside/,
      ],
      [
        'logical partition beyond the extended one',
        (p) => patch(p, secondEbr + record(1) + 12, u32(100_000)),
        /^extended boot record of partition 6 record 1 SizeInLBA 100000/,
      ],
      [
        'logical partition over its record',
        (p) => patch(p, secondEbr + record(1) + 8, u32(0)),
        /^extended boot record of partition 6 record 1 StartingLBA 0/,
      ],
      [
        'third record of an EBR',
        (p) => patch(p, secondEbr + record(3), peek(p, record(1), 16)),
        /^extended boot record of partition 6 record 3 OSType 0x83/,
      ],
    ]

    it.each(damages)('%s', (_, damage, finding, sfdiskSays) => {
      copyFileSync(sound, path)
      expect(read(path)!.findings).toEqual([])
      damage(path)
      const texts = read(path)!.findings.map(
        ({ structure, field, found, expected }) => `${structure} ${field} ${found}, ${expected}`,
      )
      expect(
        texts.filter((text) => finding.test(text)),
        texts.join('\n'),
      ).toHaveLength(1)
      expect(texts.length, texts.join('\n')).toBeLessThanOrEqual(3)
      if (sfdiskSays === undefined) return
      const { stdout, stderr } = runTool('sfdisk', ['--verify', path])
      expect(stdout + stderr).toMatch(sfdiskSays)
    })
  },
)
