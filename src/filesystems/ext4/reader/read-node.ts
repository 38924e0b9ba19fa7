/** From an inode to a node of the tree. */
import type { ByteString } from '../../../bytes/text.js'
import { byteStringFromBytes } from '../../../bytes/text.js'
import type { FileNode, NodeAttributes, SymlinkNode } from '../../../tree/file-tree.js'
import {
  EXT4_ENCRYPT_FL,
  I_BLOCK_BYTES,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from '../disklayout/inode.js'
import { noKeyTarget } from './encrypted-name.js'
import { readContent } from './read-content.js'
import { hasFlag, type InodeRecord, isInline, usesExtents } from './read-inode.js'
import { type InodeXattrs, readSmallContent } from './read-xattrs.js'
import type { Reading } from './reading.js'
import { hex } from './volume-shape.js'

export const NODE_TYPES: ReadonlyMap<number, FileNode['type']> = new Map([
  [S_IFREG, 'file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFCHR, 'char'],
  [S_IFBLK, 'block'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
])
const NANOSECONDS = 1_000_000_000
const ADDRESS_BYTES = 4

/** Of a directory without its children. Undefined where the inode is reported to be none that an entry may name. */
export function readNode(reading: Reading, inode: InodeRecord, found: InodeXattrs): FileNode | undefined {
  const { report } = reading
  const { number, offset } = inode
  const structure = `inode ${number}`
  const type = NODE_TYPES.get(inode.type)
  if (inode.links === 0) {
    report({ structure, offset, field: 'i_links_count', found: 0, expected: 'at least 1 in an inode that has a name' })
    return undefined
  }
  if (type === undefined) {
    const expected = 'the type of a file, directory, symlink, device, pipe or socket'
    report({ structure, offset, field: 'i_mode', found: hex(inode.type + inode.permissions), expected })
    return undefined
  }
  if (inode.mtime.nanoseconds >= NANOSECONDS) {
    const expected = `less than ${NANOSECONDS} nanoseconds`
    report({ structure, offset, field: 'i_mtime_extra', found: inode.mtime.nanoseconds, expected })
    return undefined
  }
  const attributes: NodeAttributes = {
    mode: inode.permissions,
    uid: inode.uid,
    gid: inode.gid,
    mtime: inode.mtime,
    ...(found.xattrs !== undefined && { xattrs: found.xattrs }),
  }
  switch (type) {
    case 'file':
      return { type, ...attributes, content: readContent(reading, inode, found) }
    case 'directory':
      return { type, ...attributes, children: new Map() }
    case 'symlink':
      return symlinkNode(attributes, readTarget(reading, inode, found))
    case 'char':
    case 'block':
      return { type, ...attributes, ...deviceNumber(inode.block) }
    default:
      return { type, ...attributes }
  }
}

function symlinkNode(attributes: NodeAttributes, target: ByteString | undefined): SymlinkNode | undefined {
  return target === undefined ? undefined : { type: 'symlink', ...attributes, target }
}

/** Whether i_block is the target itself. */
export function isShortSymlink({ disk }: Reading, inode: InodeRecord): boolean {
  if (usesExtents(inode) || isInline(inode) || inode.sizeBytes >= I_BLOCK_BYTES) return false
  const { features, blockSize, clusterBlocks } = disk.shape
  // Values in inodes of their own count as the inode's blocks; then only the length tells.
  if (features.has('ea_inode')) return true
  return inode.allocatedBytes <= (inode.xattrBlock === 0 ? 0 : blockSize * clusterBlocks)
}

/** A target is never longer than a block. Reported where it is, or has a NUL within. */
export function readTarget(reading: Reading, inode: InodeRecord, { inlineData }: InodeXattrs): ByteString | undefined {
  const { report, disk } = reading
  const { number, offset, sizeBytes } = inode
  const structure = `inode ${number}`
  const most = isInline(inode)
    ? I_BLOCK_BYTES + (inlineData?.bytes.length ?? 0)
    : isShortSymlink(reading, inode)
      ? I_BLOCK_BYTES
      : disk.shape.blockSize
  if (sizeBytes === 0 || sizeBytes > most) {
    report({ structure, offset, field: 'i_size', found: sizeBytes, expected: `1 to ${most} in this symlink` })
    return undefined
  }
  const bytes = new Uint8Array(sizeBytes)
  if (isInline(inode)) {
    bytes.set(inode.block.subarray(0, sizeBytes))
    if (sizeBytes > I_BLOCK_BYTES) bytes.set(inlineData!.bytes.subarray(0, sizeBytes - I_BLOCK_BYTES), I_BLOCK_BYTES)
  } else if (isShortSymlink(reading, inode)) bytes.set(inode.block.subarray(0, sizeBytes))
  else bytes.set(readSmallContent(reading, inode, sizeBytes))
  const target = byteStringFromBytes(bytes)
  if (hasFlag(inode, EXT4_ENCRYPT_FL)) return noKeyTarget(target)
  if (target.includes('\0')) {
    const expected = `a target of i_size (${sizeBytes}) bytes without a NUL`
    report({ structure, offset, field: 'its target', found: `a NUL at byte ${target.indexOf('\0')}`, expected })
    return undefined
  }
  return target
}

/** 8 + 8 bits in the first word, or 12 + 20 in the second.  [Linux 6.1 include/linux/kdev_t.h old_decode_dev, new_decode_dev] */
function deviceNumber(block: Uint8Array): { readonly major: number; readonly minor: number } {
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const old = view.getUint32(0, true)
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff }
  const word = view.getUint32(ADDRESS_BYTES, true)
  return { major: (word >>> 8) & 0xfff, minor: (word & 0xff) + ((word >>> 12) & 0xfff00) }
}
