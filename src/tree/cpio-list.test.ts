// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the lists' own syntax
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { summary } from '../../test/support/tree-portrait.js'
import { FormatError, LayoutError } from '../errors.js'
import { readCpioList } from './cpio-list.js'
import { nodeAtPath } from './tree-builder.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-list-'))
afterAll(() => rmSync(folder, { recursive: true }))
const variables: Record<string, string> = { SRC: 'sub', EMPTY: '', ODD: 'odd [x]*' }
const options = { variable: (name: string) => variables[name], time: { seconds: 1000, nanoseconds: 0 } }
const list = join(folder, 'x.list')
const read = (text: string) => {
  writeFileSync(list, text)
  return readCpioList(list, options)
}
writeFileSync(join(folder, 'hello'), 'hi')
utimesSync(join(folder, 'hello'), 500, 500)

it('reads every kind of line', () => {
  const tree = read(
    [
      '# a comment',
      'dir /dev 0755 0 0',
      'nod /dev/console 0600 0 0 c 5 1',
      'nod /dev/loop0 660 0 6 b 7 0',
      'file /bin/hello ${EMPTY}hello 4755 0 1000 /bin/again /bin/more',
      '',
      'slink /sbin/init ../bin/hello 777 0 0',
      'pipe /run/p 0600 1 2',
      '  sock\t/run/s 0600 1 2',
    ].join('\n'),
  )
  expect(summary(tree)).toEqual([
    '. directory 755 0:0',
    'bin directory 755 0:0',
    'bin/again file 4755 0:1000 hi',
    'bin/hello file 4755 0:1000 hi',
    'bin/more file 4755 0:1000 hi',
    'dev directory 755 0:0',
    'dev/console char 600 0:0 5:1',
    'dev/loop0 block 660 0:6 7:0',
    'run directory 755 0:0',
    'run/p fifo 600 1:2',
    'run/s socket 600 1:2',
    'sbin directory 755 0:0',
    'sbin/init symlink 777 0:0 -> ../bin/hello',
  ])
  expect(nodeAtPath(tree, 'bin/more')).toBe(nodeAtPath(tree, 'bin/hello'))
  expect(nodeAtPath(tree, 'bin/hello')!.mtime.seconds).toBe(500)
  expect(nodeAtPath(tree, 'dev')!.mtime.seconds).toBe(1000)
})

