/** GPT images under the tools and readers of others. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import GPT from 'gpt'
import { describe, expect, it } from 'vitest'
import type { DiskPlan } from '../../src/layout/disk-plan.js'
import { planDisk } from '../../src/layout/plan-disk.js'
import { parsePartitionType, partitionTypeNames } from '../../src/tables/types.js'
import {
  EMMC_PARTITIONS,
  EMMC_SECTORS,
  GIB,
  type ImageDraft,
  imageSpec,
  KIB,
  MIB,
  rawFile,
  sectors,
  TIB,
} from '../support/image-spec.js'
import { withLoopDevice } from '../support/loop-device.js'
import { type MaterializeOptions, materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
/** A medium that was used before: no reader may depend on what the table leaves unspecified. */
const USED: MaterializeOptions = { unspecified: 0xd1 }

let written = 0
function write(draft: ImageDraft, options: MaterializeOptions = {}): { path: string; plan: DiskPlan } {
  const { spec, payloads } = imageSpec(draft)
  const plan = planDisk(spec, payloads)
  const path = join(scratch, `gpt-${written++}.img`)
  materialize(plan.image(), path, options)
  return { path, plan }
}

interface SfdiskTable {
  label: string
  id: string
  firstlba?: number
  lastlba?: number
  'table-length'?: string
  sectorsize: number
  partitions: {
    node: string
    start: number
    size: number
    type: string
    uuid?: string
    name?: string
    attrs?: string
  }[]
}
function sfdiskTable(path: string): SfdiskTable {
  return JSON.parse(tool('sfdisk', '-J', path)).partitiontable
}

/**
 * sgdisk exits with 0 whatever -v finds; its words tell. It cautions against an end inside a MiB (asked for here, and what
 * `rest` means); `remarks` are what else it may say.
 */
function expectSgdiskFindsNothing(path: string, remarks: RegExp[] = []): void {
  const { stdout, stderr } = runTool('sgdisk', ['-v', path])
  const said = (stderr + stdout).split(/\n\n/).map((paragraph) => paragraph.trim().replaceAll('\n', ' '))
  const accepted = [
    /^$/,
    /^No problems found\./,
    /^Caution: Partition \d+ doesn't end on a \d+-sector boundary/,
    ...remarks,
  ]
  expect(said.filter((paragraph) => !accepted.some((pattern) => pattern.test(paragraph)))).toEqual([])
  expect(said.some((paragraph) => paragraph.startsWith('No problems found.'))).toBe(true)
}

function expectSfdiskFindsNothing(path: string): void {
  expect(tool('sfdisk', '--verify', path)).toContain('No errors detected.')
}

const EMMC: ImageDraft = {
  sizeBytes: EMMC_SECTORS * 512,
  partitions: EMMC_PARTITIONS.map(([name, first, last]) => ({ name, ...sectors(first, last) })),
}

