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
      uses: [],
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
  const holder = (type: string, path = '/dev/mapper/x') => ({ children: [part({ children: [part({ path, type })] })] })

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
    ['a disk that bcache caches', { ...CARD, ...holder('disk', '/dev/bcache0') }, ['pool-member']],
    ['a member of a stopped RAID', { ...CARD, children: [part({ fstype: 'linux_raid_member' })] }, ['raid-member']],
    ['a member of a stopped volume group', { ...CARD, fstype: 'LVM2_member' }, ['lvm-member']],
    ['a member of a pool', { ...CARD, children: [part({ fstype: 'zfs_member' })] }, ['pool-member']],
  ])('refuses %s', (_what, row, expected) => {
    expect(reasons(row)).toEqual(expected)
    // Only one reason can be overridden.
    expect(reasons(row, { allowFixed: true })).toEqual(expected.filter((reason) => reason !== 'fixed'))
  })

  it('recommends --allow-fixed only where it would help', () => {
    const fixed = { ...CARD, rm: false, hotplug: false, tran: 'nvme' }
    const hints = (row: object, options?: RefusalOptions) => refusalsOf(parse(row), options).map(({ hint }) => hint)
    expect(hints(fixed)).toEqual(['If that is the disk you mean: --allow-fixed.'])
    expect(hints({ ...fixed, ...mount('/') })).toEqual([undefined, undefined])
    expect(hints(fixed, { neededBytes: 32 * GIB })).toEqual([undefined, undefined])
  })

  it('refuses what the kernel uses beyond what lsblk knows, and says by what', () => {
    const disk = parse({ ...CARD, ...holder('crypt') })
    const told = refusalsOf({
      ...disk,
      uses: [
        { kind: 'device-mapper', path: '/dev/sdb1', user: '/dev/mapper/x' },
        { kind: 'loop', path: '/dev/sdb', user: '/dev/loop3' },
        { kind: 'loop', path: '/dev/sdb1', user: '/dev/loop4', file: '/media/card/a.img' },
        { kind: 'pool', path: '/dev/sdb2', user: 'a mounted btrfs (0123)' },
      ],
    })
    expect(told.map(({ reason, text }) => `${reason}: ${text}`)).toEqual([
      'device-mapper: /dev/mapper/x (crypt) of the device mapper stands on it',
      'in-use: /dev/loop3 is made of /dev/sdb',
      'in-use: /dev/loop4 reads /media/card/a.img, which is on /dev/sdb1',
      'pool-member: a mounted btrfs (0123) is made of /dev/sdb2',
    ])
    expect(told[1]!.hint).toBe('Unmount what is mounted from /dev/loop3, then run losetup --detach /dev/loop3')
  })

  it('refuses a loop device over a disk that is in use', () => {
    const backing = parse({ ...CARD, ...mount('/home') })
    const loop = { ...parse({ ...CARD, path: '/dev/loop0', type: 'loop', 'maj:min': '7:0', tran: null }), backing }
    expect(refusalsOf(loop, { allowFixed: true }).map(({ text }) => text)).toEqual([
      'it holds the running system: /dev/sdb1 is mounted at /home',
    ])
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
