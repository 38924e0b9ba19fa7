import { expect, it } from 'vitest'
import { FormatError } from '../errors.js'
import type { ExtOptions } from '../filesystems/ext4/option-table.js'
import { mke2fsArguments, mke2fsEnvironment } from './mke2fs.js'

const MIB = 1 << 20
const environment = {
  time: { seconds: 1_700_000_000, nanoseconds: 5 },
  uuid: '01234567-89ab-4cde-8f01-23456789abcd',
  offsetBytes: 3 * 512,
  sectorSize: 4096,
}
const argumentsFor = (options: ExtOptions, label?: string): string =>
  mke2fsArguments(
    { type: 'ext4', sizeBytes: 10 * MIB + 4095, environment, options, ...(label === undefined ? {} : { label }) },
    '/scratch/spool',
    '/payload',
  ).join(' ')

it('leaves to mke2fs what the config does not say, but for identifiers, place and size', () => {
  expect(argumentsFor({ hash_seed: 'SEED' })).toBe(
    `-q -F -t ext4 -U ${environment.uuid} -E offset=1536,hash_seed=SEED,lazy_itable_init=0,lazy_journal_init=0 -d /payload /scratch/spool 10240k`,
  )
})

it('passes every option on', () => {
  const options: ExtOptions = {
    block_size: 1024,
    inode_size: 256,
    bytes_per_inode: 8192,
    inodes: 77,
    reserved_percent: 0,
    journal_size: 4 * MIB,
    features: ['^64bit', 'quota'],
    lazy_itable_init: true,
  }
  const line = argumentsFor(options, 'ROOT')
  expect(line).toContain('-L ROOT -b 1024 -I 256 -i 8192 -N 77 -m 0 -J size=4 -O ^64bit,quota -E ')
  expect(line).toContain('lazy_itable_init=1')
  expect(argumentsFor({ journal_size: 0, features: ['quota'] })).toContain('-O ^has_journal,quota')
})

it('derives the hash seed from the volume, not from chance', () => {
  expect(argumentsFor({})).toMatch(/hash_seed=[0-9a-f-]{36},/)
  expect(argumentsFor({})).toBe(argumentsFor({}))
})

it.each<[ExtOptions, string | undefined, string]>([
  [{ profile: 'u-boot' }, undefined, 'Cannot use profile "u-boot" with engine: host: only "default" is accepted there'],
  [{ journal_size: MIB + 1 }, undefined, 'Cannot make a journal of 1048577 bytes with engine: host: whole MiB'],
  [{}, 'SEVENTEEN-LETTERS', 'Cannot write ext4 label "SEVENTEEN-LETTERS": 17 bytes, at most 16'],
])('refuses %o, label %s', (options, label, message) => {
  expect(() => argumentsFor(options, label)).toThrow(FormatError)
  expect(() => argumentsFor(options, label)).toThrow(message)
})

it('fixes the clock, the sector size and the configuration', () => {
  expect(mke2fsEnvironment(environment, '/scratch/conf')).toEqual({
    MKE2FS_CONFIG: '/scratch/conf',
    MKE2FS_DEVICE_SECTSIZE: '4096',
    MKE2FS_DEVICE_PHYS_SECTSIZE: '4096',
    E2FSPROGS_FAKE_TIME: '1700000000',
    SOURCE_DATE_EPOCH: '1700000000',
  })
  const before1970 = { ...environment, time: { seconds: -1, nanoseconds: 0 } }
  expect(mke2fsEnvironment(before1970, '/c')).not.toHaveProperty('E2FSPROGS_FAKE_TIME')
})