describeWithTools(
  'a GPT under sgdisk, sfdisk, fdisk, parted and partx',
  ['sgdisk', 'sfdisk', 'fdisk', 'parted', 'partx'],
  () => {
    it('is the disk of the original job, to the sector', () => {
      const { path } = write(EMMC)
      expectSgdiskFindsNothing(path)
      expectSfdiskFindsNothing(path)
      const printed = tool('sgdisk', '-p', path)
      expect(printed).toContain('15269888 sectors')
      expect(printed).toContain('First usable sector is 34, last usable sector is 15269854')
      expect(printed).toContain('Total free space is 58301 sectors')
      const rows = [...printed.matchAll(/^ +(\d+) +(\d+) +(\d+) .* 8300 +(\S+)$/gm)]
      expect(rows.map(([, , first, last, name]) => [name, Number(first), Number(last)])).toEqual(EMMC_PARTITIONS)
      expect(tool('parted', '-s', path, 'unit', 's', 'print')).toMatch(/5 +13672447s +15245311s +1572865s +others/)
    })

    it('keeps names of 36 units, attributes, types and identifiers', () => {
      const names = ['root \u{1F9F5} 分区', 'n'.repeat(36), '分'.repeat(36), `${'\u{1F9F5}'.repeat(18)}`]
      const { path, plan } = write(
        {
          sizeBytes: 16 * MIB,
          uuid: 'AB6AC9A7-3A4F-4BD2-9F9E-3F1D90DF3C11',
          partitions: [
            { name: names[0]!, size: MIB, type: 'esp', bootable: true },
            { name: names[1]!, size: MIB, type: 'root-arm64', attributes: 1n << 60n },
            { name: names[2]!, size: MIB, uuid: 'c0ffee00-3a4f-4bd2-9f9e-3f1d90df3c11', attributes: (1n << 63n) | 1n },
            { name: names[3]!, size: MIB, type: 'data' },
          ],
        },
        USED,
      )
      expectSgdiskFindsNothing(path)
      const { id, partitions } = sfdiskTable(path)
      expect(id).toBe('AB6AC9A7-3A4F-4BD2-9F9E-3F1D90DF3C11')
      expect(partitions.map(({ name }) => name)).toEqual(names)
      expect(partitions.map(({ attrs }) => attrs)).toEqual([
        'LegacyBIOSBootable',
        'GUID:60',
        'RequiredPartition GUID:63',
        undefined,
      ])
      expect(partitions.map(({ type }) => type.toLowerCase())).toEqual(
        plan.partitions.map(({ type }) => type?.table === 'gpt' && type.guid),
      )
      expect(partitions.map(({ uuid }) => uuid?.toLowerCase())).toEqual(plan.partitions.map(({ uuid }) => uuid))
      expect(partitions[2]!.uuid).toBe('C0FFEE00-3A4F-4BD2-9F9E-3F1D90DF3C11')
      expect(tool('sgdisk', '-i', '2', path)).toContain('Attribute flags: 1000000000000000')
    })

    it.each([
      [128, 34],
      [130, 35],
      [256, 66],
      [1024, 258],
    ])('has room for %i entries before sector %i', (entries, firstlba) => {
      const { path } = write(
        { sizeBytes: 4 * MIB, gpt: { entries }, partitions: [{ name: 'only', start: MIB, size: MIB }] },
        USED,
      )
      expectSgdiskFindsNothing(path)
      expectSfdiskFindsNothing(path)
      expect(sfdiskTable(path).firstlba).toBe(firstlba)
      expect(tool('sgdisk', '-p', path)).toContain(`Partition table holds up to ${entries} entries`)
    })

    it('fills every one of 128 entries', () => {
      const partitions = Array.from({ length: 128 }, (_, index) => ({
        name: `p${index + 1}`,
        size: 4 * KIB,
        align: 4 * KIB,
      }))
      const { path } = write({ sizeBytes: 2 * MIB, partitions }, USED)
      expectSgdiskFindsNothing(path)
      expect(sfdiskTable(path).partitions).toHaveLength(128)
    })

    it('moves its array out of the way of a boot blob', () => {
      const blob = join(scratch, 'spl.bin')
      tool('sh', '-c', `head -c 600000 /dev/urandom > ${blob}`)
      const { path } = write(
        {
          sizeBytes: 16 * MIB,
          gpt: { entries: 128, entriesAtBytes: MIB },
          partitions: [
            { name: 'spl', inTable: false, start: 8 * KIB, ...rawFile(600_000, blob) },
            { name: 'root', size: { kind: 'rest' } },
          ],
        },
        USED,
      )
      expectSgdiskFindsNothing(path, [/^Warning: There is a gap between the main metadata/])
      expectSfdiskFindsNothing(path)
      expect(tool('sgdisk', '-p', path)).toContain('Main partition table begins at sector 2048 and ends at sector 2079')
      const { firstlba, lastlba, partitions } = sfdiskTable(path)
      expect(firstlba).toBe(2080)
      expect(partitions).toMatchObject([{ start: 4096, size: lastlba! - 4096 + 1 }])
      expect(
        readFileSync(path)
          .subarray(8 * KIB, 8 * KIB + 600_000)
          .equals(readFileSync(blob)),
      ).toBe(true)
    })

    it('stands at the end of a sparse disk of 5 TiB', () => {
      const { path } = write({
        sizeBytes: 5 * TIB,
        partitions: [
          { name: 'low', start: MIB, endExclusive: 2 * TIB + 512 },
          { name: 'high', start: 3 * TIB, size: { kind: 'rest' } },
        ],
      })
      expectSgdiskFindsNothing(path)
      expectSfdiskFindsNothing(path)
      expect(sfdiskTable(path).partitions).toMatchObject([
        { start: 2048, size: 2 ** 32 + 1 - 2048 },
        { start: 3 * 2 ** 31, size: 2 * 2 ** 31 - 33 },
      ])
    })

    it('ends the smallest disk on 4 KiB, with nothing but the backup after the last partition', () => {
      for (const size of [MIB, MIB + 512, MIB + 7 * 512]) {
        const { path, plan } = write({ partitions: [{ name: 'a', size }] }, USED)
        expectSgdiskFindsNothing(path)
        expect(plan.sizeBytes % (4 * KIB)).toBe(0)
        expect(plan.sizeBytes - (MIB + size) - 33 * 512).toBeLessThan(4 * KIB)
        expect(plan.sizeBytes - (MIB + size) - 33 * 512).toBeGreaterThanOrEqual(0)
      }
    })

    it.each([2 * GIB, 2 * GIB + 512, 2 * GIB - 512])(
      'is found from its backup alone, on a disk of %i bytes',
      (sizeBytes) => {
        const { path } = write({ sizeBytes, partitions: [{ name: 'a', size: { kind: 'rest' } }] })
        tool('dd', 'if=/dev/zero', `of=${path}`, 'bs=512', 'seek=1', 'count=33', 'conv=notrunc', 'status=none')
        const { partitions } = sfdiskTable(path)
        expect(partitions).toMatchObject([{ start: 2048, size: sizeBytes / 512 - 33 - 2048, name: 'a' }])
      },
    )

    it('has 4096-byte sectors: fdisk', () => {
      const { path } = write(
        {
          sectorSize: 4096,
          sizeBytes: 16 * MIB,
          partitions: [
            { name: 'a', ...sectors(256, 511, 4096) },
            { name: 'b', size: { kind: 'rest' } },
          ],
        },
        USED,
      )
      const listed = tool('fdisk', '-b', '4096', '-x', path)
      expect(listed).toContain('First usable LBA: 6')
      expect(listed).toContain('Last usable LBA: 4090')
      expect(listed).toMatch(/1 +256 +511 +256 /)
      expect(listed).toMatch(/2 +512 +4090 +3579 /)
    })
  },
)

