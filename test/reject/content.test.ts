// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the own syntax of lists
/** What `content:` and `free:` refuse: in the config, and in what the config names. The words stand beside each. */
import { describe, expect, it } from 'vitest'
import { problemLines, problemsOf } from '../support/load-text.js'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, type RejectedBuild, rejectionOf } from '../support/rejected-build.js'

const ACTS = 'one of folder, tar, cpio, list, device_table, remove, rename, set, path is accepted'
const WHAT = 'content[0] of partition "a"'
const key = (name: string) => `content[0].${name} of partition "a"`
const ENTRIES = 'one of text, file, directory, link, device, image is accepted'

describe('entries', () => {
  it.each([
    ['to: /x', [`4:7: Cannot use ${WHAT}: it names nothing, ${ACTS}`]],
    [
      'folder: a, tar: b',
      [
        `4:25: Cannot use ${key('tar')}: folder is given too, ${ACTS}`,
        '  hint: Two entries do two things, one after the other',
      ],
    ],
    ['tar: a, mode: "0755"', [`4:23: Cannot use ${key('mode')}: the entry is a tar, mode is accepted with set, path`]],
    [
      'list: a, owner: root',
      [`4:25: Cannot use ${key('owner')}: the entry is a list, owner is accepted with folder, tar, cpio, set, path`],
    ],
    ['rename: /a', [`4:7: Cannot use ${WHAT}: the new path \`to\` is missing`]],
    ['rename: /a, to: /', [`4:25: Cannot use ${WHAT}: the new path \`to\` is missing`]],
    ['set: "*"', [`4:14: Cannot use ${WHAT}: neither mode nor owner is given`]],
    ['set: "*", owner: keep', [`4:26: Cannot use ${key('owner')}: it is keep, accepted here is USER:GROUP or USER`]],
    ['path: /a', [`4:15: Cannot put "/a" into partition "a": nothing is given for it, ${ENTRIES}`]],
    ['path: /a, text: x, link: y', [`4:34: Cannot use ${key('link')}: text is given too, ${ENTRIES}`]],
    [
      'path: /, text: x',
      ['4:15: Cannot put a text at "/" of partition "a": the root is a folder, directory: true is accepted'],
    ],
    ['path: /a, link: x, mode: 777', [`4:34: Cannot use ${key('mode')}: a symbolic link has no mode of its own`]],
    [
      'path: /a, directory: false',
      [`4:30: Cannot use ${key('directory')}: it is false, accepted is true`, '  hint: remove: takes a folder away'],
    ],
    [
      'path: /a/../b, text: x',
      [
        `4:15: Cannot read ${key('path')}: "/a/../b" leads out of the volume, accepted is a path such as /etc/hostname, without ".."`,
      ],
    ],
    [
      'set: a, mode: 0855',
      [`4:23: Cannot read ${key('mode')}: "0855" is no mode, accepted are three or four octal digits such as 0755`],
    ],
    [
      'path: /a, device: c 5',
      [
        `4:27: Cannot read ${key('device')}: "c 5" is no device, accepted are "c MAJOR MINOR", "b MAJOR MINOR" and p (a fifo), as mknod takes them`,
      ],
    ],
    [
      'path: /a, device: c 4096 0',
      [`4:27: Cannot read ${key('device')}: "c 4096 0" is out of range, the largest numbers are 4095 and 1048575`],
    ],
    [
      'set: a, owner: "a b"',
      [
        `4:24: Cannot read ${key('owner')}: "a b" is no owner, accepted are USER:GROUP or USER, each a number or a name in the volume, and keep`,
      ],
    ],
    [
      'set: a, owner: "4294967296"',
      [`4:24: Cannot read ${key('owner')}: 4294967296 is out of range, ids are 0 to 4294967295`],
    ],
    [
      'foldr: a',
      [`4:9: Cannot read ${WHAT}: "foldr" is no key of an entry of content`, '  hint: Did you mean "folder"?'],
    ],
  ])('%s', (keys, says) => {
    const config = `image: x\npartitions:\n  - { name: a, fs: ext4, size: 8MiB, content: [\n      { ${keys} }] }\n`
    expect(problemLines(problemsOf(config))).toEqual(says.map((line) => line.replace(/^(?=\d)/, 'a.yaml:')))
  })
})

describe('free', () => {
  it.each([
    ['size: 8MiB, fs: ext4, free: 1MiB', 'its size is fixed, free is accepted with size: auto'],
    ['size: rest, fs: ext4, free: 1MiB', 'it takes the rest of the disk, free is accepted with size: auto'],
    ['size: auto, fs: ext4, free: 95%', '95% leaves too little for the content, accepted are 0% to 90%'],
    [
      'fs: boot.img, free: 1MiB',
      'its fs is the raw file boot.img, free is accepted with ext2, ext3, ext4, FAT, exFAT and JFFS2',
    ],
  ])('%s', (keys, words) => {
    const [{ message }] = problemsOf(`image: x\nsize: 64MiB\npartitions:\n  - { name: a, ${keys} }\n`) as [
      { message: string },
    ]
    expect(message).toBe(`Cannot use free of partition "a": ${words}`)
  })
})

interface RejectedContent {
  name: string
  content: string
  files?: RejectedBuild['files']
  partition?: string
  says: string[]
}

const TREE = { 'tree/etc/hosts': 'x', 'tree/etc/passwd': 'web:x:33:34::/:\n' }

