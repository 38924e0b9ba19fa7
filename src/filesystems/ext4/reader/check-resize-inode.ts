/**
 * The resize inode (7) keeps the blocks behind each descriptor table for more descriptors: its double indirect block leads to
 * those of the first group, each of these to its copies. The groups claim them; here only the way there is checked.
 * [e2fsprogs 1.47.0 e2fsck/super.c check_resize_inode]
 */

import { EXT4_RESIZE_INO, I_BLOCKS_UNIT_BYTES } from '../disklayout/inode.js'
import type { CheckContext } from './check-context.js'
import { firstBlockOf, groupHead, holdsSuperblock } from './group-places.js'
import type { InodeRecord } from './read-inode.js'

const ADDRESS_BYTES = 4
const ADDRESSES = 15
const DOUBLE_INDIRECT_ENTRY = 13

export function checkResizeInode(context: CheckContext, inode: InodeRecord): void {
  const { shape, disk, claims, report } = context
  const structure = `inode ${EXT4_RESIZE_INO} (descriptor blocks kept for growth)`
  const owner = { structure, offset: inode.offset }
  const refuse = (field: string, found: number | string, expected: string): void =>
    report({ ...owner, field, found, expected })
  const root = wordsOf(inode.block)
  for (let index = 0; index < ADDRESSES; index++) {
    if (index !== DOUBLE_INDIRECT_ENTRY && root(index) !== 0) refuse(`i_block[${index}]`, root(index), '0')
  }
  const top = root(DOUBLE_INDIRECT_ENTRY)
  if (!disk.isBlock(top)) {
    refuse(`i_block[${DOUBLE_INDIRECT_ENTRY}]`, top, `a block within the volume's ${shape.blockCount}`)
    return
  }
  claims.claimFile(top, 1, owner, report)
  const { descriptors, reservedBlocks } = groupHead(shape, 0)
  const backups: number[] = []
  for (let group = 1; group < shape.groupCount; group++) if (holdsSuperblock(shape, group)) backups.push(group)
  const perBlock = shape.blockSize / ADDRESS_BYTES
  const topWords = wordsOf(disk.block(top, structure))
  const topStructure = { structure: `${structure}, block ${top}`, offset: top * shape.blockSize }
  for (let index = 0; index < reservedBlocks; index++) {
    const slot = (descriptors.count + index) % perBlock
    const expected = descriptors.block + descriptors.count + index
    if (topWords(slot) !== expected) {
      const found = topWords(slot)
      report({ ...topStructure, field: `word ${slot}`, found, expected: `${expected}, a block kept for descriptors` })
      continue
    }
    const words = wordsOf(disk.block(expected, structure))
    const wrong = backups.findIndex((group, at) => words(at) !== expected + distance(group))
    if (wrong < 0) continue
    report({
      structure: `${structure}, block ${expected}`,
      offset: expected * shape.blockSize,
      field: `word ${wrong}`,
      found: words(wrong),
      expected: `${expected + distance(backups[wrong]!)}, its copy in group ${backups[wrong]}`,
    })
  }
  // With bigalloc every block counts as its cluster.
  const blocks = (1 + reservedBlocks * (1 + backups.length)) * shape.clusterBlocks
  const units = (blocks * shape.blockSize) / I_BLOCKS_UNIT_BYTES
  const found = inode.allocatedBytes / I_BLOCKS_UNIT_BYTES
  if (found !== units) refuse('i_blocks', found, `${units}, for ${blocks} blocks`)

  function distance(group: number): number {
    return firstBlockOf(shape, group) - firstBlockOf(shape, 0)
  }
}

/** Little-endian 32-bit words of a block, by index. */
function wordsOf(bytes: Uint8Array): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return (index) => view.getUint32(index * ADDRESS_BYTES, true)
}