it('tells every wrong line with its position', () => {
  const text = [
    'dir /a 0955 0 0',
    'foo /b 0 0 0',
    'nod /c 600 0 0 x 1 1',
    'file /d ${NOPE}/x 644 0 0',
    'dir /e 755 0',
  ].join('\n')
  let error: unknown
  try {
    read(text)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(FormatError)
  expect((error as FormatError).problems.map(({ message, position }) => `${position?.line}: ${message}`)).toEqual([
    '1: Cannot read the line "dir /a 0955 0 0": accepted is dir <name> <mode> <uid> <gid>',
    '2: Cannot read the line "foo /b 0 0 0": accepted are file, dir, nod, slink, pipe, sock',
    '3: Cannot read the line "nod /c 600 0 0 x 1 1": accepted is nod <name> <mode> <uid> <gid> <b|c> <major> <minor>',
    '4: Cannot expand "${NOPE}" in "${NOPE}/x": it is not set',
    '5: Cannot read the line "dir /e 755 0": accepted is dir <name> <mode> <uid> <gid>',
  ])
})

it('tells every missing file', () => {
  expect(() => read('file /a none 644 0 0\nfile /b ${SRC}/none 644 0 0')).toThrow(LayoutError)
  expect(() => read('file /a none 644 0 0\nfile /b ${SRC}/none 644 0 0')).toThrow(
    `Cannot read file "${folder}/none": it does not exist, a file that this user can read is accepted\nCannot read file "${folder}/sub/none"`,
  )
})

it('takes quoted fields: blanks, quotes, and what would be a pattern', () => {
  writeFileSync(join(folder, 'a b'), 'blank')
  writeFileSync(join(folder, 'star*'), 'star')
  const tree = read(
    [
      'file "/my file" "a b" 0644 0 0 "/its \\"link\\""',
      'dir "/ends with \\\\" 0755 0 0',
      'file /star "star*" 0644 0 0',
      'slink /"half /to/the\\left 0777 0 0\r',
    ].join('\n'),
  )
  expect(summary(tree).filter((line) => !line.startsWith('. '))).toEqual(
    [
      'ends with \\ directory 755 0:0',
      '"half symlink 777 0:0 -> /to/the\\left',
      'its "link" file 644 0:0 blank',
      'my file file 644 0:0 blank',
      'star file 644 0:0 star',
    ].sort(),
  )
})

it('takes patterns for files, which go into a folder in bytewise order', () => {
  mkdirSync(join(folder, 'odd [x]*'))
  for (const name of ['b.conf', 'a.conf', '.hidden.conf', 'c.txt']) writeFileSync(join(folder, 'odd [x]*', name), name)
  mkdirSync(join(folder, 'odd [x]*/folder.conf'))
  const names = (line: string) =>
    summary(read(line))
      .slice(1)
      .map((text) => text.split(' ')[0])
  expect(names('file /etc/ ${ODD}/*.conf 0600 0 0')).toEqual(['etc', 'etc/a.conf', 'etc/b.conf'])
  expect(names('file / ${ODD}/[ab].conf 0600 0 0')).toEqual(['a.conf', 'b.conf'])
  expect(names('file /x/ ${ODD}/.*.conf 0600 0 0')).toEqual(['x', 'x/.hidden.conf'])
  expect(names('file /y/ od*/?.txt 0600 0 0')).toEqual(['y', 'y/c.txt'])
})

it('takes a file of that very name before a pattern, as gen_init_cpio does', () => {
  writeFileSync(join(folder, '['), 'test')
  writeFileSync(join(folder, 'v[1]'), 'one')
  expect(summary(read('file /bin/[ [ 0755 0 0\nfile /v v[1] 0644 0 0')).slice(2)).toEqual([
    'bin/[ file 755 0:0 test',
    'v file 644 0:0 one',
  ])
})

it('refuses what no line may say, each with its line', () => {
  const WRONG: Record<string, string> = {
    'folder /a 0755 0 0': 'accepted are file, dir, nod, slink, pipe, sock',
    ' # no comment': 'accepted are file, dir, nod, slink, pipe, sock',
    'dir "/a 0755 0 0': 'the quotes at column 5 have no end before a blank',
    'dir "/a"b 0755 0 0': 'the quotes at column 5 have no end before a blank',
    'dir "" 0755 0 0': 'accepted is dir <name> <mode> <uid> <gid>',
    'dir /a 0755 0 0 0': 'accepted is dir <name> <mode> <uid> <gid>',
    'dir /a 0755 -1 0': 'accepted is dir',
    'slink /a b 0777 0 0 c': 'accepted is slink',
    'nod /a 0600 0 0 c 1': 'accepted is nod',
    'dir /a/../../b 0755 0 0': 'it leads out of the tree, ".." is not accepted',
    'file /../a hello 0644 0 0': 'it leads out of the tree, ".." is not accepted',
    'file /a hello 0644 0 0 ../b': 'it leads out of the tree, ".." is not accepted',
    'slink / b 0777 0 0': 'it is a symlink, the root must be a folder',
    'file /a/ hell?/* 0644 0 0': 'no file matches it',
    'file /a hell* 0644 0 0': 'accepted is a folder, with a slash at its end and no hard links',
    'file /a/ hell* 0644 0 0 /b': 'accepted is a folder, with a slash at its end and no hard links',
    'file /a/ **/hello 0644 0 0': '"**" is not accepted in a location',
    'file /a \xff 0644 0 0': 'it is not UTF-8',
  }
  for (const [line, says] of Object.entries(WRONG)) {
    writeFileSync(list, Buffer.from(`# first\n${line}\n`, 'latin1'))
    let error: unknown
    try {
      readCpioList(list, options)
    } catch (thrown) {
      error = thrown
    }
    expect(error, line).toBeInstanceOf(FormatError)
    const [problem, ...others] = (error as FormatError).problems
    expect(others, line).toEqual([])
    expect(problem, line).toMatchObject({ message: expect.stringContaining(says), position: { file: list, line: 2 } })
  }
})

it('asks what was meant by a word that is nearly one', () => {
  expect(() => read('slnk /a b 0777 0 0')).toThrow(
    expect.objectContaining({ problems: [expect.objectContaining({ hint: 'Did you mean "slink"?' })] }),
  )
})
