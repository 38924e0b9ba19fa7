/** What hash partitions refuse. The words stand beside each. */
import { expect, it } from 'vitest'
import { problemLines, problemsOf } from '../support/load-text.js'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const scratch = scratchFolder()
const ROOT = '{ name: root, fs: ext4, size: 16MiB }'
const config = (partitions: string[], top = '') =>
  `image: x\n${top}partitions:\n${partitions.map((partition) => `  - ${partition}\n`).join('')}`

it.each([
  ['no partition to cover', [ROOT, '{ name: v, fs: verity }'], 'it says no partition to cover, covers: NAME is needed'],
  [
    'a folder',
    [ROOT, '{ name: v, fs: verity/root }'],
    '"verity/root" would put files among hashes, accepted is verity alone',
  ],
  [
    'an unknown name',
    [ROOT, '{ name: v, fs: verity, covers: rot }'],
    'Cannot cover partition "rot": there is none of that name',
  ],
  [
    'itself',
    ['{ name: v, fs: verity, covers: v, size: 1MiB }'],
    'Cannot cover partition "v": it is the hash partition itself',
  ],
  [
    'swap',
    ['{ name: s, fs: swap, size: 1MiB }', '{ name: v, fs: verity, covers: s }'],
    'it is swap, which the board writes to',
  ],
  [
    'nothing',
    ['{ name: s, size: 1MiB }', '{ name: v, fs: verity, covers: s }'],
    'Cannot cover partition "s": it has no content',
  ],
  [
    'hashes',
    [ROOT, '{ name: v, fs: verity, covers: root }', '{ name: w, fs: verity, covers: v }'],
    'Cannot cover partition "v": it holds hashes',
  ],
  [
    'a partition twice',
    [ROOT, '{ name: v, fs: verity, covers: root }', '{ name: w, fs: verity, covers: root }'],
    'Cannot cover partition "root": "v" covers it, once is accepted',
  ],
  [
    'content',
    [ROOT, '{ name: v, fs: verity, covers: root, content: root }'],
    'Cannot use content of partition "v": its fs is verity',
  ],
  ['covers elsewhere', ['{ name: root, fs: ext4, size: 16MiB, covers: x }'], 'covers is accepted with verity'],
  [
    'an odd salt',
    [ROOT, '{ name: v, fs: verity, covers: root, options: { salt: abc } }'],
    '"abc" is no salt, accepted are pairs of hexadecimal digits, at most 256, or none',
  ],
  [
    'a hash that is none',
    [ROOT, '{ name: v, fs: verity, covers: root, options: { hash: md5 } }'],
    '"md5" is unknown, accepted are sha1, sha256, sha384, sha512',
  ],
  [
    'a hash type that is none',
    [ROOT, '{ name: v, fs: verity, covers: root, options: { hash_type: 2 } }'],
    '"2" is unknown, accepted are 0, 1',
  ],
  [
    'UUIDs that are given',
    [
      '{ name: root, fs: ext4, size: 16MiB, uuid: 01234567-89ab-4cde-8f01-23456789abcd }',
      '{ name: v, fs: verity, covers: root, options: { uuids_from_root_hash: true } }',
    ],
    'uuids_from_root_hash makes the UUIDs, but partition "root" is given one',
  ],
  [
    'UUIDs of what is made later',
    [
      '{ name: root, fs: btrfs, size: 256MiB }',
      '{ name: v, fs: verity, covers: root, options: { uuids_from_root_hash: true } }',
    ],
    "uuids_from_root_hash needs its content when the disk is laid out, but the host's tools make btrfs afterwards",
  ],
])('covering %s', (_, partitions, says) => {
  expect(problemLines(problemsOf(config(partitions)))[0]).toContain(says)
})

it('blocks smaller than sectors, and UUIDs in an MBR', () => {
  const small = [ROOT, '{ name: v, fs: verity, covers: root, options: { data_block_size: 1024 } }']
  expect(problemLines(problemsOf(config(small, 'sector_size: 4096\n')))[0]).toContain(
    "it is 1024 bytes, the disk's sectors of 4096 bytes or more are accepted",
  )
  const halves = [ROOT, '{ name: v, fs: verity, covers: root, options: { uuids_from_root_hash: true } }']
  expect(problemLines(problemsOf(config(halves, 'table: mbr\n')))[0]).toContain(
    'uuids_from_root_hash needs a GPT that has both partitions',
  )
})

it('a name that could not be read is not missed', () => {
  const lines = problemLines(problemsOf(config(['{ name: "", fs: ext4, size: 1MiB }', '{ fs: verity, covers: root }'])))
  expect(lines).toEqual(['a.yaml:3:13: Cannot read name of partition 1: it is empty'])
})

it.each([
  [
    'too small for its tree',
    [ROOT, '{ name: v, fs: verity, covers: root, size: 64KiB }'],
    'Partition "v": Cannot make the hash tree of 16777216 bytes of data: it takes 139264 bytes (136 KiB), there are 65536 (64 KiB)',
  ],
  [
    'listed before what it covers',
    ['{ name: v, fs: verity, covers: root }', ROOT],
    'Partition "v": Cannot measure the hash tree: partition "root", which it covers, has no place yet',
  ],
  [
    'over half a block',
    ['{ name: root, fs: ext4, size: 32769s }', '{ name: v, fs: verity, covers: root, size: 1MiB }'],
    'Partition "v": Cannot cover 16777728 bytes of data: accepted are whole blocks of 4096, the nearest are 16777216 and 16781312 bytes',
  ],
])('a hash partition %s', async (_, partitions, says) => {
  const error = await rejectionOf(scratch, { config: config(partitions) })
  expect(error.code).toBe('LAYOUT')
  expect(messagesOf(error).split('\n')[0]).toBe(says)
})
