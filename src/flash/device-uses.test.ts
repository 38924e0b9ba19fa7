/** A machine that cannot be had in a test, as its sysfs tells it. */
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { deviceUses, loopBacking } from './device-uses.js'

const scratch = mkdtempSync(join(tmpdir(), 'diskloom-sysfs-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** `files`: paths below sysfs; a disk sdb (8:16) with partitions sdb1 and sdb2 is always there. */
function machine(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(scratch, 'machine-'))
  const sys = join(root, 'sys')
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(sys, path)), { recursive: true })
    writeFileSync(join(sys, path), `${text}\n`)
  }
  const disk = 'devices/usb1/block/sdb'
  put(`${disk}/dev`, '8:16')
  put(`${disk}/queue/rotational`, '1')
  for (const number of [1, 2]) {
    put(`${disk}/sdb${number}/partition`, String(number))
    put(`${disk}/sdb${number}/dev`, `8:${16 + number}`)
  }
  mkdirSync(join(sys, 'dev/block'), { recursive: true })
  symlinkSync(join(sys, disk), join(sys, 'dev/block/8:16'))
  for (const [path, text] of Object.entries(files)) put(path.replace(/^sdb/, `${disk}`), text)
  return { sys, dev: '/dev', root }
}

const uses = (files: Readonly<Record<string, string>>) => deviceUses('8:16', machine(files))

describe('deviceUses', () => {
  it('finds nothing where nothing is', () => {
    expect(uses({})).toEqual([])
    expect(deviceUses('8:32', machine({}))).toEqual([])
  })

  it.each([
    [
      'the device mapper',
      { 'sdb/sdb1/holders/dm-0/x': '', 'block/dm-0/dm/name': 'secret', 'block/dm-0/dm/uuid': 'CRYPT-LUKS2-1' },
      { kind: 'device-mapper', path: '/dev/sdb1', user: '/dev/mapper/secret' },
    ],
    [
      'a logical volume',
      { 'sdb/sdb2/holders/dm-1/x': '', 'block/dm-1/dm/name': 'vg-root', 'block/dm-1/dm/uuid': 'LVM-abc' },
      { kind: 'lvm', path: '/dev/sdb2', user: '/dev/mapper/vg-root' },
    ],
    [
      'a RAID over the whole disk',
      { 'sdb/holders/md127/x': '' },
      { kind: 'raid', path: '/dev/sdb', user: '/dev/md127' },
    ],
    [
      'a disk that bcache caches',
      { 'sdb/holders/bcache0/x': '' },
      { kind: 'pool', path: '/dev/sdb', user: '/dev/bcache0' },
    ],
    [
      'a cache of bcache, which nothing holds',
      { 'sdb/sdb1/bcache/priority_stats': '' },
      { kind: 'pool', path: '/dev/sdb1', user: 'bcache' },
    ],
    [
      'a holder of another kind',
      { 'sdb/holders/pmem0/x': '' },
      { kind: 'other', path: '/dev/sdb', user: '/dev/pmem0' },
    ],
    [
      'the second disk of a mounted btrfs',
      { 'fs/btrfs/0123-uuid/devices/sdb1/x': '' },
      { kind: 'pool', path: '/dev/sdb1', user: 'a mounted btrfs (0123-uuid)' },
    ],
    [
      'the overflow of zram',
      { 'block/zram0/backing_dev': '/dev/sdb2' },
      { kind: 'other', path: '/dev/sdb2', user: '/dev/zram0' },
    ],
    [
      'a loop device over the disk',
      { 'block/loop3/loop/backing_file': '/dev/sdb' },
      { kind: 'loop', path: '/dev/sdb', user: '/dev/loop3' },
    ],
    [
      'a loop device over a partition',
      { 'block/loop3/loop/backing_file': '/dev/sdb2' },
      { kind: 'loop', path: '/dev/sdb2', user: '/dev/loop3' },
    ],
  ])('finds %s', (_, files, expected) => {
    expect(uses(files)).toEqual([expected])
  })

  it('finds a loop device that reads a file on the disk', () => {
    const { sys, dev, root } = machine({})
    const file = join(root, 'image')
    writeFileSync(file, '')
    const { dev: number } = statSync(file)
    const text = `${(number >>> 8) & 0xfff}:${(number & 0xff) | ((number >>> 12) & 0xfff00)}`
    writeFileSync(join(sys, 'devices/usb1/block/sdb/sdb1/dev'), `${text}\n`)
    mkdirSync(join(sys, 'block/loop7/loop'), { recursive: true })
    writeFileSync(join(sys, 'block/loop7/loop/backing_file'), `${file}\n`)
    expect(deviceUses('8:16', { sys, dev })).toEqual([{ kind: 'loop', path: '/dev/sdb1', user: '/dev/loop7', file }])
  })

  it('does not take other loop devices, zrams or file systems for uses', () => {
    expect(
      uses({
        'block/loop0/loop/backing_file': '/nowhere/snap (deleted)',
        'block/loop1/size': '0',
        'block/zram0/backing_dev': 'none',
        'fs/btrfs/0123/devices/sdc1/x': '',
        'fs/btrfs/features/raid56': '0',
      }),
    ).toEqual([])
  })
})

describe('loopBacking', () => {
  it('is the device behind, and nothing for a file', () => {
    const { sys, dev } = machine({ 'block/loop0/loop/backing_file': '/etc/hostname' })
    expect(loopBacking('/dev/loop0', { sys, dev })).toBeUndefined()
    expect(loopBacking('/dev/loop1', { sys, dev })).toBeUndefined()
  })
})
