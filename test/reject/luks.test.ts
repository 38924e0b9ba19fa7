/** What encrypted partitions refuse. The words stand beside each. */
import { expect, it } from 'vitest'
import { problemLines, problemsOf } from '../support/load-text.js'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const scratch = scratchFolder()
const config = (keys: string, top = '') => `image: x\n${top}partitions:\n  - { name: a, ${keys} }\n`

it.each([
  ['fs: luks2, size: 32MiB', 'luks2 is no file system'],
  ['fs: luks/root, size: 32MiB', 'luks is no file system'],
  ['fs: ext4, size: 32MiB, luks: {}', 'key_file'],
  [
    'fs: jffs2, size: 32MiB, luks: { key_file: k }',
    'its fs is jffs2, which stands on flash, LUKS is for block devices',
  ],
  [
    'fs: ext4, size: 32MiB, luks: { key_file: k, cipher: aes-cbc-essiv }',
    '"aes-cbc-essiv" is unknown, accepted is aes-xts-plain64',
  ],
  ['fs: ext4, size: 32MiB, luks: { key_file: k, key_size: 128 }', '"128" is unknown, accepted are 256, 512'],
  [
    'fs: ext4, size: 32MiB, luks: { key_file: k, sector_size: 1024 }',
    '"1024" is not possible, accepted are 512, 4096 bytes',
  ],
  [
    'fs: ext4, size: 32MiB, luks: { key_file: k, pbkdf: scrypt }',
    '"scrypt" is unknown, accepted are argon2id, argon2i, pbkdf2',
  ],
  ['fs: ext4, size: 32MiB, luks: { key_file: k, pbkdf: pbkdf2, memory: 1MiB }', 'pbkdf2 takes no memory'],
  ['fs: ext4, size: 32MiB, luks: { key_file: k, pbkdf: pbkdf2, parallel: 2 }', 'pbkdf2 has one thread'],
  [
    'fs: ext4, size: 32MiB, luks: { key_file: k, pbkdf: pbkdf2, iterations: 10 }',
    '10 are too few for pbkdf2, accepted are 1000 and more',
  ],
  ['fs: ext4, size: 32MiB, luks: { key_file: k, memory: 40000 }', '40000 bytes of memory are no whole KiB'],
  ['fs: ext4, size: 32MiB, luks: { key_file: k, iterations: 1 }', '1 is out of range'],
  [`fs: ext4, size: 32MiB, luks: { key_file: k, label: ${'l'.repeat(48)} }`, 'has 48 bytes, at most 47 are accepted'],
  [
    'fs: ext4, size: 32MiB, engine: native, luks: { key_file: k }',
    "the host's cryptsetup makes the header, accepted are host, auto",
  ],
])('a partition: %s', (keys, says) => {
  expect(problemLines(problemsOf(config(keys))).join('\n')).toContain(says)
})

it('flash, and what is around or over it', () => {
  const flash = config('fs: ext4, size: 32MiB, luks: { key_file: k }', 'table: mtd\nsize: 64MiB\n')
  expect(problemLines(problemsOf(flash))[0]).toContain('the table is mtd, LUKS is for block devices')
  const covered = `${config('fs: ext4, size: 32MiB, luks: { key_file: k }')}  - { name: v, fs: verity, covers: a }\n`
  expect(problemLines(problemsOf(covered))[0]).toContain('it is encrypted, with other bytes in every build')
  const hashes =
    'image: x\npartitions:\n  - { name: a, fs: ext4, size: 1MiB }\n  - { name: v, fs: verity, covers: a, luks: { key_file: k } }\n'
  expect(problemLines(problemsOf(hashes))[0]).toContain('Cannot encrypt partition "v": it holds hashes')
})

it.each([
  ['a missing key', 'fs: ext4, size: 32MiB, luks: { key_file: none }', 'Cannot read file "none": it does not exist'],
  [
    'an empty key',
    'fs: ext4, size: 32MiB, luks: { key_file: empty }',
    'Cannot encrypt "a" with key file "empty": it is empty, accepted are 1 to 8388608 bytes',
  ],
  [
    'a folder for a key',
    'fs: ext4, size: 32MiB, luks: { key_file: folder }',
    'Cannot read file "folder": it is a folder',
  ],
  [
    'a volume key of another size',
    'fs: ext4, size: 32MiB, luks: { key_file: key, volume_key_file: key }',
    'Cannot encrypt "a" with volume key file "key": it has 4 bytes, key_size: 512 takes 64',
  ],
  [
    'no room behind the header',
    'fs: ext4, size: 16MiB, luks: { key_file: key }',
    'Partition "a": Cannot encrypt 16777216 bytes (16 MiB): LUKS2\'s header alone takes 16777216 (16 MiB), accepted is more',
  ],
  [
    'half a sector',
    'fs: ext4, size: 65537s, luks: { key_file: key, sector_size: 4096 }',
    'Partition "a": Cannot encrypt 33554944 bytes in sectors of 4096: 512 bytes are left over, accepted are whole sectors',
  ],
  [
    'a block smaller than the sectors',
    'fs: ext4, size: 32MiB, options: { block_size: 1024 }, luks: { key_file: key, sector_size: 4096 }',
    'Partition "a": Cannot make ext4 with block_size 1024: accepted is 4096 and more, since what it stands on has sectors of that',
  ],
])('a build with %s', async (_, keys, says) => {
  const error = await rejectionOf(scratch, {
    config: config(keys),
    files: { empty: '', key: 'word', folder: 'folder' },
  })
  expect(['LAYOUT', 'FORMAT']).toContain(error.code)
  expect(messagesOf(error).split('\n')[0]).toContain(says)
})
