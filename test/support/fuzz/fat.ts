import assert from 'node:assert/strict'
import { MAX_FINDINGS } from '../../../src/bytes/findings.js'
import type { ByteString } from '../../../src/bytes/text.js'
import { openFatVolume } from '../../../src/filesystems/fat/reader/open-fat-volume.js'
import { walkTree } from '../../../src/tree/file-tree.js'
import { orRefused, type Subject, viewOf } from './subject.js'

/** Each way to a node is sought anew, so only some. */
const SOUGHT = 6

export const fatSubject: Subject = () => (bytes) => {
  const volume = openFatVolume(viewOf(bytes))
  orRefused(() => volume.summary)
  const findings = orRefused(() => volume.check())
  const tree = orRefused(() => volume.tree())
  const used = orRefused(() => volume.usedStretches())
  assert(findings !== undefined && findings.length <= MAX_FINDINGS)
  if (findings.length === 0) assert(tree !== undefined && used !== undefined)
  for (const { offset, length } of used ?? []) assert(offset + length <= 2 ** 53)
  for (const [path, node] of tree === undefined ? [] : [...walkTree(tree)].slice(0, SOUGHT)) {
    const names = path === '' ? [] : (path.split('/') as ByteString[])
    orRefused(() => volume.details(names))
    const found = orRefused(() => volume.find(names))
    if (node.type !== 'file') continue
    assert(found?.type === 'file')
    assert.deepEqual([found.mtime, found.content.sizeBytes], [node.mtime, node.content.sizeBytes])
  }
  return findings.length === 0 ? 'silent' : 'findings'
}
