import { describe, expect, it } from 'vitest'
import type { LunSpec } from '../../config/spec.js'
import { checkExports, type ExportedDisk, type ExportedPartition } from './check-exports.js'

const LUN: LunSpec = {
  file: '/mnt/disk.img',
  ro: false,
  removable: true,
  cdrom: false,
  nofua: false,
  holds: { kind: 'disk' },
  configPath: ['gadget', 'luns', 0],
}

function partition(name: string, format: string, more: Partial<ExportedPartition> = {}): ExportedPartition {
  return {
    name,
    format,
    startByte: 1 << 20,
    sizeBytes: 8 << 20,
    isWindowsType: true,
    identifiers: [`PARTLABEL=${name}`],
    ...more,
  }
}

function found(lun: Partial<LunSpec>, disk: Partial<ExportedDisk>, harvestOffset?: number): string[] {
  const { problems, warnings } = checkExports(
    {
      luns: [{ ...LUN, ...lun }],
      ...(harvestOffset !== undefined && { harvest: { lun: 0, mount: '/m', crlf: true, offsetBytes: harvestOffset } }),
    },
    {
      sectorSize: 512,
      sizeBytes: 16 << 20,
      hasTable: true,
      partitions: [partition('data', 'fat16')],
      fstabs: [],
      ...disk,
    },
  )
  return [...problems, ...warnings].map(({ message }) => message)
}

const ONE_OF = { kind: 'partition', name: 'data' } as const

describe('checkExports', () => {
  it('has nothing to say of a FAT that is the first partition, or the whole medium', () => {
    expect(found({}, {})).toEqual([])
    expect(found({}, { hasTable: false, partitions: [partition('', 'fat32')] })).toEqual([])
    expect(found({ holds: ONE_OF }, {})).toEqual([])
    expect(found({ removable: false }, {})).toEqual([])
  })

  it.each<[string, Partial<LunSpec>, Partial<ExportedDisk>, string]>([
    [
      'ext4',
      {},
      { partitions: [partition('root', 'ext4')] },
      'LUN 0: Windows cannot read "root" (ext4) and offers to format it',
    ],
    [
      'a partition of another type',
      {},
      { partitions: [partition('data', 'fat32', { isWindowsType: false })] },
      'LUN 0: Windows gives "data" (fat32) no letter: its type is none of those that it looks into',
    ],
    [
      'two volumes on a removable medium',
      {},
      { partitions: [partition('a', 'fat16'), partition('b', 'fat32')] },
      'LUN 0: Windows before 10 version 1703 shows the first partition of a removable medium only, of "a" (fat16), "b" (fat32)',
    ],
    [
      'a disk without a table that is not removable',
      { removable: false, holds: ONE_OF },
      {},
      'LUN 0: Windows wants a partition table on a disk that is not removable',
    ],
    [
      'a media byte',
      {},
      { partitions: [partition('data', 'fat12', { media: 0xf4 })] },
      'LUN 0: Windows does not take "data" for a FAT: its media byte is 0xf4',
    ],
    [
      'a CD-ROM of half a block',
      { cdrom: true, ro: true },
      { sectorSize: 2048, sizeBytes: 616_448 + 512 },
      'LUN 0: 616960 bytes are no whole number of blocks of 2048, the host does not see the last 512',
    ],
  ])('tells of %s', (_, lun, disk, message) => {
    expect(found(lun, disk)).toEqual([message])
  })

  it('refuses a table and a FAT in sectors that are not the blocks of the LUN', () => {
    const message = (what: string, block: number, sector: number) =>
      `Cannot show LUN 0: a PC sees ${what} in blocks of ${block} bytes and looks for a table and a FAT in them, those of the config have sectors of ${sector}`
    expect(found({}, { sectorSize: 4096 })).toEqual([message('a file', 512, 4096)])
    expect(found({ cdrom: true, ro: true }, {})).toEqual([message('a CD-ROM', 2048, 512)])
    expect(found({ file: '/dev/sda' }, { sectorSize: 4096 })).toEqual([])
    expect(
      found({ holds: ONE_OF, removable: false }, { sectorSize: 4096, partitions: [partition('data', 'raw')] }),
    ).toEqual([])
  })

  it('refuses a harvest where no volume begins', () => {
    const refused = 'Cannot harvest into LUN 0: no volume begins at byte 0 of it, accepted are 1048576'
    expect(found({}, {}, 0)).toEqual([refused])
    expect(found({}, {}, 1 << 20)).toEqual([])
    expect(found({ holds: ONE_OF }, {}, 0)).toEqual([])
    expect(found({}, { hasTable: false }, 0)).toEqual([])
  })

  describe('the fstab of the board', () => {
    const fstabs = (text: string) => ({ fstabs: [{ partition: 'root', text }] })
    const refused = (file: string, target: string) => [
      `Cannot show LUN 0: /etc/fstab of partition "root" mounts ${file} at ${target} while the host may write to it, which destroys the volume`,
    ]

    it.each([
      ['/dev/mmcblk0p3 /data vfat defaults 0 0', '/data'],
      ['# all\n\n  PARTLABEL=data\t/my\\040data\tauto\trw,nofail', '/my data'],
      ['PARTLABEL="data" /data vfat', '/data'],
    ])('may not mount what the host writes to: %j', (text, target) => {
      expect(found({ file: '/dev/mmcblk0p3', holds: ONE_OF }, fstabs(text))).toEqual(refused('/dev/mmcblk0p3', target))
    })

    it.each([
      '/dev/mmcblk0p3 /data vfat noauto,rw',
      '#/dev/mmcblk0p3 /data vfat defaults',
      '/dev/mmcblk0p4 /data vfat defaults',
      'PARTLABEL=other /data vfat defaults',
      '/dev/mmcblk0p3',
    ])('may say %j', (text) => {
      expect(found({ file: '/dev/mmcblk0p3', holds: ONE_OF }, fstabs(text))).toEqual([])
    })

    it('may mount what nobody writes to', () => {
      expect(found({ file: '/dev/mmcblk0p3', ro: true }, fstabs('/dev/mmcblk0p3 /data vfat ro'))).toEqual([])
    })
  })
})
