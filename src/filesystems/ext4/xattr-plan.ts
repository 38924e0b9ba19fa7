/** Where each inode's extended attributes go: into the inode as far as they fit, the rest into a block that equal sets share. */
import { FormatError } from '../../errors.js'
import { EXT4_GOOD_OLD_INODE_SIZE, EXTRA_ISIZE } from './disklayout/inode.js'
import { EXT4_XATTR_REFCOUNT_MAX } from './disklayout/xattr.js'
import type { TreeSurvey } from './tree-survey.js'
import {
  blockXattrCapacity,
  type DiskXattr,
  encodeInodeXattrs,
  encodeXattrBlock,
  inodeXattrCapacity,
  toDiskXattrs,
  xattrBytes,
} from './xattr-encode.js'

export interface SharedXattrBlock {
  readonly bytes: Uint8Array
  readonly hash: number
  references: number
}

export interface XattrPlan {
  /** By node: the bytes behind the inode's own fields. */
  readonly inInode: ReadonlyMap<number, Uint8Array>
  /** By node: index into `blocks`. */
  readonly blockOf: ReadonlyMap<number, number>
  /** In the order of the first node that uses each. */
  readonly blocks: readonly SharedXattrBlock[]
}

/** Throws FormatError where a set is larger than inode and block together. */
export function planXattrs(survey: TreeSurvey, blockSize: number, inodeSize: number): XattrPlan {
  const fieldsEnd = EXT4_GOOD_OLD_INODE_SIZE + EXTRA_ISIZE
  const inodeCapacity = inodeXattrCapacity(inodeSize, fieldsEnd)
  const blockCapacity = blockXattrCapacity(blockSize)
  const inInode = new Map<number, Uint8Array>()
  const blockOf = new Map<number, number>()
  const blocks: SharedXattrBlock[] = []
  const openBlocks = new Map<string, number>()

  survey.nodes.forEach((node, index) => {
    if (node.xattrs === undefined || node.xattrs.size === 0) return
    const xattrs = toDiskXattrs(node.xattrs, () => survey.pathOf(index))
    const [inside, outside] = split(xattrs, inodeCapacity)
    if (inside.length > 0) inInode.set(index, encodeInodeXattrs(inside, inodeSize - fieldsEnd))
    if (outside.length === 0) return
    const size = outside.reduce((sum, xattr) => sum + xattrBytes(xattr), 0)
    if (size > blockCapacity) {
      throw new FormatError(
        `Cannot store the extended attributes of "${survey.pathOf(index)}": ${size} bytes beside the inode, at most ${blockCapacity} (one block)`,
      )
    }
    const encoded = encodeXattrBlock(outside, blockSize)
    const key = Buffer.from(encoded.bytes).toString('latin1')
    let block = openBlocks.get(key)
    if (block === undefined || blocks[block]!.references === EXT4_XATTR_REFCOUNT_MAX) {
      block = blocks.push({ ...encoded, references: 0 }) - 1
      openBlocks.set(key, block)
    }
    blocks[block]!.references++
    blockOf.set(index, block)
  })
  return { inInode, blockOf, blocks }
}

/** In their order, each into the inode if it still fits there. */
function split(xattrs: readonly DiskXattr[], capacity: number): [inside: DiskXattr[], outside: DiskXattr[]] {
  const inside: DiskXattr[] = []
  const outside: DiskXattr[] = []
  let rest = capacity
  for (const xattr of xattrs) {
    const size = xattrBytes(xattr)
    if (size <= rest) {
      inside.push(xattr)
      rest -= size
    } else outside.push(xattr)
  }
  return [inside, outside]
}
