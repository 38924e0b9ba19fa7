/** Bad input from end to end: what the build says of it, where it points, and that it leaves nothing behind. */
import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import type { ErrorCode } from '../../src/errors.js'
import { scratchFolder, tool } from '../support/oracle.js'
import { listNames, makeProject, messagesOf, type RejectedBuild, rejectionOf } from '../support/rejected-build.js'

const scratch = scratchFolder()
const KIB = 1024
const MIB = KIB * KIB
const GIB = KIB * MIB

interface Case extends RejectedBuild {
  name: string
  code: ErrorCode
  /** All of them must stand in the messages. */
  says: (string | RegExp)[]
  /** `line:column` in the config of the first problem. */
  at?: string
  /** How many problems are told at once. */
  problems?: number
}

/** A config of one line a partition. */
function disk(head: string, ...partitions: string[]): string {
  return `image: disk.img\n${head}\npartitions:\n${partitions.map((text) => `  - { ${text} }\n`).join('')}`
}

/** `count` names of `length` characters in one folder. */
function manyFiles(folder: string, count: number, length: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => String(index).padStart(length, 'long name '))
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, '']))
}

const CASES: Case[] = [
  {
    name: 'partitions that overlap: both named, all sectors',
    config: disk(
      'size: 64MiB\ntable: gpt',
      'name: first, start: 2048s, end: 10239s',
      'name: second, start: 8192s, end: 20479s',
    ),
    code: 'LAYOUT',
    says: ['"first"', '"second"', /2,?048/, /10,?239/, /8,?192/, /20,?479/, 'overlap'],
    at: '6:5',
  },
  {
    name: 'a partition past the end of the disk',
    config: disk('size: 64MiB\ntable: mbr', 'name: big, start: 2048s, end: 140000s'),
    code: 'LAYOUT',
    says: ['"big"', /140,?000/, /131,?07[12]/],
    at: '5:5',
  },
  {
    name: 'a partition over the backup GPT',
    config: disk('size: 64MiB\ntable: gpt', 'name: big, start: 2048s, end: 131050s'),
    code: 'LAYOUT',
    says: ['"big"', /131,?050/, /131,?038/],
    at: '5:5',
  },
  {
    name: 'a boot blob over the primary GPT',
    config: disk('size: 64MiB\ntable: gpt', 'name: loader, start: 8KiB, in_table: false, fs: loader.bin'),
    files: { 'loader.bin': { sizeBytes: 20 * KIB } },
    code: 'LAYOUT',
    says: ['"loader"', 'primary GPT', 'overlap'],
    at: '5:5',
  },
  {
    name: 'MBR beyond 2 TiB',
    config: disk('size: 3TiB\ntable: mbr', 'name: a, start: 1MiB, size: 2560GiB'),
    code: 'LAYOUT',
    says: ['"a"', 'MBR', '2 TiB'],
    at: '5:5',
  },
  {
    name: 'payloads larger than their partitions, each with needed and available',
    config: disk(
      'size: 256MiB\ntable: gpt',
      'name: raw, start: 1MiB, size: 1MiB, fs: raw.bin',
      'name: ext, size: 8MiB, fs: ext4/tree',
      'name: fat, size: 8MiB, fs: fat/tree',
    ),
    files: { 'raw.bin': { sizeBytes: 2 * MIB + 1 }, 'tree/large.bin': { sizeBytes: 9 * MIB } },
    code: 'LAYOUT',
    says: ['"raw"', /2,?097,?153/, '"ext"', '"fat"', /needs/, /available/],
    problems: 3,
  },
  {
    name: 'missing payload, all of it at once',
    config: `${disk(
      'size: 64MiB\ntable: gpt',
      'name: a, size: 1MiB, fs: missing.bin',
      'name: b, size: 8MiB, fs: ext4/missing-folder',
      'name: c, size: 8MiB, fs: vfat, content: missing-too',
    )}bundle: { include: [missing.cfg] }\n`,
    code: 'LAYOUT',
    says: ['missing.bin', 'missing-folder', 'missing-too', 'missing.cfg'],
    problems: 4,
  },
  {
    name: 'a folder where a file is asked, and a file where a folder is',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 1MiB, fs: folder', 'name: b, size: 8MiB, fs: ext4/file'),
    files: { folder: 'folder', file: 'text' },
    code: 'LAYOUT',
    says: [/folder".* is a (folder|directory)/, /file".* is a (regular )?file/],
    problems: 2,
  },
  {
    name: 'a file of 4 GiB on FAT',
    config: disk('table: gpt', 'name: a, size: 8GiB, fs: fat32/tree'),
    files: { 'tree/film.mkv': { sizeBytes: 4 * GIB } },
    code: 'FORMAT',
    says: ['film.mkv', '4 GiB - 1'],
  },
  {
    name: 'a FAT folder over 65,536 slots',
    config: disk('table: gpt', 'name: a, size: 1GiB, fs: fat32/tree'),
    // 240 characters need 19 slots for the long name and one for the short.
    files: manyFiles('tree/sub', 3300, 240),
    code: 'FORMAT',
    says: ['sub', /66,?002|66,?000/, /65,?536/],
  },
  {
    name: 'a full root of FAT16',
    config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat16/tree'),
    files: manyFiles('tree', 129, 40),
    code: 'LAYOUT',
    says: ['root', /645|646/, '512'],
  },
  {
    name: 'names that FAT cannot hold',
    config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat/tree'),
    files: { 'tree/12:30.log': '', 'tree/sub/what?': '' },
    code: 'FORMAT',
    says: ['12:30.log', 'what?'],
  },
  {
    name: 'names that collide on FAT without case',
    config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat/tree'),
    files: { 'tree/Readme.txt': '', 'tree/README.TXT': '' },
    code: 'FORMAT',
    says: ['Readme.txt', 'README.TXT', 'case'],
  },
  {
    name: 'symlinks on FAT',
    config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat/tree'),
    files: { 'tree/link': { linkTo: 'nowhere' } },
    code: 'FORMAT',
    says: ['link', 'symbolic link'],
  },
  {
    name: 'a FAT label that is too long',
    config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat, label: BOOT-PARTITION'),
    code: 'FORMAT',
    says: ['Cannot write FAT label "BOOT-PARTITION": 14 bytes, at most 11'],
    at: '4:45',
  },
  {
    name: 'an ext4 label that is too long',
    config: disk('table: gpt', 'name: a, size: 64MiB, fs: ext4, label: root-file-system-1'),
    code: 'FORMAT',
    says: ['root-file-system-1', '18 bytes', '16'],
    at: '4:46',
  },
  {
    name: 'a GPT name that is too long',
    config: disk('size: 64MiB\ntable: gpt', `name: ${'n'.repeat(37)}, size: 1MiB`),
    code: 'LAYOUT',
    says: ['37', '36'],
    at: '5:13',
  },
  {
    name: 'two partitions of one name',
    config: disk('size: 64MiB\ntable: gpt', 'name: twin, size: 1MiB', 'name: twin, size: 1MiB'),
    code: 'LAYOUT',
    says: ['"twin"'],
  },
  {
    name: 'volumes too small for their file systems',
    config: disk('table: gpt', 'name: a, size: 32KiB, fs: ext4', 'name: b, size: 16KiB, fs: fat32'),
    code: 'LAYOUT',
    says: [/ext4/, /FAT32|fat32/i],
    problems: 2,
  },
  {
    name: 'a variable that is not set',
    config: disk('table: gpt', `name: a, size: '\${ROOT_SIZE}'`),
    code: 'CONFIG',
    says: ['ROOT_SIZE'],
    at: '4:23',
  },
  {
    name: 'an include cycle',
    config: 'include: [other.yaml]\nimage: disk.img\npartitions: []\n',
    files: { 'other.yaml': 'include: [board.yaml]\n' },
    code: 'CONFIG',
    says: ['board.yaml', 'other.yaml', '→'],
  },
  {
    name: 'an unknown key, with the nearest known one',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, sizes: 1MiB'),
    code: 'CONFIG',
    says: ['sizes'],
    at: '5:16',
  },
  {
    name: 'a payload that grows while it is read',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 8MiB, fs: boot.bin'),
    files: { 'boot.bin': Buffer.alloc(2 * MIB, 7) },
    beforeWrite: (folder) => appendFileSync(join(folder, 'boot.bin'), 'more'),
    code: 'IO',
    says: ['boot.bin', 'changed while it was read'],
  },
  {
    name: 'a payload that is replaced by one of its size',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 8MiB, fs: ext4/tree'),
    files: { 'tree/a.txt': 'before' },
    beforeWrite: (folder) => {
      writeFileSync(join(folder, 'tree/a.txt'), 'after.')
      utimesSync(join(folder, 'tree/a.txt'), 1_000_000_000, 1_000_000_000)
    },
    code: 'IO',
    says: ['a.txt', 'changed while it was read'],
  },
  {
    name: 'a payload that vanishes',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 8MiB, fs: boot.bin'),
    files: { 'boot.bin': Buffer.alloc(2 * MIB, 7) },
    beforeWrite: (folder) => rmSync(join(folder, 'boot.bin')),
    code: 'IO',
    says: ['boot.bin', 'no longer there'],
  },
  {
    name: 'an output path that is a folder',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 8MiB'),
    files: { 'out/disk.img/disk.img': 'folder' },
    code: 'IO',
    says: ['out/disk.img/disk.img', 'is a folder'],
  },
  {
    name: 'an output folder in whose place a file stands',
    config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 8MiB'),
    files: { 'out/disk.img': 'a file' },
    code: 'IO',
    says: ['out/disk.img', 'a file stands in its place'],
  },
]

