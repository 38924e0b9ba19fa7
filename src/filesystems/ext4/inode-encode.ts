/** Inodes as bytes: what a node is, its times, where its blocks are. */
import { type ByteString, byteStringToBytes } from '../../bytes/text.js'
import type { FileNode, Timestamp } from '../../tree/file-tree.js'
import { signInode } from './checksums.js'
import { highHalf, highShort, lowHalf, lowShort } from './disklayout/halves.js'
import {
  EXT4_EXTENTS_FL,
  EXT4_INDEX_FL,
  EXTRA_ISIZE,
  Ext4Inode,
  Ext4InodeBase,
  I_BLOCK_BYTES,
  I_BLOCKS_UNIT_BYTES,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from './disklayout/inode.js'
import { encodeTime } from './inode-time.js'

export interface InodeFormat {
  readonly inodeSize: number
  readonly blockSize: number
  readonly hasExtents: boolean
  /** undefined without metadata_csum. */
  readonly volumeSeed: number | undefined
}

export interface InodeContent {
  /** Type and permissions. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly time: Timestamp
  readonly sizeBytes: number
  readonly links: number
  /** Of the volume, everything that belongs to the inode counted. */
  readonly blocks: number
  readonly flags: number
  /** i_block. */
  readonly block: Uint8Array
  /** Block of extended attributes, 0 for none. */
  readonly xattrBlock: number
  /** Extended attributes behind the inode's fields. */
  readonly xattrs: Uint8Array | undefined
}

const TYPE_BITS: Readonly<Record<FileNode['type'], number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
  char: S_IFCHR,
  block: S_IFBLK,
  fifo: S_IFIFO,
  socket: S_IFSOCK,
}
const PERMISSION_BITS = 0o7777
const SYMLINK_PERMISSIONS = 0o777

/** i_mode of a node. A symlink's permissions are always 0777, as Linux makes them: nobody checks them, and tars differ. */
export function modeOf(node: FileNode): number {
  return TYPE_BITS[node.type] + (node.type === 'symlink' ? SYMLINK_PERMISSIONS : node.mode & PERMISSION_BITS)
}

/** Writes inode `number` into `target`: its place in the table, all zeros. */
export function encodeInode(target: Uint8Array, number: number, inode: InodeContent, format: InodeFormat): void {
  const { blockSize, inodeSize } = format
  const sectors = inode.blocks * (blockSize / I_BLOCKS_UNIT_BYTES)
  const time = encodeTime(inode.time)
  // One literal for both sizes of record: there is one for each file, and spreading it would take half the encoder's time.
  const record = {
    i_mode: inode.mode,
    i_uid: lowShort(inode.uid),
    i_size_lo: lowHalf(inode.sizeBytes),
    i_atime: time.base,
    i_ctime: time.base,
    i_mtime: time.base,
    i_dtime: 0,
    i_gid: lowShort(inode.gid),
    i_links_count: inode.links,
    i_blocks_lo: lowHalf(sectors),
    i_flags: inode.flags,
    l_i_version: 0,
    i_block: inode.block,
    i_generation: 0,
    i_file_acl_lo: lowHalf(inode.xattrBlock),
    i_size_high: highHalf(inode.sizeBytes),
    l_i_blocks_high: highHalf(sectors),
    l_i_file_acl_high: highHalf(inode.xattrBlock),
    l_i_uid_high: highShort(inode.uid),
    l_i_gid_high: highShort(inode.gid),
    l_i_checksum_lo: 0,
    i_extra_isize: EXTRA_ISIZE,
    i_checksum_hi: 0,
    i_ctime_extra: time.extra,
    i_mtime_extra: time.extra,
    i_atime_extra: time.extra,
    i_crtime: time.base,
    i_crtime_extra: time.extra,
    i_projid: 0,
  }
  const isLarge = inodeSize > Ext4InodeBase.SIZE
  if (isLarge) Ext4Inode.encodeInto(target, 0, record)
  else Ext4InodeBase.encodeInto(target, 0, record)
  if (inode.xattrs !== undefined) target.set(inode.xattrs, Ext4Inode.SIZE)
  if (format.volumeSeed !== undefined) signInode(target, format.volumeSeed, number, isLarge)
}

/** i_flags of something with blocks of its own. */
export function blockFlags(hasExtents: boolean, isIndexed = false): number {
  return (hasExtents ? EXT4_EXTENTS_FL : 0) + (isIndexed ? EXT4_INDEX_FL : 0)
}

/** i_block of a short symlink: the target itself. */
export function encodeShortTarget(target: ByteString): Uint8Array {
  const block = new Uint8Array(I_BLOCK_BYTES)
  block.set(byteStringToBytes(target))
  return block
}

/**
 * i_block of a device: a number of 8 + 8 bits in the first word where both parts fit, else one of 12 + 20 bits in the second.
 * [Linux 6.1 include/linux/kdev_t.h old_encode_dev, new_encode_dev]
 */
export function encodeDevice(major: number, minor: number): Uint8Array {
  const block = new Uint8Array(I_BLOCK_BYTES)
  const view = new DataView(block.buffer)
  if (major < 256 && minor < 256) view.setUint32(0, major * 256 + minor, true)
  else view.setUint32(4, (minor & 0xff) + major * 256 + Math.floor(minor / 256) * 2 ** 20, true)
  return block
}

export const MAX_DEVICE_MAJOR = 2 ** 12 - 1
export const MAX_DEVICE_MINOR = 2 ** 20 - 1
