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
  const { tree, warnings } = overlayTrees(lower, upper)
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
