/** What a flash, JFFS2 and a U-Boot environment refuse. The words stand beside each. */
import { expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { jffs2Format } from '../../src/filesystems/jffs2/format.js'
import { emptyTree, type FileNode, type FileTree } from '../../src/tree/file-tree.js'
import { ENVIRONMENT } from '../support/jffs2-volume.js'
import { problemLines, problemsOf } from '../support/load-text.js'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const scratch = scratchFolder()

it.each([
  ['erase_block: 64KiB', ['erase_block is accepted with table: mtd and table: none']],
  ['mtd: { id: x }', ['mtd is accepted with table: mtd']],
  ['table: mtd\nmtd: { id: "a:b" }', ['"a:b" is no name of a flash']],
  ['table: mtd\nmtd: { node: flash }', ['"flash" is no label, accepted is & and a label', 'hint']],
  ['table: mtd\ngpt: { entries: 128 }', ['the table is mtd, gpt is accepted with table: gpt']],
])('the config: %s', (top, says) => {
  const lines = problemLines(problemsOf(`image: x\nsize: 16MiB\n${top}\npartitions: [{ name: a, fs: jffs2 }]\n`))
  expect(lines[0]).toContain(says[0])
})

it.each([
  ['fs: jffs2, options: { erase_block: 64KiB }', 'the flash erases 131072 bytes at once, JFFS2 takes no other'],
  ['fs: jffs2, options: { cluster_size: 4096 }', 'Cannot use options.cluster_size of partition "a": its fs is jffs2'],
  ['fs: jffs2, label: x', 'Cannot use label of partition "a": its fs is jffs2, label is accepted with'],
  ['fs: jffs2, options: { compression: lzo }', '"lzo" is unknown, accepted are zlib, none'],
  [
    'fs: u-boot-env/env.txt, options: { redundant: yes }',
    '"yes" is unknown, accepted are none, both, active, obsolete',
  ],
  ['fs: u-boot-env/env.txt, holes: all', 'Cannot use holes of partition "a": its fs is u-boot-env'],
])('a partition: %s', (keys, says) => {
  const config = `image: x\ntable: mtd\nsize: 16MiB\npartitions: [{ name: a, size: 1MiB, ${keys} }]\n`
  expect(problemLines(problemsOf(config))[0]).toContain(says)
})

const FLASH = 'image: x\ntable: mtd\nsize: 1MiB\npartitions:\n'

it.each([
  [
    'partitions that overlap',
    '  - { name: a, size: 256KiB }\n  - { name: b, start: 0x20000, size: 128KiB }\n',
    ['LAYOUT', '6:5: Cannot place partition "b": 0x20000–0x40000 overlap partition "a", 0x0–0x40000'],
  ],
  [
    'a start off the erase block',
    '  - { name: a, start: 0x1000, size: 128KiB }\n',
    [
      'LAYOUT',
      '5:23: Cannot place partition "a": its start is at 0x1000, which is inside an erase block of 131072 bytes (128 KiB)',
      'Cannot place partition "a": its end is at 0x21000',
    ],
  ],
  [
    'an end off the erase block',
    '  - { name: a, size: 100KiB }\n',
    ['LAYOUT', '5:22: Cannot place partition "a": its end is at 0x19000, which is inside an erase block of'],
  ],
  [
    'a partition past the end',
    '  - { name: a, start: 0xe0000, size: 256KiB }\n',
    ['LAYOUT', '5:5: Cannot place partition "a": 0xe0000–0x120000 end past the end of the flash, 0x100000'],
  ],
  [
    'a payload larger than its partition',
    '  - { name: a, size: 128KiB, fs: big }\n',
    [
      'LAYOUT',
      '5:34: Cannot copy big into partition "a": it has 200000 bytes (195.3 KiB), 0x0–0x20000 hold 131072 bytes (128 KiB)',
    ],
  ],
  ['no name', '  - { size: 128KiB }\n', ['LAYOUT', '5:5: Cannot use name "" of an MTD partition']],
  ['a name that ends the list', '  - { name: "a,b", size: 128KiB }\n', ['LAYOUT', 'Cannot use name "a,b"']],
  [
    'what no flash says',
    '  - { name: a, size: 128KiB, bootable: true, type: linux }\n',
    ['LAYOUT', 'Cannot write `type` of partition "a": a flash without a table has no place for it', '`bootable`'],
  ],
  [
    'too few erase blocks',
    '  - { name: a, size: 512KiB, fs: jffs2 }\n',
    [
      'LAYOUT',
      'Partition "a": Cannot fit the payload into JFFS2 of 512 KiB: needs 655,360 bytes (5 erase blocks of 128 KiB), available are 524,288 bytes (4 erase blocks of 128 KiB), the fewest that Linux mounts',
    ],
  ],
  [
    'JFFS2 too small',
    '  - { name: a, size: 640KiB, fs: jffs2, content: noise }\n',
    [
      'LAYOUT',
      'needs 917,504 bytes (7 erase blocks of 128 KiB), available are 655,360 bytes (5 erase blocks of 128 KiB); the largest are one (488.3 KiB), two (293.0 KiB)',
    ],
  ],
  [
    'an environment of wrong lines, all at once',
    '  - { name: a, size: 128KiB, fs: u-boot-env/env.txt }\n',
    [
      'FORMAT',
      'env.txt:2:1: Partition "a": Cannot read line 2 of environment "env.txt": "no equals" has no =, name=value is accepted',
      'env.txt:3:1: Partition "a": Cannot read line 3 of environment "env.txt": " a" is no name',
      'env.txt:5:1: Partition "a": Cannot read line 5 of environment "env.txt": "x" is set a second time, line 4 sets it already',
      'env.txt:6:1: Partition "a": Cannot read line 6 of environment "env.txt": the value of "crlf" ends with a carriage return',
      'env.txt:7:1: Partition "a": Cannot read line 7 of environment "env.txt": "y" has no value',
      'env.txt:8:1: Partition "a": Cannot read line 8 of environment "env.txt": the value of "z" goes on behind the end',
    ],
  ],
  [
    'an environment larger than its size',
    '  - { name: a, size: 128KiB, fs: u-boot-env/big-env.txt, options: { size: 4KiB } }\n',
    ['LAYOUT', 'Cannot fit the environment into 4 KiB: needs 9,008 bytes, available are 4,096 bytes'],
  ],
  [
    'two copies larger than their halves',
    '  - { name: a, size: 128KiB, fs: u-boot-env, options: { size: 128KiB, redundant: both } }\n',
    ['LAYOUT', 'Cannot fit an environment of 131,072 bytes into half of the partition: 65,536 bytes are available'],
  ],
  [
    'an environment of unknown size',
    '  - { name: a, size: auto, fs: u-boot-env/good-env.txt }\n',
    ['LAYOUT', 'Cannot tell how large the environment is'],
  ],
  [
    'an environment of a folder',
    '  - { name: a, size: 128KiB, fs: u-boot-env, content: [{ folder: noise }] }\n',
    ['FORMAT', 'Cannot make an environment of this content: it holds one, two, one file of text is accepted'],
  ],
])('%s', async (_, partitions, [code, ...says]) => {
  const files = {
    big: { sizeBytes: 200_000 },
    'noise/one': noise(500_000),
    'noise/two': noise(300_000),
    'env.txt': 'good=1\nno equals\n a=1\nx=1\nx=2\ncrlf=1\r\ny=\nz=1\\',
    'big-env.txt': `a=${'x'.repeat(9000)}\n`,
    'good-env.txt': 'a=1\n',
  }
  const error = await rejectionOf(scratch, { config: FLASH + partitions, files })
  expect(error.code).toBe(code)
  const lines = error.problems.map(({ position }, index) => {
    const message = messagesOf(error).split('\n')[index]!
    const file = position!.file.slice(position!.file.lastIndexOf('/') + 1)
    return `${file === 'board.yaml' ? '' : `${file}:`}${position!.line}:${position!.column}: ${message}`
  })
  for (const [index, words] of says.entries()) expect(lines[index]).toContain(words)
  expect(lines).toHaveLength(says.length)
})

function noise(length: number): Buffer {
  let state = 1
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = Math.imul(state, 1_103_515_245) + 12_345
      return state >>> 16
    }),
  )
}