describeWithTools(
  'a GPT of 4096-byte sectors on a device that has them',
  ['sgdisk', 'partx', 'losetup'],
  () => {
    it('is clean under sgdisk and read by partx', () => {
      const { path } = write(
        {
          sectorSize: 4096,
          sizeBytes: 16 * MIB,
          partitions: [
            { name: 'a', ...sectors(6, 511, 4096) },
            { name: 'b', size: MIB },
          ],
        },
        USED,
      )
      withLoopDevice(path, 4096, (device) => {
        expectSgdiskFindsNothing(device)
        // partx counts in 512 bytes on every device.
        expect(tool('partx', '-g', '-s', '-o', 'NR,START,SECTORS,NAME', device).trim().split(/\s+/)).toEqual([
          '1',
          '48',
          '4048',
          'a',
          '2',
          '4096',
          '2048',
          'b',
        ])
      })
    })
  },
  { root: true },
)

describe('a GPT under the gpt package', () => {
  it('parses and verifies, primary and backup', () => {
    const { path, plan } = write({ ...EMMC, sizeBytes: EMMC_SECTORS * 512 })
    const bytes = readAt(path, 0, 64 * KIB)
    const tail = readAt(path, (EMMC_SECTORS - 33) * 512, 33 * 512)
    const primary = GPT.parse(bytes, 512)
    const backup = new GPT().parseBackup(tail)
    for (const gpt of [primary, backup]) {
      expect(gpt.verify()).toBe(true)
      expect(gpt.guid.toLowerCase()).toBe(plan.diskGuid)
      expect(gpt.partitions.map(({ name, firstLBA, lastLBA }) => [name, Number(firstLBA), Number(lastLBA)])).toEqual(
        EMMC_PARTITIONS,
      )
      expect(gpt.partitions.map(({ guid }) => guid.toLowerCase())).toEqual(plan.partitions.map(({ uuid }) => uuid))
    }
    expect([primary.currentLBA, primary.backupLBA]).toEqual([1n, 15269887n])
    expect([backup.currentLBA, backup.backupLBA, backup.tableOffset]).toEqual([15269887n, 1n, 15269855n])
  })
})

