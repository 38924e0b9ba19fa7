import { expect, it } from 'vitest'
import { byteString } from '../bytes/text.js'
import { type DirectoryNode, EPOCH_1980, emptyTree, walkTree } from './file-tree.js'

it('walks a tree that is deeper than the stack, parents before children', () => {
  const root = emptyTree(EPOCH_1980)
  let folder: DirectoryNode = root
  for (let depth = 0; depth < 50_000; depth++) {
    const child = emptyTree(EPOCH_1980)
    folder.children.set(byteString('d'), child)
    folder = child
  }
  let count = 0
  for (const [, node] of walkTree(root)) if (node.type === 'directory') count++
  expect(count).toBe(50_001)
})
