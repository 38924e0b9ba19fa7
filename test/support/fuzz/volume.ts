import assert from 'node:assert/strict'
import { MAX_FINDINGS } from '../../../src/bytes/findings.js'
import type { ByteString } from '../../../src/bytes/text.js'
import type { VolumeReader } from '../../../src/filesystems/volume-reader.js'
import type { ImageView } from '../../../src/image/image-view.js'
import { walkTree } from '../../../src/tree/file-tree.js'
import { orRefused, type Subject, viewOf } from './subject.js'

/** Each way to a node is sought anew, so only some. */
const SOUGHT = 6

/** Reads a damaged volume in all ways that its reader has; for FAT and exFAT. */
export const volumeSubject =
  (open: (view: ImageView) => VolumeReader): Subject =>
  () =>
  (bytes) => {
    const volume = open(viewOf(bytes))
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
