/**
 * Every inode by itself: its fields, what its blocks are, that nobody else has them.
 * [e2fsprogs 1.47.0 e2fsck/pass1.c]
 */

import { EXT4_BG_INODE_UNINIT } from '../disklayout/group-descriptor.js'
import {
  EXT4_EA_INODE_FL,
  EXT4_ENCRYPT_FL,
  EXT4_EXTENTS_FL,
  EXT4_GOOD_OLD_INODE_SIZE,
  EXT4_INLINE_DATA_FL,
  EXT4_RESIZE_INO,
  EXT4_ROOT_INO,
  EXT4_VERITY_FL,
  Ext4Inode,
  Ext4InodeBase,
  I_BLOCKS_UNIT_BYTES,
  S_IFDIR,
  S_IFLNK,
  S_IFREG,
} from '../disklayout/inode.js'
import type { Owner } from './block-claims.js'
import { readBlockMap } from './block-map.js'
import { type CheckContext, SILENT } from './check-context.js'
import { checkResizeInode } from './check-resize-inode.js'
import { checkXattrs } from './check-xattrs.js'
import type { BlockMap } from './map-collector.js'
import { largestSize } from './read-content.js'
import { hasFlag, type InodeRecord, isInline, otherTimes, readInode, usesExtents } from './read-inode.js'
import { isShortSymlink, NODE_TYPES, readTarget } from './read-node.js'
import { hex } from './volume-shape.js'

const NANOSECONDS = 1_000_000_000
const EXTRA_SIZE_STEP = 4
/** Of the reserved inodes those that hold something: what has no type (bad blocks) and what has. */
const EXT4_BAD_INO = 1
const EXT4_BOOT_LOADER_INO = 5

export function checkInodes(context: CheckContext): void {
  const { shape, groups, disk } = context
  const { inodesPerGroup, inodeSize, hasGroupChecksums, blockSize } = shape
  const [modeAt] = Ext4Inode.FIELDS.i_mode!
  const [linksAt] = Ext4Inode.FIELDS.i_links_count!
  groups.forEach((descriptor, group) => {
    if (descriptor === undefined) return
    if (hasGroupChecksums && descriptor.flags & EXT4_BG_INODE_UNINIT) return
    const unused = hasGroupChecksums ? Math.min(descriptor.unusedInodes, inodesPerGroup) : 0
    for (let index = 0; index < inodesPerGroup - unused; index++) {
      const bytes = disk.view.read(descriptor.inodeTable * blockSize + index * inodeSize, inodeSize, 'inode table')
      // Most of a table was never used: nothing more is asked of what has neither mode nor links.
      const isEmpty = bytes[modeAt] === 0 && bytes[modeAt + 1] === 0 && bytes[linksAt] === 0 && bytes[linksAt + 1] === 0
      const number = group * inodesPerGroup + index + 1
      if (!isEmpty || number === EXT4_BAD_INO) checkInode(context, readInode(context.reading(), number))
    }
  })
  if (context.census.typeOf(EXT4_ROOT_INO) !== S_IFDIR) {
    const found = context.inode(EXT4_ROOT_INO)
    context.report({
      structure: 'inode 2 (the root)',
      offset: found?.offset ?? 0,
      field: 'i_mode',
      found: hex((found?.type ?? 0) + (found?.permissions ?? 0)),
      expected: 'a directory in use',
    })
  }
}

function checkInode(context: CheckContext, inode: InodeRecord): void {
  const { shape, report, census, orphans } = context
  const { number, type, links } = inode
  const owner: Owner = { structure: `inode ${number}`, offset: inode.offset }
  const expect = (isSo: boolean, field: string, found: number | string, expected: string): void => {
    if (!isSo) report({ ...owner, field, found, expected })
  }
  if (number === EXT4_BAD_INO) {
    claimBadBlocks(context, inode)
    return
  }
  if (links === 0 && !orphans.has(number)) {
    const isGone = inode.dtime !== 0 || type === 0 || number < shape.firstInode
    expect(isGone, 'i_dtime', 0, 'the time of its deletion in an inode without links')
    return
  }
  const isReserved = number < shape.firstInode && number !== EXT4_ROOT_INO
  const kind = NODE_TYPES.get(type)
  if (isReserved && type === 0) return
  if (kind === undefined) {
    const expected = 'the type of a file, directory, symlink, device, pipe or socket'
    report({ ...owner, field: 'i_mode', found: hex(type + inode.permissions), expected })
    census.add(number, type, links)
    return
  }
  census.add(number, type, links)
  countUsage(context, inode)
  if (type === S_IFDIR) context.directories.push(number)
  expect(
    inode.dtime === 0 || orphans.has(number) || number === EXT4_BOOT_LOADER_INO,
    'i_dtime',
    inode.dtime,
    '0 in an inode in use',
  )
  checkTimes(context, inode)
  checkXattrPlace(context, inode)
  checkExtraSize(context, inode)
  checkFlags(context, inode)
  const found = checkXattrs(context, inode)
  if (number === EXT4_RESIZE_INO && shape.features.has('resize_inode')) {
    checkResizeInode(context, inode)
    return
  }
  const hasMap = !isInline(inode) && (type === S_IFREG || type === S_IFDIR || type === S_IFLNK)
  if (hasMap && !(type === S_IFLNK && isShortSymlink(context.reading(), inode))) {
    checkMap(context, inode, owner, found.extraBlocks)
  } else {
    checkBlockCount(context, inode, owner, found.extraBlocks)
  }
  if (type === S_IFLNK) {
    readTarget(context.reading(), inode, found.xattrs)
    checkTargetEnd(context, inode)
  }
  if (type !== S_IFREG && type !== S_IFDIR && type !== S_IFLNK) {
    expect(inode.sizeBytes === 0, 'i_size', inode.sizeBytes, `0 in a ${kind}`)
  }
}

