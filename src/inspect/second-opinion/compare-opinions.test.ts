import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { byteString } from '../../bytes/text.js'
import { imageOfBytes } from '../../image/extent.js'
import { emptyTree, type FileTree } from '../../tree/file-tree.js'
import { compareListings } from './compare-opinions.js'
import type { OtherEntry } from './listing.js'

const mtime = { seconds: 1_700_000_000, nanoseconds: 0 }
const attributes = { mode: 0o644, uid: 0, gid: 0, mtime }
const content = Buffer.from('what is in it')
const sha256 = createHash('sha256').update(content).digest('hex')

const tree: FileTree = emptyTree(mtime)
tree.children.set(byteString('Readme'), { type: 'file', ...attributes, content: imageOfBytes(content) })
tree.children.set(byteString('link'), { type: 'symlink', ...attributes, target: byteString('Readme') })

const file: OtherEntry = { type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: content.length, sha256 }
const link: OtherEntry = { type: 'symlink', target: 'Readme' }

function differences(entries: Record<string, OtherEntry>, options = { foldCase: false, contents: true }) {
  return compareListings(tree, new Map(Object.entries(entries)), options).map(
    ({ what, field, here, there }) => `${what} ${field}: ${here}, ${there}`,
  )
}

describe('two listings', () => {
  it('are the same', () => {
    expect(differences({ '/Readme': file, '/link': link })).toEqual([])
    expect(differences({ '/README': file, '/LINK': link }, { foldCase: true, contents: true })).toEqual([])
    // What the other one cannot tell is no difference.
    expect(differences({ '/Readme': { type: 'other' }, '/link': { type: 'symlink' } })).toEqual([])
  })

  it.each<[string, Record<string, OtherEntry>, string[]]>([
    ['there is more', { '/Readme': file, '/link': link, '/x': file }, ['"/x" it: missing, there']],
    ['there is less', { '/link': link }, ['"/Readme" it: there, missing']],
    ['in case', { '/README': file, '/link': link }, ['"/Readme" it: there, missing', '"/README" it: missing, there']],
    ['in type', { '/Readme': { type: 'directory' }, '/link': link }, ['"/Readme" type: file, directory']],
    ['in mode', { '/Readme': { ...file, mode: 0o600 }, '/link': link }, ['"/Readme" mode: 644, 600']],
    [
      'in owner',
      { '/Readme': { ...file, uid: 7, gid: 8 }, '/link': link },
      ['"/Readme" uid: 0, 7', '"/Readme" gid: 0, 8'],
    ],
    ['in size', { '/Readme': { ...file, sizeBytes: 1 }, '/link': link }, ['"/Readme" size: 13, 1']],
    ['in target', { '/Readme': file, '/link': { ...link, target: 'x' } }, ['"/link" target: Readme, x']],
    ['in content', { '/Readme': { ...file, sha256: '00' }, '/link': link }, [`"/Readme" SHA-256: ${sha256}, 00`]],
  ])('differ: %s', (_, entries, expected) => {
    expect(differences(entries)).toEqual(expected)
  })

  it('do not differ in contents that the other one is known to tell wrong', () => {
    const entries = { '/Readme': { ...file, sha256: '00' }, '/link': link }
    expect(differences(entries, { foldCase: false, contents: false })).toEqual([])
  })
})
