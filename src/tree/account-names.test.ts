import { expect, it } from 'vitest'
import { ImageBuilder } from '../image/extent.js'
import { readAccountNames } from './account-names.js'
import { EPOCH_1980 } from './file-tree.js'
import { TreeBuilder } from './tree-builder.js'

function treeWith(sizeBytes: number) {
  const text = Buffer.from('root:x:0:0\nweb:x:33:33\n')
  const content = new ImageBuilder(sizeBytes).bytes(0, text).finish()
  const builder = new TreeBuilder('a test', EPOCH_1980)
  builder.add('etc/passwd', { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: EPOCH_1980, content })
  return builder.finish()
}

it('reads names and numbers, and refuses a sparse file that claims to be huge', () => {
  expect(readAccountNames(treeWith(23)).users.get('web')).toBe(33)
  expect(() => readAccountNames(treeWith(2 ** 44))).toThrow(
    /etc\/passwd: it has 17592186044416 bytes, at most 16777216 are accepted/,
  )
})