describe('bad input', () => {
  it.each(CASES)('$name', async ({ code, says, at, problems, ...rejected }) => {
    const error = await rejectionOf(scratch, rejected)
    const messages = messagesOf(error)
    for (const expected of says) expect(messages).toMatch(expected instanceof RegExp ? expected : literal(expected))
    expect(error.code).toBe(code)
    if (problems !== undefined) expect(error.problems.length).toBe(problems)
    if (at !== undefined) {
      const { position, frame } = error.problems[0]!
      expect(`${position?.line}:${position?.column}`).toBe(at)
      expect(frame).toContain('^')
    }
  })

  it('symlinks on FAT are a warning with `lossy: true`', async () => {
    const folder = makeProject(scratch, {
      config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat, content: tree, options: { lossy: true }'),
      files: { 'tree/link': { linkTo: 'nowhere' }, 'tree/file.txt': 'text' },
    })
    const { warnings } = await build({ config: join(folder, 'board.yaml'), out: join(folder, 'out'), environment: {} })
    expect(warnings.map(({ message }) => message).join('\n')).toMatch(/link/)
  })

  it('special files on FAT', async () => {
    const error = await rejectionOf(scratch, {
      config: disk('table: gpt', 'name: a, size: 64MiB, fs: fat/tree'),
      files: { 'tree/file.txt': 'text' },
      beforeBuild: (folder) => void tool('mkfifo', join(folder, 'tree/queue')),
    })
    expect(error.code).toBe('FORMAT')
    expect(messagesOf(error)).toMatch(/queue/)
  })

  it('tells the warnings that it has when it fails', async () => {
    const warnings: string[] = []
    const error = await rejectionOf(scratch, {
      config: disk('table: gpt', 'name: a, fs: ext44'),
      options: { onEvent: (event) => event.kind === 'warning' && warnings.push(event.problem.hint ?? '') },
    })
    expect(messagesOf(error)).toMatch(/ext44.*does not exist/)
    expect(warnings).toEqual(['Did you mean "ext4"? A raw file of that name is written ./ext44'])
  })

  it('keeps the results of the build before when a build fails', async () => {
    const folder = makeProject(scratch, {
      config: disk('size: 64MiB\ntable: gpt', 'name: a, size: 8MiB, fs: boot.bin'),
      files: { 'boot.bin': 'first' },
    })
    const out = join(folder, 'out')
    const options = { config: join(folder, 'board.yaml'), out, environment: {} }
    const { outputs } = await build(options)
    const before = outputs.map(({ path }) => readFileSync(path))
    const names = listNames(out)
    const failing = build({
      ...options,
      onEvent: (event) => {
        if (event.kind === 'phase' && event.phase === 'write') writeFileSync(join(folder, 'boot.bin'), 'second')
      },
    })
    await expect(failing).rejects.toThrow('changed while it was read')
    expect(listNames(out)).toEqual(names)
    for (const [index, { path }] of outputs.entries())
      expect(readFileSync(path).equals(before[index]!), path).toBe(true)
  })
})

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
}