/** A target is followed by a NUL, where its place is longer.  [e2fsprogs 1.47.0 e2fsck/pass1.c e2fsck_pass1_check_symlink] */
function checkTargetEnd(context: CheckContext, inode: InodeRecord): void {
  const { number, offset, sizeBytes, block } = inode
  if (isInline(inode) || hasFlag(inode, EXT4_ENCRYPT_FL)) return
  let bytes = block
  if (!isShortSymlink(context.reading(SILENT), inode)) {
    const [run] = readBlockMap(context.reading(SILENT), inode).runs
    if (run === undefined || run.logical !== 0) return
    bytes = context.disk.block(run.physical, `inode ${number}`)
  }
  if (sizeBytes >= bytes.length || bytes[sizeBytes] === 0) return
  const end = bytes.indexOf(0)
  const expected = `${end < 0 ? bytes.length : end}, the length of its target`
  context.report({ structure: `inode ${number}`, offset, field: 'i_size', found: sizeBytes, expected })
}

/** Quotas count neither the volume's own files nor the inodes that hold values of attributes. */
function countUsage({ shape, usage }: CheckContext, inode: InodeRecord): void {
  const { features, superblock: s, firstInode } = shape
  const { number } = inode
  if (!features.has('quota') || (number < firstInode && number !== EXT4_ROOT_INO)) return
  if (number === s.s_prj_quota_inum || (features.has('orphan_file') && number === s.s_orphan_file_inum)) return
  if (!hasFlag(inode, EXT4_EA_INODE_FL)) usage.add(inode)
}

/** Blocks that the medium cannot hold: nobody else's, or a group's own. */
function claimBadBlocks(context: CheckContext, inode: InodeRecord): void {
  const { runs, treeBlocks } = readBlockMap(context.reading(), inode)
  const owner = { structure: 'inode 1 (bad blocks)', offset: inode.offset }
  for (const { physical, blocks } of runs) context.claims.claimStructure(physical, blocks, owner, SILENT)
  for (const block of treeBlocks) context.claims.claimStructure(block, 1, owner, SILENT)
}

function checkTimes({ report }: CheckContext, inode: InodeRecord): void {
  const times = { mtime: inode.mtime, ...otherTimes(inode) }
  for (const field of ['mtime', 'atime', 'ctime', 'crtime'] as const) {
    const nanoseconds = times[field]?.nanoseconds ?? 0
    if (nanoseconds < NANOSECONDS) continue
    const expected = `less than ${NANOSECONDS} nanoseconds`
    const { number, offset } = inode
    report({ structure: `inode ${number}`, offset, field: `i_${field}_extra`, found: nanoseconds, expected })
  }
}

/** i_file_acl means something only with these features. */
function checkXattrPlace({ shape, report }: CheckContext, { number, offset, xattrBlock, bytes }: InodeRecord): void {
  const finding = { structure: `inode ${number}`, offset }
  if (xattrBlock !== 0 && !shape.features.has('ext_attr')) {
    const expected = '0 without the feature ext_attr'
    report({ ...finding, field: 'i_file_acl', found: xattrBlock, expected })
  }
  const { l_i_file_acl_high } = Ext4InodeBase.decode(bytes)
  if (l_i_file_acl_high !== 0 && !shape.features.has('64bit')) {
    const expected = '0 without the feature 64bit'
    report({ ...finding, field: 'l_i_file_acl_high', found: l_i_file_acl_high, expected })
  }
}

