/** What UBI and UBIFS refuse: in the config, of a flash that does not go together, and where something does not fit. */
import { expect, it } from 'vitest'
import { problemLines, problemsOf } from '../support/load-text.js'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const TOP = 'image: x\ntable: mtd\nsize: 16MiB\nmtd: { min_io_size: 2KiB }\n'
const WHAT = 'partition "u"'

it.each([
  ['no volumes', '', `Cannot make UBI of ${WHAT}: it has no volumes, at least one is accepted`],
  ['an empty list', 'volumes: []', `Cannot make UBI of ${WHAT}: it has no volumes`],
  ['content of its own', 'content: x, volumes: [{ name: a, fs: x }]', `Cannot use content of ${WHAT}: its fs is ubi`],
  [
    'two names',
    'volumes: [{ name: a, fs: x }, { name: a, fs: x }]',
    `Cannot use volume "a" of ${WHAT}: volume 0 has this name too`,
  ],
  [
    'two ids',
    'volumes: [{ name: a, id: 1, fs: x }, { name: b, fs: x }]',
    `Cannot use volume "b" of ${WHAT}: volume 0 has the id 1 too`,
  ],
  [
    'two that grow',
    'volumes: [{ name: a, fs: x, autoresize: true }, { name: b, fs: x, autoresize: true }]',
    `Cannot use volume "b" of ${WHAT}: volume 0 takes all that is left already, autoresize is accepted with one`,
  ],
  ['no name', 'volumes: [{ fs: x }]', 'the key "name" is missing'],
  [
    'an id past the last',
    'volumes: [{ name: a, id: 128, fs: x }]',
    '128 is out of range, accepted are whole numbers from 0 to 127',
  ],
  [
    'a type of later',
    'volumes: [{ name: a, type: statik, fs: x }]',
    '"statik" is unknown, accepted are dynamic, static',
  ],
  [
    'a long name',
    `volumes: [{ name: ${'ü'.repeat(64)}, fs: x }]`,
    `Cannot name volume "${'ü'.repeat(64)}" of ${WHAT}: 128 bytes, at most 127`,
  ],
  [
    'nothing at all of a volume',
    'volumes: [{ name: a }]',
    `Cannot make volume "a" of ${WHAT}: it has neither fs nor size nor autoresize, one of them is needed`,
  ],
  [
    'a static volume without content',
    'volumes: [{ name: a, type: static, size: 1MiB }]',
    `Cannot make volume "a" of ${WHAT}: it is static and has no fs`,
  ],
  ['a volume of nothing', 'volumes: [{ name: a, size: 0 }]', `Cannot make volume "a" of ${WHAT}: its size is 0`],
  [
    'a file system that wants a disk',
    'volumes: [{ name: a, fs: btrfs, size: 8MiB }]',
    `Cannot make volume "a" of ${WHAT}: its fs is btrfs, accepted are ext2, ext3, ext4, fat, fat12, fat16, fat32, u-boot-env, squashfs, erofs, ubifs, a raw file, or no fs`,
  ],
  ['UBI on UBI', 'volumes: [{ name: a, fs: ubi }]', `Cannot make volume "a" of ${WHAT}: its fs is ubi, accepted are`],
  [
    'options of another format',
    'volumes: [{ name: a, fs: ubifs, options: { block_size: 4096 } }]',
    `Cannot use options.block_size of volume "a" of ${WHAT}: its fs is ubifs, which has no such option`,
  ],
  [
    'a compressor that UBIFS has not',
    'volumes: [{ name: a, fs: ubifs, options: { compression: xz } }]',
    `"xz" is unknown, accepted are lzo, zlib, zstd, none`,
  ],
  [
    'fewer blocks than UBIFS has',
    'volumes: [{ name: a, fs: ubifs, options: { max_leb_count: 21 } }]',
    '21 is out of range, accepted are whole numbers from 22 to',
  ],
  [
    'a flash of two pages',
    'options: { min_io_size: 4KiB }, volumes: [{ name: a, fs: x }]',
    `Cannot use options.min_io_size of ${WHAT}: it is 4096, the flash has 2048 bytes`,
  ],
])('a config with %s', (_, keys, says) => {
  const config = `${TOP}partitions: [{ name: u, size: rest, fs: ubi${keys === '' ? '' : `, ${keys}`} }]\n`
  expect(problemLines(problemsOf(config))[0]).toContain(says)
})

it.each([
  [
    'table: mtd',
    `Cannot make UBI of ${WHAT}: min_io_size of the flash is not given, which UBI needs`,
    'mtd: { min_io_size: 2KiB }',
  ],
  ['table: none\nerase_block: 128KiB', `min_io_size of the flash is not given`, 'options: { min_io_size: 2KiB }'],
  ['table: gpt', `erase_block of the flash is not given`, 'options: { erase_block: 128KiB }'],
])('a flash of which too little is said: %s', (top, says, hint) => {
  const lines = problemLines(
    problemsOf(`image: x\n${top}\npartitions: [{ name: u, fs: ubi, size: 8MiB, volumes: [{ name: a, fs: x }] }]\n`),
  )
  expect(lines[0]).toContain(says)
  expect(lines[1]).toContain(hint)
})

