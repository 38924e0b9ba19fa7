/** Extended attributes: places, hashes, order, and how many inodes share a block.  [e2fsprogs 1.47.0 e2fsck/pass1.c check_ext_attr] */
import { byteStringToBytes } from '../../../bytes/text.js'
import { EXT4_EA_INODE_FL } from '../disklayout/inode.js'
import { Ext4XattrHeader, INLINE_DATA_XATTR, XATTR_INDEX } from '../disklayout/xattr.js'
import { entryHash, joinHashes } from '../xattr-hash.js'
import { type CheckContext, SILENT } from './check-context.js'
import type { InodeRecord } from './read-inode.js'
import { hasFlag } from './read-inode.js'
import { blockRegion, type InodeXattrs, inodeRegion, XattrReader } from './read-xattrs.js'
import { hex } from './volume-shape.js'
import { readXattrEntries, type XattrEntry, type XattrRegion } from './xattr-entries.js'

export interface CheckedXattrs {
  readonly xattrs: InodeXattrs
  /** Blocks that i_blocks counts beside those of the map. */
  readonly extraBlocks: number
}

const NONE: CheckedXattrs = { xattrs: { xattrs: undefined, inlineData: undefined }, extraBlocks: 0 }

export function checkXattrs(context: CheckContext, inode: InodeRecord): CheckedXattrs {
  const own = inodeRegion(inode)
  if (own === undefined && inode.xattrBlock === 0) return NONE
  let extraBlocks = 0
  if (own !== undefined) extraBlocks += valueBlocks(context, checkRegion(context, own, false))
  if (inode.xattrBlock !== 0) extraBlocks += checkXattrBlock(context, inode)
  // Values are read silently: what is wrong with their places was said.
  const xattrs = new XattrReader(context.reading(SILENT)).of(inode)
  return { xattrs, extraBlocks }
}

/** Gives the blocks that it counts for, its own included. */
function checkXattrBlock(context: CheckContext, inode: InodeRecord): number {
  const { shape, report, claims, xattrBlocks } = context
  const number = inode.xattrBlock
  const known = xattrBlocks.get(number)
  if (known !== undefined) {
    known.found++
    return shape.clusterBlocks + known.valueBlocks
  }
  const region = blockRegion(context.reading(), number, inode)
  if (region === undefined) return shape.clusterBlocks
  const { structure, offset } = region
  claims.claimFile(number, 1, { structure, offset }, report)
  const entries = checkRegion(context, region, true)
  const header = Ext4XattrHeader.decode(region.bytes)
  const expected = blockHash(entries)
  // 0 says that the kernel shall not share it.
  if (header.h_hash !== 0 && header.h_hash !== expected) {
    report({ structure, offset, field: 'h_hash', found: hex(header.h_hash), expected: hex(expected) })
  }
  const values = valueBlocks(context, entries)
  xattrBlocks.set(number, { found: 1, stored: header.h_refcount, valueBlocks: values })
  return shape.clusterBlocks + values
}

/** After all inodes: h_refcount of each block. */
export function checkXattrCounts({ xattrBlocks, report, shape }: CheckContext): void {
  for (const [block, { found, stored }] of xattrBlocks) {
    if (found === stored) continue
    report({
      structure: `extended attribute block ${block}`,
      offset: block * shape.blockSize,
      field: 'h_refcount',
      found: stored,
      expected: `${found}, the inodes that name it`,
    })
  }
}

function checkRegion(context: CheckContext, region: XattrRegion, isBlock: boolean): readonly XattrEntry[] {
  const { report } = context
  const { structure, offset, bytes } = region
  const entries = readXattrEntries(region, report)
  const taken: { readonly from: number; readonly end: number }[] = []
  entries.forEach((entry) => {
    const { name, valueAt, valueSize, valueInode, hash } = entry
    if (valueInode !== 0) {
      checkValueInode(context, entry, region)
      return
    }
    const value = bytes.subarray(valueAt, valueAt + valueSize)
    const overlaps = valueSize > 0 && taken.some(({ from, end }) => valueAt < end && valueAt + valueSize > from)
    if (overlaps) {
      const expected = 'a place that no other value has'
      report({ structure, offset, field: `e_value_offs of "${name}"`, found: valueAt - region.valueBase, expected })
    }
    if (valueSize > 0) taken.push({ from: valueAt, end: valueAt + valueSize })
    // Those in inodes have no hash, or a right one.
    if (hash !== 0 || isBlock) checkHash(context, entry, value, region)
  })
  return entries
}

function checkHash({ report }: CheckContext, entry: XattrEntry, value: Uint8Array, region: XattrRegion): void {
  const { name, index, hash } = entry
  // Inline data changes without its hash.
  if (index === XATTR_INDEX.system && name === INLINE_DATA_XATTR) return
  const bytes = byteStringToBytes(name)
  const expected = entryHash(bytes, value)
  // Kernels took the name's bytes as signed or not, as their compiler did.
  if (hash === expected || hash === entryHash(bytes, value, { isSigned: true })) return
  const { structure, offset } = region
  report({ structure, offset, field: `e_hash of "${name}"`, found: hex(hash), expected: hex(expected) })
}

function checkValueInode(
  context: CheckContext,
  { name, valueInode, valueSize }: XattrEntry,
  region: XattrRegion,
): void {
  const { structure, offset } = region
  if (valueSize === 0) return
  const value = context.inode(valueInode)
  context.valueNames.set(valueInode, (context.valueNames.get(valueInode) ?? 0) + 1)
  if (value !== undefined && hasFlag(value, EXT4_EA_INODE_FL) && value.sizeBytes === valueSize && value.links > 0)
    return
  context.report({
    structure,
    offset,
    field: `e_value_inum of "${name}"`,
    found: valueInode,
    expected: `an inode that holds ${valueSize} bytes of an attribute`,
  })
}

/** Blocks of values in inodes of their own, which count as the inode's that has the attribute. */
function valueBlocks({ shape }: CheckContext, entries: readonly XattrEntry[]): number {
  const { clusterBlocks, blockSize } = shape
  let blocks = 0
  for (const { valueInode, valueSize } of entries) {
    if (valueInode !== 0) blocks += Math.ceil(valueSize / (blockSize * clusterBlocks)) * clusterBlocks
  }
  return blocks
}

function blockHash(entries: readonly XattrEntry[]): number {
  let hash = 0
  for (const entry of entries) {
    if (entry.hash === 0) return 0
    hash = joinHashes(hash, entry.hash)
  }
  return hash
}
