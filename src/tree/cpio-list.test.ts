// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the lists' own syntax
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { summary } from '../../test/support/tree-portrait.js'
import { FormatError, LayoutError } from '../errors.js'
import { readCpioList } from './cpio-list.js'
import { nodeAtPath } from './tree-builder.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-list-'))
afterAll(() => rmSync(folder, { recursive: true }))
const variables: Record<string, string> = { SRC: 'sub', EMPTY: '' }
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