it('UBI inside a file', () => {
  const entry = '{ path: /a, image: { fs: ubi } }'
  const config = `image: x\npartitions: [{ name: u, fs: ext4, size: 8MiB, content: [${entry}] }]\n`
  expect(problemLines(problemsOf(config)).join('\n')).toContain("its fs is ubi, which is a partition's only")
})

const scratch = scratchFolder()

/** A flash of 16 MiB with this partition. */
const flash = (keys: string, mtd = 'min_io_size: 2KiB', size = 'rest'): string =>
  `image: x\ntable: mtd\nsize: 16MiB\nmtd: { ${mtd} }\npartitions:\n  - { name: u, size: ${size}, fs: ubi, ${keys} }\n`

it.each([
  [
    'pages that are no power of two',
    flash('volumes: [{ name: a, fs: x }]', 'min_io_size: 3000'),
    'Cannot make UBI with pages of 3000 bytes in erase blocks of 131072: accepted are powers of two of which two and more make an erase block, 1 for NOR flash',
  ],
  [
    'sub-pages larger than pages',
    flash('volumes: [{ name: a, fs: x }]', 'min_io_size: 2KiB, sub_page_size: 4KiB'),
    'Cannot make UBI with sub-pages of 4096 bytes in pages of 2048: accepted are powers of two up to 2048',
  ],
  [
    'a header off its place',
    flash('options: { vid_header_offset: 100 }, volumes: [{ name: a, fs: x }]'),
    'Cannot make UBI with a header at byte 100 of erase blocks of 131072: accepted are multiples of 8 from 64 to 126976',
  ],
  [
    'a header past the end',
    flash('options: { vid_header_offset: 128KiB }, volumes: [{ name: a, fs: x }]'),
    'Cannot make UBI with a header at byte 131072 of erase blocks of 131072',
  ],
  [
    'logical blocks as the board has them, and another geometry',
    flash('options: { leb_size: 129024 }, volumes: [{ name: a, fs: x }]'),
    'Cannot make UBI with a leb_size of 129024 bytes: erase blocks of 131072 (128 KiB) with pages of 2048, sub-pages of 2048 and the header at 2048 have their data at 4096, which leaves 126976',
  ],
  [
    'the same, before the host makes UBIFS for it',
    flash('options: { leb_size: 129024 }, volumes: [{ name: a, fs: ubifs }]'),
    'which leaves 126976',
  ],
  [
    'volumes that the partition has no blocks for',
    flash('volumes: [{ name: a, fs: x }, { name: b, size: 1MiB }]', 'min_io_size: 2KiB', '1MiB'),
    'Partition "u": Cannot put the UBI volumes into 8 erase blocks of 128 KiB: they take 16 (2 the volume table, 3 "a", 9 "b", 2 UBI\'s own)',
  ],
  [
    'content that its volume has no room for',
    flash('volumes: [{ name: a, fs: x, size: 200KiB }]'),
    'Cannot put the content of UBI volume "a" into it: it takes 300000 bytes (3 logical erase blocks of 126976), the volume has 204800 bytes (2 logical erase blocks of 126976)',
  ],
  [
    'an id that a small table has not',
    flash('volumes: [{ name: a, id: 127, fs: x }]', 'min_io_size: 512').replace(
      'size: 16MiB',
      'size: 16MiB\nerase_block: 16KiB',
    ),
    'Cannot make UBI volume "a" with the id 127: logical erase blocks of 15360 bytes have a table of 89 volumes, accepted are 0 to 88',
  ],
  [
    'a file that is not there, and another',
    flash('volumes: [{ name: a, fs: gone }, { name: b, fs: lost }]'),
    /gone.*\n.*lost/s,
  ],
  [
    'UBIFS on blocks that are too small for it',
    flash('volumes: [{ name: a, fs: ubifs }]', 'min_io_size: 1').replace(
      'size: 16MiB',
      'size: 16MiB\nerase_block: 8KiB',
    ),
    'Cannot make UBIFS on logical erase blocks of 8064 bytes: 15360 to 2097152 are accepted',
  ],
  [
    'UBIFS on a flash of no size',
    flash('volumes: [{ name: a, fs: ubifs }]', 'min_io_size: 2KiB', 'auto').replace('size: 16MiB\n', ''),
    'Cannot make UBIFS: neither its partition nor the flash has a size, which says what it may grow to, accepted is options.max_leb_count of the volume',
  ],
] as const)('a build with %s', async (_, config, says) => {
  const error = await rejectionOf(scratch, { config, files: { x: { sizeBytes: 300_000 } } })
  expect(error.problems.filter(({ position }) => position === undefined)).toEqual([])
  const text = messagesOf(error)
  if (typeof says === 'string') expect(text).toContain(says)
  else expect(text).toMatch(says)
})