const CASES: RejectedContent[] = [
  {
    name: 'everything that is missing, and a file that is no archive, at once',
    content:
      'none, { tar: none.tar }, { list: none.list }, { device_table: none.txt }, { path: /a, file: none.bin }, text',
    files: { text: 'hello' },
    says: [
      'LAYOUT',
      '5:16: Cannot read "none": it does not exist, a folder or an archive that this user can read is accepted',
      '5:29: Cannot read file "none.tar": it does not exist, a file that this user can read is accepted',
      '5:49: Cannot read file "none.list": it does not exist, a file that this user can read is accepted',
      '5:78: Cannot read file "none.txt": it does not exist, a file that this user can read is accepted',
      '5:90: Cannot read file "none.bin": it does not exist, a file that this user can read is accepted',
      '5:120: Cannot read "text": it is a file that begins with "hello", accepted are a folder, and a tar or cpio, plain or packed by gzip, xz, zstd, bzip2 or lz4',
    ],
  },
  {
    name: 'an empty file in the place of an archive',
    content: 'empty',
    files: { empty: '' },
    says: [
      'FORMAT',
      '5:16: Cannot read "empty": it is an empty file, accepted are a folder, and a tar or cpio, plain or packed by gzip, xz, zstd, bzip2 or lz4',
    ],
  },
  {
    name: 'patterns and paths that find nothing, all edits of a row at once',
    content:
      'tree, { remove: [none, "*.x"] }, { rename: /none, to: /x }, { rename: "etc/*", to: /x }, { set: etc/none, mode: "0600" }, { path: /etc, text: x }, { set: etc, owner: nobody }, { rename: /etc, to: /etc/sub }',
    files: TREE,
    says: [
      'FORMAT',
      '5:22: Cannot apply the pattern "none": it matches nothing in the tree',
      '5:22: Cannot apply the pattern "*.x": it matches nothing in the tree',
      '5:49: Cannot rename "/none": it does not exist',
      '5:76: Cannot rename "etc/*": 2 paths match, one is accepted: etc/hosts, etc/passwd',
      '5:105: Cannot apply the pattern "etc/none": it matches nothing in the tree',
      '5:138: Cannot put a file at "etc": a folder is there',
      '5:163: Cannot find the user "nobody": the tree\'s etc/passwd has 1 names, and not this one',
      '5:192: Cannot rename "/etc" to "etc/sub": that is inside it',
    ],
  },
  {
    name: 'a place below a file',
    content: 'tree, { folder: tree, to: /etc/hosts/x }',
    files: TREE,
    says: ['FORMAT', '5:32: Cannot lay content into "/etc/hosts/x": "/etc/hosts" is a file'],
  },
  {
    name: 'an include that finds nothing; an exclude need not',
    content: '{ folder: tree, include: [usr], exclude: ["*.o"] }',
    files: TREE,
    says: ['FORMAT', '5:26: Cannot apply the pattern "usr": it matches nothing in the tree'],
  },
  {
    name: 'a wrong line of a list, at its own place',
    content: '{ list: a.list }',
    files: { 'a.list': 'dir /a 755 0 0\nfile /b ${NONE}/b 644 0 0\n' },
    says: ['FORMAT', 'a.list:2:1: Cannot expand "${NONE}" in "${NONE}/b": it is not set'],
  },
  {
    name: 'a wrong line of a device table',
    content: 'tree, { device_table: t.txt }',
    files: { ...TREE, 't.txt': '/etc/none f 644 0 0 - - - - -\n' },
    says: ['FORMAT', 't.txt:1:1: Cannot set "/etc/none": it does not exist, type f needs a regular file'],
  },
]

describe('payloads', () => {
  const scratch = scratchFolder()
  it.each(CASES)('$name', async ({ content, files = {}, partition = '', says }) => {
    const config = `image: disk\nsize: 64MiB\npartitions:\n  - { name: a, size: 8MiB, fs: ext4, xattrs: none, ${partition}\n     content: [${content}] }\n`
    const error = await rejectionOf(scratch, { config, files })
    const lines = messagesOf(error).split('\n')
    const places = error.problems.map(({ position }) => {
      const file = position!.file.split('/').at(-1)!
      return `${file === 'board.yaml' ? '' : `${file}:`}${position!.line}:${position!.column}: `
    })
    expect([error.code, ...lines.map((line, index) => places[index] + line)]).toEqual(says)
  })

  it('that would fit with their holes say so', async () => {
    const config =
      'image: disk\nsize: 64MiB\npartitions:\n  - { name: a, size: 8MiB, fs: ext4/tree, xattrs: none }\n  - { name: b, size: 8MiB, fs: ext4/tree, xattrs: none, holes: host }\n'
    const files = { 'tree/sparse': { sizeBytes: 32 << 20 }, 'tree/plain': 'x' }
    const error = await rejectionOf(scratch, { config, files })
    expect(error.problems).toHaveLength(1)
    expect(error.problems[0]!.message).toMatch(
      /^Partition "a": Cannot fit the payload into an ext4 volume of 8 MiB: needs \d+ bytes .*has \d+ bytes .*; the largest are sparse \(32 MiB\)/,
    )
    expect(error.problems[0]!.hint).toMatch(
      /^A volume of \d+ bytes .* would hold it\. 1 file is sparse at its source, and is written in full: holes: host leaves out the 32 MiB that are holes there$/,
    )
  })

  it('of FAT: owners of an archive are no accident', async () => {
    const config =
      'image: disk\nsize: 64MiB\npartitions:\n  - { name: a, size: 8MiB, fs: fat, content: [{ list: a.list }] }\n'
    const error = await rejectionOf(scratch, { config, files: { 'a.list': 'dir /a 755 5 6\nslink /b a 777 0 0\n' } })
    expect(messagesOf(error)).toContain('1 symbolic link to FAT: b')
    expect(messagesOf(error)).toContain('owners or extended attributes of 1 path: a; accepted is owner 0:0')
  })
})
