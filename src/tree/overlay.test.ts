import { expect, it } from 'vitest'
import { type ByteString, byteString } from '../bytes/text.js'
import { type DirectoryNode, EMPTY_CONTENT, type FileNode, walkTree } from './file-tree.js'
import { overlayTrees } from './overlay.js'

const attributes = (mode: number) => ({ mode, uid: 0, gid: 0, mtime: { seconds: mode, nanoseconds: 0 } })
const file = (mode = 0o644): FileNode => ({ type: 'file', ...attributes(mode), content: EMPTY_CONTENT })
const link = (target: string): FileNode => ({ type: 'symlink', ...attributes(0o777), target: byteString(target) })
const folder = (mode: number, children: Record<string, FileNode>): DirectoryNode => ({
  type: 'directory',
  ...attributes(mode),
  children: new Map(Object.entries(children) as [ByteString, FileNode][]),
})

it('merges folders; nodes and attributes of the upper tree win', () => {
  const kept = file(0o600)
  const lower = folder(0o700, { etc: folder(0o700, { passwd: file(0o600), kept }), only: folder(0o711, {}) })
  const upper = folder(0o755, { etc: folder(0o750, { passwd: file(0o644), new: file() }) })
  const { tree, warnings } = overlayTrees(lower, upper)
  expect([...walkTree(tree)].map(([path, { mode }]) => `${path} ${mode.toString(8)}`)).toEqual([
    ' 755',
    'etc 750',
    'etc/kept 600',
    'etc/new 644',
    'etc/passwd 644',
    'only 711',
  ])
  expect((tree.children.get(byteString('etc')) as DirectoryNode).children.get(byteString('kept'))).toBe(kept)
  expect(warnings).toEqual([])
  // The arguments are as they were.
  expect((lower.children.get(byteString('etc')) as DirectoryNode).children.size).toBe(2)
})

it('takes no attributes from a folder that is only there for what it holds', () => {
  const lower = folder(0o700, { root: folder(0o700, { '.profile': file() }), tmp: folder(0o1777, {}) })
  const implied = (children: Record<string, FileNode>): DirectoryNode => ({ ...folder(0o755, children), implied: true })
  const upper = implied({ root: implied({ '.bashrc': file() }), tmp: implied({}), new: implied({ file: file() }) })
  const modes = (tree: DirectoryNode) => [...walkTree(tree)].map(([path, { mode }]) => `${path} ${mode.toString(8)}`)
  const expected = [' 700', 'new 755', 'new/file 644', 'root 700', 'root/.bashrc 644', 'root/.profile 644', 'tmp 1777']
  expect(modes(overlayTrees(lower, upper).tree)).toEqual(expected)
  // In the other order the one that says something wins all the same.
  expect(modes(overlayTrees(upper, lower).tree)).toEqual(expected)
})

it('keeps the names of one file together', () => {
  const twice = file()
  const { tree } = overlayTrees(folder(0o755, {}), folder(0o755, { a: twice, d: folder(0o755, { b: twice }) }))
  const directory = tree.children.get(byteString('d')) as DirectoryNode
  expect(tree.children.get(byteString('a'))).toBe(directory.children.get(byteString('b')))
})

it('warns where a folder and something else meet under one name, and only there', () => {
  const lower = folder(0o755, { lib: link('usr/lib'), bin: folder(0o755, { sh: file() }), same: file() })
  const upper = folder(0o755, { lib: folder(0o755, { 'ld.so': file() }), bin: link('usr/bin'), same: link('x') })
  const { tree, warnings } = overlayTrees(lower, upper, { links: 'replace' })
  expect(warnings.map(({ message }) => message)).toEqual([
    '"lib": a folder of a later source takes the place of a symlink',
    '"bin": a symlink of a later source takes the place of a folder',
  ])
  expect([...walkTree(tree)].map(([path, { type }]) => `${path}:${type}`)).toEqual([
    ':directory',
    'bin:symlink',
    'lib:directory',
    'lib/ld.so:file',
    'same:symlink',
  ])
})

const types = (tree: DirectoryNode) =>
  [...walkTree(tree)].slice(1).map(([path, { type, mode }]) => `${path} ${type} ${mode.toString(8)}`)

it('lays a folder into the one that a link leads to, which keeps its attributes', () => {
  const lower = folder(0o755, { usr: folder(0o755, { lib: folder(0o711, { old: file() }) }), lib: link('usr/lib') })
  const upper = folder(0o755, { lib: folder(0o700, { modules: folder(0o750, { m: file() }), old: file(0o600) }) })
  const { tree, warnings } = overlayTrees(lower, upper)
  expect(warnings).toEqual([])
  expect(types(tree)).toEqual([
    'lib symlink 777',
    'usr directory 755',
    'usr/lib directory 711',
    'usr/lib/modules directory 750',
    'usr/lib/modules/m file 644',
    'usr/lib/old file 600',
  ])
  // The arguments are as they were.
  expect(types(lower)).toHaveLength(4)
})

it('follows chains, absolute targets and "..", also through links that folders of the same layer fill', () => {
  const lower = folder(0o755, {
    a: link('/b'),
    b: link('x/../c'),
    c: link('d'),
    x: folder(0o755, {}),
    first: link('late/inner'),
  })
  const upper = folder(0o755, {
    a: folder(0o755, { one: file() }),
    d: folder(0o755, {}),
    first: folder(0o755, { two: file() }),
    late: folder(0o755, { inner: folder(0o711, {}) }),
  })
  expect(
    types(overlayTrees(lower, upper).tree).filter((line) => line.includes('file') || line.includes('711')),
  ).toEqual(['d/one file 644', 'late/inner directory 711', 'late/inner/two file 644'])
  const chain = folder(0o755, { p: link('q'), r: folder(0o755, {}) })
  const over = folder(0o755, { p: folder(0o755, { s: folder(0o755, { t: file() }) }), q: link('r') })
  expect(types(overlayTrees(chain, over).tree)).toContain('r/s/t file 644')
})

it('refuses a folder over a link that leads to no folder of the volume, all at once', () => {
  const lower = folder(0o755, {
    dangling: link('no/where'),
    file: link('f'),
    f: file(),
    loop: link('loop'),
    outside: link('../../up'),
  })
  const upper = folder(
    0o755,
    Object.fromEntries(['dangling', 'file', 'loop', 'outside'].map((n) => [n, folder(0o755, {})])),
  )
  expect(() => overlayTrees(lower, upper)).toThrow(
    [
      '"/dangling" over the link of that name: "/dangling" is a link to "no/where" and leads to nothing',
      '"/file" over the link of that name: it leads to "/f", a file',
      '"/loop" over the link of that name: "/loop" is a link to "loop" and part of a loop of links',
      '"/outside" over the link of that name: "/outside" is a link to "../../up" and leads out of the volume',
    ]
      .map((line) => `Cannot lay the folder ${line}; a link to a folder inside the volume is accepted`)
      .join('\n'),
  )
})

it('warns where one source brings a file directly and through a link', () => {
  const lower = folder(0o755, { lib: link('usr/lib'), usr: folder(0o755, { lib: folder(0o755, { c: file() }) }) })
  const upper = folder(0o755, {
    lib: folder(0o755, { a: file(0o600), c: file() }),
    usr: folder(0o755, { lib: folder(0o755, { a: file(0o644), b: file() }) }),
  })
  const { tree, warnings } = overlayTrees(lower, upper)
  expect(types(tree)).toContain('usr/lib/a file 600')
  expect(warnings.map(({ message }) => message)).toEqual([
    '"usr/lib/a": one source brings it twice, under this path and through a link; the latter is kept',
  ])
})
