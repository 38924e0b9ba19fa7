import assert from 'node:assert/strict'
import { jffs2Crc } from '../../../src/filesystems/jffs2/crc.js'
import {
  HDR_CRC_BYTES,
  JFFS2_LAYOUTS,
  JFFS2_MAGIC_BITMASK,
  JFFS2_NODETYPE_DIRENT,
  JFFS2_NODETYPE_INODE,
} from '../../../src/filesystems/jffs2/disklayout.js'
import { nodeCrcBytes } from '../../../src/filesystems/jffs2/node-encode.js'
import { openJffs2 } from '../../../src/filesystems/jffs2/reader.js'
import { walkTree } from '../../../src/tree/file-tree.js'
import { orRefused, type Subject, viewOf } from './subject.js'

export const jffs2Subject: Subject = () => (bytes, number) => {
  if (number % 2 === 0) mendHeaders(bytes)
  const reader = openJffs2(viewOf(bytes))
  const findings = reader.check()
  for (const { structure, field } of findings) assert.notEqual(`${structure} ${field}`, ' ')
  const tree = orRefused(() => reader.tree())
  if (tree === undefined) assert(findings.length > 0)
  for (const [, node] of tree === undefined ? [] : walkTree(tree)) {
    if (node.type !== 'file') continue
    // It may be read only when it is asked for.
    const content = orRefused(() => node.content)
    if (content === undefined) assert(findings.length > 0)
    else assert(content.sizeBytes <= 0xffff_ffff)
  }
  orRefused(() => reader.usedStretches())
  return findings.length === 0 ? 'silent' : 'findings'
}

/** Makes the checksums of inodes and entries right again, so that what they guard is what is judged. */
function mendHeaders(bytes: Buffer): void {
  for (const order of ['little', 'big'] as const) {
    const { rawInode, rawDirent, unknownNode } = JFFS2_LAYOUTS[order]
    for (let at = 0; at + rawInode.SIZE <= bytes.length; at += 4) {
      const { magic, nodetype } = unknownNode.decode(bytes, at)
      if (magic !== JFFS2_MAGIC_BITMASK) continue
      const layout =
        nodetype === JFFS2_NODETYPE_INODE ? rawInode : nodetype === JFFS2_NODETYPE_DIRENT ? rawDirent : undefined
      if (layout === undefined) continue
      const write = (field: 'hdr_crc' | 'node_crc', length: number): void => {
        const [offset] = layout.FIELDS[field]!
        const crc = jffs2Crc(bytes.subarray(at, at + length))
        if (order === 'little') bytes.writeUInt32LE(crc, at + offset)
        else bytes.writeUInt32BE(crc, at + offset)
      }
      write('hdr_crc', HDR_CRC_BYTES)
      write('node_crc', nodeCrcBytes(layout))
    }
  }
}
