/** lsblk's words for machines that cannot be had in a test, and what is made of them. */
import { describe, expect, it } from 'vitest'
import { parseLsblk } from './disks.js'
import { type RefusalOptions, refusalsOf } from './refusals.js'

const GIB = 1 << 30

/** A card in a USB reader, as lsblk 2.38 tells it. */
const CARD = {
  path: '/dev/sdb',
  type: 'disk',
  size: 16 * GIB,
  'log-sec': 512,
  'maj:min': '8:16',
  ro: false,
  rm: true,
  hotplug: true,
  tran: 'usb',
  subsystems: 'block:scsi:usb:pci',
  vendor: 'Generic ',
  model: 'STORAGE DEVICE',
  serial: '000000000819',
  fstype: null,
  mountpoints: [null],
}

const part = (more: object = {}) => ({
  ...CARD,
  path: '/dev/sdb1',
  type: 'part',
  'maj:min': '8:17',
  tran: null,
  ...more,
})

const parse = (row: object) => parseLsblk(JSON.stringify({ blockdevices: [row] }))[0]!
const reasons = (row: object, options?: RefusalOptions) => refusalsOf(parse(row), options).map(({ reason }) => reason)

describe('parseLsblk', () => {
  it('reads a card', () => {
    expect(parse({ ...CARD, children: [part({ fstype: 'vfat', mountpoints: ['/media/a', '/mnt'] })] })).toEqual({
      path: '/dev/sdb',
      type: 'disk',
      fsType: undefined,
      mounts: [],
      sizeBytes: 16 * GIB,
      sectorBytes: 512,
      majorMinor: '8:16',
      readOnly: false,
      removable: true,
      bus: 'usb',
      vendor: 'Generic',
      model: 'STORAGE DEVICE',
      serial: '000000000819',
      nodes: [
        { path: '/dev/sdb', type: 'disk', fsType: undefined, mounts: [] },
        { path: '/dev/sdb1', type: 'part', fsType: 'vfat', mounts: ['/media/a', '/mnt'] },
      ],
    })
  })

  it('reads what older versions write: text for numbers and flags, one mount', () => {
    const { mountpoints: _none, ...old } = CARD
    const disk = parse({
      ...old,
      size: '17179869184',
      'log-sec': '512',
      ro: '1',
      rm: '0',
      hotplug: '0',
      mountpoint: '/x',
    })
    expect(disk).toMatchObject({ sizeBytes: 16 * GIB, readOnly: true, removable: false, mounts: ['/x'] })
  })

  it.each([
    ['no JSON', 'lsblk: failed', /wrote no JSON/],
    ['no list', '{}', /no "blockdevices"/],
    [
      'a size that is none',
      '{"blockdevices":[{"path":"/dev/sdb","size":"big"}]}',
      /\/dev\/sdb: lsblk gives size as "big"/,
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseLsblk(text)).toThrow(message)
  })
})

describe('refusalsOf', () => {
  it('takes a card in a reader, an SD slot, and a hot-plugged disk', () => {
    expect(reasons(CARD)).toEqual([])
    expect(reasons({ ...CARD, children: [part({ fstype: 'ext4' })] })).toEqual([])
    expect(reasons({ ...CARD, rm: false, hotplug: false, tran: null, subsystems: 'block:mmc:mmc_host' })).toEqual([])
    expect(reasons({ ...CARD, rm: false, hotplug: true, tran: 'sata' })).toEqual([])
  })

  const mount = (place: string) => ({ children: [part({ mountpoints: [place] })] })
  const holder = (type: string) => ({ children: [part({ children: [part({ path: '/dev/mapper/x', type })] })] })

  it.each([
    ['a partition', part(), ['not-a-disk']],
    ['a CD drive', { ...CARD, type: 'rom' }, ['not-a-disk']],
    ['a logical volume', { ...CARD, type: 'lvm' }, ['not-a-disk', 'lvm-member']],
    ['a reader without a card', { ...CARD, size: 0 }, ['no-medium']],
    ['a write-protected card', { ...CARD, ro: true }, ['read-only']],
    ['a built-in disk', { ...CARD, rm: false, hotplug: false, tran: 'nvme' }, ['fixed']],
    ['a disk that nothing is known of', { ...CARD, rm: null, hotplug: null, tran: null, subsystems: null }, ['fixed']],
    ['the disk of the running system', { ...CARD, ...mount('/') }, ['running-system']],
    ['the disk of its boot files', { ...CARD, ...mount('/boot/efi') }, ['running-system']],
    [
      'the system on an encrypted volume',
      { ...CARD, children: [part({ children: [part({ type: 'crypt', mountpoints: ['/'] })] })] },
      ['running-system', 'device-mapper'],
    ],
    ['a mounted partition', { ...CARD, ...mount('/media/card') }, ['mounted']],
    ['a disk mounted whole', { ...CARD, mountpoints: ['/mnt'] }, ['mounted']],
    ['swap', { ...CARD, ...mount('[SWAP]') }, ['swap']],
    ['a running RAID', { ...CARD, ...holder('raid1') }, ['raid-member']],
    ['a running volume group', { ...CARD, ...holder('lvm') }, ['lvm-member']],
    ['an open encrypted volume', { ...CARD, ...holder('crypt') }, ['device-mapper']],
    ['a multipath disk', { ...CARD, ...holder('mpath') }, ['device-mapper']],
    ['a member of a stopped RAID', { ...CARD, children: [part({ fstype: 'linux_raid_member' })] }, ['raid-member']],
    ['a member of a stopped volume group', { ...CARD, fstype: 'LVM2_member' }, ['lvm-member']],
    ['a member of a pool', { ...CARD, children: [part({ fstype: 'zfs_member' })] }, ['pool-member']],
  ])('refuses %s', (_what, row, expected) => {
    expect(reasons(row)).toEqual(expected)
    // Only one reason can be overridden.
    expect(reasons(row, { allowFixed: true })).toEqual(expected.filter((reason) => reason !== 'fixed'))
  })

  it('refuses what is too small, to the byte', () => {
    expect(reasons(CARD, { neededBytes: 16 * GIB })).toEqual([])
    const [refusal] = refusalsOf(parse(CARD), { neededBytes: 16 * GIB + 512 })
    expect(refusal!.reason).toBe('too-small')
    expect(refusal!.text).toBe(
      '/dev/sdb has 17179869184 bytes (16 GiB), the image needs 17179869696 (16.0 GiB): 512 more',
    )
  })

  it('tells every reason, with names', () => {
    const row = { ...CARD, ro: true, children: [part({ mountpoints: ['/media/a', '[SWAP]'] })] }
    expect(refusalsOf(parse(row)).map(({ text }) => text)).toEqual([
      '/dev/sdb is read-only',
      '/dev/sdb1 is mounted at /media/a',
      '/dev/sdb1 is in use as swap',
    ])
  })
})