function checkExtraSize({ shape, report }: CheckContext, inode: InodeRecord): void {
  if (shape.inodeSize === EXT4_GOOD_OLD_INODE_SIZE) return
  const { i_extra_isize } = Ext4Inode.decode(inode.bytes)
  const room = shape.inodeSize - EXT4_GOOD_OLD_INODE_SIZE
  if (i_extra_isize <= room && i_extra_isize % EXTRA_SIZE_STEP === 0) return
  const expected = `a multiple of ${EXTRA_SIZE_STEP} up to ${room}`
  const { number, offset } = inode
  report({ structure: `inode ${number}`, offset, field: 'i_extra_isize', found: i_extra_isize, expected })
}

function checkFlags({ shape, report }: CheckContext, inode: InodeRecord): void {
  const { features } = shape
  const { number, offset, flags, type } = inode
  const refuse = (expected: string): void =>
    report({ structure: `inode ${number}`, offset, field: 'i_flags', found: hex(flags), expected })
  const hasBlocks = type === S_IFREG || type === S_IFDIR || type === S_IFLNK
  if (hasFlag(inode, EXT4_EXTENTS_FL) && !features.has('extent')) refuse('no extents without the feature extent')
  else if (hasFlag(inode, EXT4_EXTENTS_FL) && !hasBlocks) refuse('no extents in a device, pipe or socket')
  if (hasFlag(inode, EXT4_INLINE_DATA_FL) && !features.has('inline_data')) {
    refuse('no inline data without the feature inline_data')
  } else if (hasFlag(inode, EXT4_INLINE_DATA_FL) && hasFlag(inode, EXT4_EXTENTS_FL)) {
    refuse('extents or inline data, not both')
  }
  if (hasFlag(inode, EXT4_ENCRYPT_FL) && !features.has('encrypt')) {
    refuse('no encryption without the feature encrypt')
  }
}

function checkMap(context: CheckContext, inode: InodeRecord, owner: Owner, extraBlocks: number): void {
  const map = readBlockMap(context.reading(), inode)
  const own = claimMap(context, map, owner)
  checkBlockCount(context, inode, owner, own + extraBlocks)
  if (inode.type === S_IFREG) checkFileSize(context, inode, map, owner)
}

/** Gives the number of blocks, of whole clusters each. */
function claimMap({ claims, report, shape }: CheckContext, map: BlockMap, owner: Owner): number {
  const { clusterBlocks } = shape
  let clusters = 0
  let claimedTo = -1
  for (const { physical, blocks } of map.runs) {
    const first = Math.floor(physical / clusterBlocks)
    const end = Math.floor((physical + blocks - 1) / clusterBlocks) + 1
    // Extents of one file may share a cluster.
    const from = clusterBlocks > 1 && first === claimedTo - 1 ? claimedTo : first
    claimedTo = end
    if (from >= end) continue
    claims.claimFile(from * clusterBlocks, (end - from) * clusterBlocks - trailing(end), owner, report)
    clusters += end - from
  }
  for (const block of map.treeBlocks) claims.claimFile(block, 1, owner, report)
  return (clusters + map.treeBlocks.length) * clusterBlocks

  /** The last cluster of the volume may be cut. */
  function trailing(end: number): number {
    return Math.max(0, end * clusterBlocks - shape.blockCount)
  }
}

function checkBlockCount({ shape, report }: CheckContext, inode: InodeRecord, owner: Owner, blocks: number): void {
  const expected = blocks * shape.blockSize
  if (inode.allocatedBytes === expected) return
  report({
    ...owner,
    field: 'i_blocks',
    found: inode.allocatedBytes / I_BLOCKS_UNIT_BYTES,
    expected: `${expected / I_BLOCKS_UNIT_BYTES}, for its ${blocks} blocks`,
  })
}

function checkFileSize({ shape, report }: CheckContext, inode: InodeRecord, { runs }: BlockMap, owner: Owner): void {
  const { blockSize, clusterBlocks } = shape
  const { sizeBytes } = inode
  const most = largestSize(blockSize, inode)
  if (sizeBytes > most) {
    const expected = `at most ${most} with ${usesExtents(inode) ? 'extents' : 'indirect blocks'}`
    report({ ...owner, field: 'i_size', found: sizeBytes, expected })
  }
  const lastWritten = runs.findLast(({ isUnwritten }) => !isUnwritten)
  if (lastWritten === undefined || hasFlag(inode, EXT4_VERITY_FL)) return
  const last = lastWritten.logical + lastWritten.blocks - 1
  // A cluster is written as a whole.
  const least = Math.floor(last / clusterBlocks) * clusterBlocks * blockSize
  if (sizeBytes < least) {
    report({ ...owner, field: 'i_size', found: sizeBytes, expected: `at least ${least}: block ${last} is written` })
  }
}
