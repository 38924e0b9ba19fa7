import assert from 'node:assert/strict'
import { MAX_FINDINGS } from '../../../src/bytes/findings.js'
import type { ByteString } from '../../../src/bytes/text.js'
import { openExtVolume } from '../../../src/filesystems/ext4/reader/open-ext-volume.js'
import { extentEnd } from '../../../src/image/extent.js'
import { walkTree } from '../../../src/tree/file-tree.js'
import { orRefused, type Subject, viewOf } from './subject.js'

/** Asks for everything. */
export const extSubject: Subject = () => (bytes) => {
  const volume = openExtVolume(viewOf(bytes))
  const findings = volume.check()
  assert(findings.length <= MAX_FINDINGS)
  let end = 0
  for (const { offset, length } of orRefused(() => volume.usedStretches()) ?? []) {
    assert(offset >= end)
    end = offset + length
  }
  const root = orRefused(() => volume.tree())
  if (root === undefined) {
    assert(findings.length > 0)
    return 'findings'
  }
  for (const [path, node] of walkTree(root)) {
    if (node.type !== 'file') continue
    const extents = orRefused(() => node.content.extents) ?? []
    for (const extent of extents) assert(extentEnd(extent) <= node.content.sizeBytes, path)
    orRefused(() => volume.details(path.split('/') as ByteString[]))
  }
  return findings.length === 0 ? 'silent' : 'findings'
}
