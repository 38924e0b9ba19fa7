import { expect, it } from 'vitest'
import { summary } from '../../test/support/tree-portrait.js'
import { byteString } from '../bytes/text.js'
import { imageOfBytes } from '../image/extent.js'
import { editTree, type TreeEdit } from './edit-tree.js'
import { emptyTree, type FileNode } from './file-tree.js'
import { compileGlob } from './path-glob.js'

const TIME = { seconds: 1, nanoseconds: 0 }
const node = (content: string): FileNode => {
  const bytes = imageOfBytes(Buffer.from(content))
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: TIME, content: bytes }
}
const file = (path: string, content = ''): TreeEdit => ({ kind: 'put', path, node: node(content), attributes: {} })
const account = (user: string, group: string) => ({ user, group })
const base = editTree(
  emptyTree(TIME),
  ['etc/a.conf', 'etc/b.conf', 'usr/doc/a/x', 'usr/bin/tool'].map((path) => file(path)),
)
const paths = (...edits: TreeEdit[]) =>
  summary(editTree(base, edits))
    .filter((line) => !line.includes(' directory '))
    .map((line) => line.split(' ')[0])

it('removes, includes, renames', () => {
  expect(paths({ kind: 'remove', patterns: ['usr/doc', '*.conf'] })).toEqual(['usr/bin/tool'])
  expect(paths({ kind: 'include', patterns: ['etc/*', 'usr/**/x'] })).toEqual([
    'etc/a.conf',
    'etc/b.conf',
    'usr/doc/a/x',
  ])
  expect(paths({ kind: 'rename', from: 'usr/doc', to: '/opt/docs' })).toContain('opt/docs/a/x')
  expect(summary(base)).toHaveLength(10)
})

it('writes files and sets attributes', () => {
  const tree = editTree(base, [
    { kind: 'put', path: 'etc/motd', node: node('größe'), attributes: { mode: 0o600, owner: account('5', '6') } },
    { kind: 'set', patterns: ['usr/bin'], attributes: { owner: account('root', '7') } },
    { kind: 'set', patterns: ['tool'], attributes: { mode: 0o4755 } },
  ])
  expect(summary(tree)).toEqual(
    expect.arrayContaining([
      `etc/motd file 600 5:6 ${Buffer.from('größe').toString('latin1')}`,
      'usr/bin directory 755 0:7',
      'usr/bin/tool file 4755 0:0',
    ]),
  )
})

it('refuses, all at once, what finds nothing or has no place', () => {
  const edits: TreeEdit[] = [
    { kind: 'remove', patterns: ['*.none', 'etc/a.conf', 'nowhere/*'] },
    { kind: 'rename', from: 'none', to: 'x' },
    { kind: 'rename', from: 'etc/a.conf', to: 'etc/b.conf' },
    file('etc/a.conf/below'),
    file('../out'),
    { kind: 'set', patterns: ['a[b'], attributes: {} },
  ]
  expect(() => editTree(base, edits)).toThrow(
    [
      'Cannot apply the pattern "*.none": it matches nothing in the tree',
      'Cannot apply the pattern "nowhere/*": it matches nothing in the tree',
      'Cannot rename "none": it does not exist',
      'Cannot rename "etc/a.conf" to "etc/b.conf": that is there already',
      'Cannot put "etc/a.conf/below" of the config into a tree: a part of its path is no folder: "/etc/a.conf" is a file',
      'Cannot put "../out" of the config into a tree: it leads out of the tree, ".." is not accepted',
      'Cannot read the pattern "a[b": a "[" has no "]"',
    ].join('\n'),
  )
})

it.each([
  ['*.conf', 'etc/a.conf', true],
  ['*.conf', 'a.confx', false],
  ['a.conf', 'axconf', false],
  ['etc/*', 'etc/a', true],
  ['etc/*', 'etc/a/b', false],
  ['etc/**', 'etc/a/b', true],
  ['/etc', 'etc', true],
  ['/etc', 'usr/etc', false],
  ['etc/', 'usr/etc', true],
  ['**/x', 'x', true],
  ['**/x', 'a/b/x', true],
  ['a?c', 'abc', true],
  ['a/?', 'a//', false],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[!a]x', '/x', false],
  ['(a|b)+$', '(a|b)+$', true],
  ['größe', 'größe', true],
])('%s on %s: %s', (pattern, path, expected) => {
  expect(compileGlob(pattern)(byteString(path))).toBe(expected)
})

it('goes through links above a path, and leaves a link at its end alone', () => {
  const symlink = (path: string, target: string): TreeEdit => ({
    kind: 'put',
    path,
    node: { type: 'symlink', mode: 0o777, uid: 0, gid: 0, mtime: TIME, target: byteString(target) },
    attributes: {},
  })
  const merged = editTree(base, [symlink('bin', 'usr/bin'), symlink('usr/lib', '/usr/lib64'), file('usr/lib64/ld.so')])
  const after = (...edits: TreeEdit[]) =>
    summary(editTree(merged, edits))
      .filter((line) => !line.includes(' directory '))
      .map((line) => line.split(' ')[0])
  expect(after(file('bin/sh'), file('/usr/lib/firmware/fw'))).toEqual(
    expect.arrayContaining(['bin', 'usr/bin/sh', 'usr/lib', 'usr/lib64/firmware/fw']),
  )
  expect(after({ kind: 'rename', from: 'bin/tool', to: 'usr/lib/tool' })).toContain('usr/lib64/tool')
  const attributes = { mode: 0o700 }
  const made = editTree(merged, [{ kind: 'put', path: 'usr/lib', node: emptyTree(TIME), attributes }])
  expect(
    summary(made)
      .filter((line) => line.startsWith('usr/lib'))
      .map((line) => line.split(' ').slice(0, 3)),
  ).toEqual([
    ['usr/lib', 'symlink', '777'],
    ['usr/lib64', 'directory', '700'],
    ['usr/lib64/ld.so', 'file', '644'],
  ])
  expect(after(file('usr/lib'))).toContain('usr/lib')
  expect(() => editTree(merged, [{ kind: 'rename', from: 'usr/lib64', to: 'usr/lib/inside' }])).toThrow(
    'that is inside it',
  )
  expect(() => editTree(merged, [{ kind: 'remove', patterns: ['bin/tool'] }])).toThrowError(
    expect.objectContaining({
      problems: [expect.objectContaining({ hint: '"/bin" is a link: write "/usr/bin/tool"' })],
    }),
  )
  const nowhere = editTree(base, [
    symlink('lost', 'no/where'),
    symlink('out', '../up'),
    symlink('a', 'b'),
    symlink('b', 'a'),
  ])
  const problems = ['lost/x', 'out/x', 'a/x'].map((path) => file(path))
  expect(() => editTree(nowhere, problems)).toThrow(
    [
      'Cannot put "lost/x" of the config into a tree: "/lost" is a link to "no/where" and leads to nothing',
      'Cannot put "out/x" of the config into a tree: "/out" is a link to "../up" and leads out of the volume',
      'Cannot put "a/x" of the config into a tree: "/a" is a link to "b" and part of a loop of links',
    ].join('\n'),
  )
})