describeWithTools('type names under sfdisk', ['sfdisk'], () => {
  /** As sfdisk words the names of the Discoverable Partitions, `Linux root verity sign. (ARM-64)`. */
  const listed = new Map(
    tool('sfdisk', '--label', 'gpt', '-T')
      .split('\n')
      .flatMap((line) => {
        const [, guid, name] = /^([0-9A-Fa-f-]{36}) +(.+)$/.exec(line) ?? []
        return guid === undefined ? [] : [[guid.toLowerCase(), name!] as const]
      }),
  )
  /** GUIDs that util-linux 2.38 does not know. */
  const YOUNGER = /^(root|usr)-(mips|mips64|parisc)(-verity(-sig)?)?$|^luks$|^u-boot-env$/

  it('has a GUID that sfdisk knows by the same name', () => {
    const words = (text: string) =>
      text
        .toLowerCase()
        .replaceAll('sign.', 'sig')
        .match(/[a-z0-9]+/g)!
        .sort()
        .join(' ')
    const architectures: [RegExp, string][] = [
      [/\bx86-64\b|\bamd64\b|\bx86_64\b/, 'x86-64'],
      [/\bi386\b/, 'x86'],
      [/\baarch64\b|\barm64\b/, 'arm-64'],
      [/\bia64\b/, 'ia-64'],
      [/\bloongarch64\b/, 'loongarch-64'],
      [/\bmips64-le\b|\bmips64el\b/, 'mips-64-le'],
      [/\bmips-le\b|\bmipsel\b/, 'mips-32-le'],
      [/\bppc64-le\b|\bppc64le\b/, 'ppc64le'],
      [/\briscv(32|64)\b/, 'risc-v-$1'],
      [/\btilegx\b/, 'tile-gx'],
    ]
    let checked = 0
    for (const name of partitionTypeNames('gpt')) {
      const type = parsePartitionType(name, 'gpt')
      const guid = type.table === 'gpt' ? type.guid : ''
      if (YOUNGER.test(name)) {
        expect([name, listed.get(guid)]).toEqual([name, undefined])
        continue
      }
      expect([name, listed.has(guid)]).toEqual([name, true])
      if (!/^(root|usr)-/.test(name)) continue
      const [pattern, spelling] = architectures.find(([pattern]) => pattern.test(name)) ?? [/$^/, '']
      expect(words(`linux ${name.replace(pattern, spelling)}`)).toBe(words(listed.get(guid)!))
      checked++
    }
    expect(checked).toBeGreaterThan(100)
  })
})

function readAt(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(length)
    readSync(fd, buffer, 0, length, offset)
    return buffer
  } finally {
    closeSync(fd)
  }
}
