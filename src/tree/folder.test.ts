import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteString } from '../bytes/text.js'
import { type FileTree, walkTree } from './file-tree.js'
import { readFolder } from './folder.js'
import { type FolderLister, listFolder, packListing, unpackListing } from './folder-listing.js'

const FOLDERS = 120
const FILES = 60

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'diskloom-folder-'))
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(root, `folder ${folder}`)
    mkdirSync(join(path, 'inner'), { recursive: true })
    for (let file = 0; file < FILES; file++) writeFileSync(join(path, `ä${file}`), 'x'.repeat(file))
    symlinkSync('../target', join(path, 'inner', 'link'))
    // Names of one file in folders that different threads list, the first of them nowhere near the first folder.
    if (folder === 0) writeFileSync(join(path, 'inner', 'shared'), 'shared')
    else linkSync(join(root, 'folder 0', 'inner', 'shared'), join(path, 'inner', 'shared'))
  }
  utimesSync(join(root, 'folder 7', 'ä1'), new Date(0), new Date(-1500))
})
afterAll(() => rmSync(root, { recursive: true }))

const read = async (lister?: FolderLister): Promise<FileTree> => {
  const options = { owner: { kind: 'root' }, holes: 'host', xattrs: 'none', ...(lister && { lister }) } as const
  return (await readFolder(root, options)).tree
}

/** Everything of a tree, and which names are one file. */
function listing(tree: FileTree): unknown[] {
  const first = new Map<object, string>()
  return [...walkTree(tree)].map(([path, node]) => {
    if (!first.has(node)) first.set(node, path)
    const { mode, mtime, type } = node
    const content = node.type === 'file' ? [node.content.sizeBytes, [...node.content.extents], node.origin] : undefined
    return { path, same: first.get(node), mode, mtime, type, content }
  })
}

describe('a large folder', () => {
  it('is the same tree when another thread lists a part of it', async () => {
    let listed = 0
    const tree = await read({
      list: async (folders) => {
        listed += folders.length
        return folders.map((folder) => unpackListing(packListing(listFolder(folder))))
      },
    })
    expect(listed).toBeGreaterThan(FOLDERS / 4)
    expect(listing(tree)).toEqual(listing(await read()))
  })

  it('is read here where the other thread fails, or is never free', async () => {
    const expected = listing(await read())
    expect(listing(await read({ list: () => Promise.reject(new Error('gone')) }))).toEqual(expected)
    expect(listing(await read({ list: () => undefined }))).toEqual(expected)
  })
})

describe('the listing of a folder', () => {
  it('has what lstat says, times before 1970 too', () => {
    const { entries, refused } = listFolder(join(root, 'folder 7'))
    const found = entries.find(({ name }) => name === byteString('ä1'))
    const expected = { mode: 0o100644, linkCount: 1, sizeBytes: 1, mtimeNs: -1_500_000_000n, rdev: 0n }
    expect(found?.status).toMatchObject(expected)
    expect(entries).toHaveLength(FILES + 1)
    expect(refused).toEqual([])
  })

  it('comes from another thread as it is, the largest numbers too', () => {
    const largest = 2n ** 64n - 1n
    const numbers = { mode: 0o177777, uid: 2 ** 32 - 1, gid: 0, linkCount: 3, sizeBytes: 2 ** 52, blocks: 2 ** 43 }
    const status = { ...numbers, mtimeNs: -(2n ** 63n), ctimeNs: 2n ** 62n, dev: largest, ino: largest - 1n, rdev: 0n }
    const listing = { entries: [{ name: byteString('ä'), status }], refused: [byteString('gone')] }
    expect(unpackListing(packListing(listing))).toEqual(listing)
    expect(unpackListing(packListing({ entries: [], refused: [] }))).toEqual({ entries: [], refused: [] })
  })
})