it('a tree that JFFS2 cannot hold, all of it at once', () => {
  const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }
  const file = (more: object): FileNode =>
    ({ type: 'file', ...attributes, content: { sizeBytes: 0, extents: [] }, ...more }) as FileNode
  const tree: FileTree = emptyTree(attributes.mtime)
  const add = (name: string, node: FileNode): unknown => tree.children.set(byteString(name), node)
  add('n'.repeat(255), file({}))
  add('owner', file({ uid: 65_536 }))
  add('old', file({ mtime: { seconds: -1, nanoseconds: 0 } }))
  add('late', file({ mtime: { seconds: 2 ** 32, nanoseconds: 0 } }))
  add('large', file({ content: { sizeBytes: 2 ** 31, extents: [] } }))
  add('link', { type: 'symlink', ...attributes, target: byteString('t'.repeat(255)) })
  add('device', { type: 'char', ...attributes, major: 4096, minor: 0 })
  add(
    'label',
    file({
      xattrs: new Map([
        ['security.x', new Uint8Array(70_000)],
        ['system.nfs4_acl', new Uint8Array(1)],
      ]),
    }),
  )
  let message = ''
  try {
    jffs2Format.plan(tree, 1 << 20, {}, ENVIRONMENT)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message.split('\n').map((line) => line.replace(/n{20,}/, 'n…'))).toEqual([
    'Cannot write to JFFS2: device (4096:0); device numbers up to 4095:1048575 are accepted',
    'Cannot write to JFFS2: label (security.x of 70000 bytes); an extended attribute of up to half an erase block is accepted',
    'Cannot write to JFFS2: label (system.nfs4_acl); extended attributes user.*, security.*, trusted.* and POSIX ACLs are accepted',
    'Cannot write to JFFS2: large (2,147,483,648); files of up to 2,147,483,647 bytes are accepted',
    'Cannot write to JFFS2: late (a time of 4294967296), old (a time of -1); seconds 0 to 4294967295 since 1970 (the year 2106) are accepted',
    'Cannot write to JFFS2: link (a target of 255 bytes); link targets of 1 to 254 bytes are accepted',
    'Cannot write to JFFS2: n… (a name of 255 bytes); names of up to 254 bytes are accepted',
    'Cannot write to JFFS2: owner (owner 65536:0); owners are accepted up to 65535, as JFFS2 has 16 bits for each',
  ])
})
