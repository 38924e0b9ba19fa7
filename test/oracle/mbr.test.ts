/** MBR images under the tools of others. */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DiskPlan } from '../../src/layout/disk-plan.js'
import { planDisk } from '../../src/layout/plan-disk.js'
import { type ImageDraft, imageSpec, KIB, MIB, rawFile, sectors, TIB } from '../support/image-spec.js'
import { withLoopDevice } from '../support/loop-device.js'
import { type MaterializeOptions, materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
/** A medium that was used before. */
const USED: MaterializeOptions = { unspecified: 0xd1 }

let written = 0
function write(draft: ImageDraft, options: MaterializeOptions = {}): { path: string; plan: DiskPlan } {
  const { spec, payloads } = imageSpec({ table: 'mbr', ...draft })
  const plan = planDisk(spec, payloads)
  const path = join(scratch, `mbr-${written++}.img`)
  materialize(plan.image(), path, options)
  return { path, plan }
}

/** Every partition as sfdisk reads it, the extended one too: [number, first sector, sectors, type, active]. */
function sfdiskRows(path: string): [number, number, number, string, boolean][] {
  const { partitiontable } = JSON.parse(tool('sfdisk', '-J', path)) as {
    partitiontable: { partitions: { node: string; start: number; size: number; type: string; bootable?: boolean }[] }
  }
  return partitiontable.partitions.map(({ node, start, size, type, bootable }) => [
    Number(node.slice(path.length)),
    start,
    size,
    type,
    bootable === true,
  ])
}

function expectSfdiskFindsNothing(path: string): void {
  expect(tool('sfdisk', '--verify', path)).toContain('No errors detected.')
}

const MIB_SECTORS = MIB / 512

describeWithTools(
  'an MBR under sfdisk, fdisk, parted and partx',
  ['sfdisk', 'fdisk', 'parted', 'partx', 'blkid'],
  () => {
    it('has primary partitions with their types, flags and signature', () => {
      const { path, plan } = write(
        {
          sizeBytes: 16 * MIB,
          mbrSignature: 0x1234abcd,
          partitions: [
            { name: 'boot', size: 2 * MIB, type: '0xC', bootable: true },
            { name: 'root', size: 4 * MIB },
            { name: 'swap', size: MIB, type: 'swap' },
            { name: 'rest', size: { kind: 'rest' }, type: 'esp' },
          ],
        },
        USED,
      )
      expectSfdiskFindsNothing(path)
      expect(sfdiskRows(path)).toEqual([
        [1, MIB_SECTORS, 2 * MIB_SECTORS, 'c', true],
        [2, 3 * MIB_SECTORS, 4 * MIB_SECTORS, '83', false],
        [3, 7 * MIB_SECTORS, MIB_SECTORS, '82', false],
        [4, 8 * MIB_SECTORS, 8 * MIB_SECTORS, 'ef', false],
      ])
      expect(tool('fdisk', '-l', path)).toContain('Disk identifier: 0x1234abcd')
      expect(tool('parted', '-s', path, 'unit', 's', 'print')).toMatch(/1 +2048s +6143s +4096s +primary .*boot/)
      expect(plan.partitions.map(({ uuid }) => uuid)).toEqual([1, 2, 3, 4].map((number) => `1234abcd-0${number}`))
      expect(tool('partx', '-g', '-s', '-o', 'UUID', path).trim().split(/\s+/)).toEqual(
        plan.partitions.map(({ uuid }) => uuid),
      )
    })

    it('chains logical partitions, placed and left out starts alike', () => {
      const { path, plan } = write(
        {
          sizeBytes: 64 * MIB,
          partitions: [
            { name: 'boot', size: 4 * MIB, type: 'fat32-lba' },
            { name: 'a', logical: true, size: 4 * MIB },
            { name: 'b', logical: true, size: 3 * MIB, type: 'swap' },
            { name: 'tight', logical: true, ...sectors(14 * MIB_SECTORS + 2, 15 * MIB_SECTORS - 1) },
            { name: 'c', logical: true, start: 40 * MIB, size: MIB },
            { name: 'home', start: 50 * MIB, size: { kind: 'rest' } },
          ],
        },
        USED,
      )
      expectSfdiskFindsNothing(path)
      expect(sfdiskRows(path)).toEqual([
        [1, MIB_SECTORS, 4 * MIB_SECTORS, 'c', false],
        [2, 5 * MIB_SECTORS, 36 * MIB_SECTORS, 'f', false],
        [3, 50 * MIB_SECTORS, 14 * MIB_SECTORS, '83', false],
        [5, 6 * MIB_SECTORS, 4 * MIB_SECTORS, '83', false],
        [6, 11 * MIB_SECTORS, 3 * MIB_SECTORS, '82', false],
        [7, 14 * MIB_SECTORS + 2, MIB_SECTORS - 2, '83', false],
        [8, 40 * MIB_SECTORS, MIB_SECTORS, '83', false],
      ])
      expect(plan.partitions.map(({ number }) => number)).toEqual([1, 5, 6, 7, 8, 3])
      const printed = tool('parted', '-s', path, 'unit', 's', 'print')
      expect(printed).toMatch(/2 +10240s +83967s +73728s +extended/)
      expect(printed).toMatch(/8 +81920s +83967s +2048s +logical/)
      expect(tool('partx', '-g', '-s', '-o', 'NR,START,SECTORS', path).trim().split(/\n/)).toHaveLength(7)
    })

    it('holds the 56 logical partitions that util-linux reads', () => {
      const partitions = Array.from({ length: 56 }, (_, index) => ({
        name: `l${index + 5}`,
        logical: true,
        size: 4 * KIB,
        align: 4 * KIB,
      }))
      const { path, plan } = write({ partitions }, USED)
      expectSfdiskFindsNothing(path)
      const logical = sfdiskRows(path).filter(([number]) => number >= 5)
      expect(logical.map(([number, start]) => [number, start])).toEqual(
        plan.partitions.map(({ number, startByte }) => [number, startByte / 512]),
      )
    })

    it.each([-512, 0])('reaches 2 TiB %i bytes', (beyond) => {
      const { path } = write({
        sizeBytes: 2 * TIB + MIB,
        partitions: [
          { name: 'low', start: MIB, size: MIB },
          { name: 'high', start: TIB, endExclusive: 2 * TIB + beyond },
        ],
      })
      expectSfdiskFindsNothing(path)
      expect(sfdiskRows(path)[1]).toEqual([2, 2 ** 31, 2 ** 31 + beyond / 512, '83', false])
    })

    it('leaves no trace of a GPT that the medium held before', () => {
      const gpt = write({ table: 'gpt', sizeBytes: 16 * MIB, partitions: [{ name: 'old', size: MIB }] })
      const { spec, payloads } = imageSpec({
        table: 'mbr',
        sizeBytes: 16 * MIB,
        partitions: [{ name: 'new', size: MIB }],
      })
      const used = readFileSync(gpt.path)
      for (const { offset, length, source } of planDisk(spec, payloads).image().extents) {
        if (source.kind === 'bytes') used.set(source.bytes, offset)
        else if (source.kind === 'fill') used.fill(source.byte, offset, offset + length)
      }
      writeFileSync(gpt.path, used)
      expect(tool('blkid', '-p', '-o', 'value', '-s', 'PTTYPE', gpt.path).trim()).toBe('dos')
      expect(tool('parted', '-s', gpt.path, 'print')).toContain('Partition Table: msdos')
    })

    it('leaves the first 440 bytes to boot code', () => {
      const code = join(scratch, 'mbr.bin')
      writeFileSync(code, Buffer.alloc(440, 0xeb))
      for (const table of ['mbr', 'gpt'] as const) {
        const { path } = write({
          table,
          sizeBytes: 16 * MIB,
          partitions: [
            { name: 'code', inTable: false, start: 0, ...rawFile(440, code) },
            { name: 'a', size: MIB },
          ],
        })
        expectSfdiskFindsNothing(path)
        expect(readAt(path, 0, 441).equals(Buffer.concat([readFileSync(code), readAt(path, 440, 1)]))).toBe(true)
      }
    })
  },
)

describeWithTools(
  'an MBR of 4096-byte sectors on a device that has them',
  ['sfdisk', 'fdisk', 'losetup'],
  () => {
    it('is read by fdisk and sfdisk, logical partitions too', () => {
      const { path } = write(
        {
          sectorSize: 4096,
          sizeBytes: 64 * MIB,
          partitions: [
            { name: 'a', size: MIB },
            { name: 'l', logical: true, size: MIB },
            { name: 'm', logical: true, size: { kind: 'rest' } },
          ],
        },
        USED,
      )
      withLoopDevice(path, 4096, (device) => {
        expectSfdiskFindsNothing(device)
        const listed = tool('fdisk', '-l', device)
        expect(listed).toMatch(/p1 +256 +511 +256 +1M +83 Linux/)
        expect(listed).toMatch(/p5 +768 +1023 +256 +1M +83 Linux/)
        expect(listed).toMatch(/p6 +1280 +16383 +15104 +59M +83 Linux/)
      })
    })
  },
  { root: true },
)

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
