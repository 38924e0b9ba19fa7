/**
 * JFFS2's nodes, which are all there is on the medium: every change is one more node, and the highest version of each is what
 * holds. Each begins at a multiple of four and lies inside one erase block. Byte order is that of the machine that wrote the
 * volume, so each record exists twice. Read by Linux, U-Boot, barebox.  [LINUX include/uapi/linux/jffs2.h]
 */
import { type Codec, reserved, struct, u8, u16be, u16le, u32be, u32le } from '../../bytes/struct.js'

export type ByteOrder = 'little' | 'big'

export const JFFS2_MAGIC_BITMASK = 0x1985
/** The magic number as a machine of the other byte order sees it. */
export const KSAMTIB_CIGAM_2SFFJ = 0x8519

/** Bits of nodetype: what a reader does that does not know it, and whether the node is still valid (cleared in place). */
export const JFFS2_NODE_ACCURATE = 0x2000
const JFFS2_FEATURE_INCOMPAT = 0xc000
export const JFFS2_COMPAT_MASK = 0xc000
export const JFFS2_FEATURE_RWCOMPAT_DELETE = 0x0000

export const JFFS2_NODETYPE_DIRENT = JFFS2_FEATURE_INCOMPAT | JFFS2_NODE_ACCURATE | 1
export const JFFS2_NODETYPE_INODE = JFFS2_FEATURE_INCOMPAT | JFFS2_NODE_ACCURATE | 2
export const JFFS2_NODETYPE_CLEANMARKER = JFFS2_FEATURE_RWCOMPAT_DELETE | JFFS2_NODE_ACCURATE | 3
export const JFFS2_NODETYPE_PADDING = JFFS2_FEATURE_RWCOMPAT_DELETE | JFFS2_NODE_ACCURATE | 4
export const JFFS2_NODETYPE_SUMMARY = JFFS2_FEATURE_RWCOMPAT_DELETE | JFFS2_NODE_ACCURATE | 6
export const JFFS2_NODETYPE_XATTR = JFFS2_FEATURE_INCOMPAT | JFFS2_NODE_ACCURATE | 8
export const JFFS2_NODETYPE_XREF = JFFS2_FEATURE_INCOMPAT | JFFS2_NODE_ACCURATE | 9

export const NODE_ALIGN_BYTES = 4

export const JFFS2_COMPR_NONE = 0
/** No data at all: dsize zeros. */
export const JFFS2_COMPR_ZERO = 1
export const JFFS2_COMPR_ZLIB = 6
/** By number, for messages. */
export const COMPR_NAMES = ['none', 'zero', 'rtime', 'rubinmips', 'copy', 'dynrubin', 'zlib', 'lzo', 'lzma'] as const

/** xprefix: what an attribute's name begins with; the two ACLs have no name beside it. */
export const JFFS2_XPREFIXES: ReadonlyMap<number, string> = new Map([
  [1, 'user.'],
  [2, 'security.'],
  [3, 'system.posix_acl_access'],
  [4, 'system.posix_acl_default'],
  [5, 'trusted.'],
])
/** Bit of xseqno: the reference is taken back. */
export const XREF_DELETE_MARKER = 1

export const JFFS2_ROOT_INO = 1
export const JFFS2_MAX_NAME_LEN = 254
/** The kernel writes and collects data page by page; no node spans two of them. */
export const PAGE_BYTES = 4096
/** A piece of a page is not worth a node below this. [mtd-utils] */
export const JFFS2_MIN_DATA_LEN = 128

/** Of include/linux/posix_acl.h; JFFS2 keeps its own spelling of ACLs, like ext's. */
export const JFFS2_ACL_VERSION = 0x0001
export const ACL_USER = 0x02
export const ACL_GROUP = 0x08

/** hdr_crc covers the fields before it. */
export const HDR_CRC_BYTES = 8

function layoutsOf(u16: Codec<number>, u32: Codec<number>) {
  return {
    unknownNode: struct('jffs2_unknown_node', 12, {
      magic: [0, u16],
      nodetype: [2, u16],
      totlen: [4, u32],
      hdr_crc: [8, u32],
    }),
    rawDirent: struct('jffs2_raw_dirent', 40, {
      magic: [0, u16],
      nodetype: [2, u16],
      totlen: [4, u32],
      hdr_crc: [8, u32],
      pino: [12, u32],
      version: [16, u32],
      ino: [20, u32],
      mctime: [24, u32],
      nsize: [28, u8],
      type: [29, u8],
      _unused: [30, reserved(2)],
      node_crc: [32, u32],
      name_crc: [36, u32],
    }),
    rawInode: struct('jffs2_raw_inode', 68, {
      magic: [0, u16],
      nodetype: [2, u16],
      totlen: [4, u32],
      hdr_crc: [8, u32],
      ino: [12, u32],
      version: [16, u32],
      mode: [20, u32],
      uid: [24, u16],
      gid: [26, u16],
      isize: [28, u32],
      atime: [32, u32],
      mtime: [36, u32],
      ctime: [40, u32],
      offset: [44, u32],
      csize: [48, u32],
      dsize: [52, u32],
      compr: [56, u8],
      usercompr: [57, u8],
      flags: [58, u16],
      data_crc: [60, u32],
      node_crc: [64, u32],
    }),
    rawXattr: struct('jffs2_raw_xattr', 32, {
      magic: [0, u16],
      nodetype: [2, u16],
      totlen: [4, u32],
      hdr_crc: [8, u32],
      xid: [12, u32],
      version: [16, u32],
      xprefix: [20, u8],
      name_len: [21, u8],
      value_len: [22, u16],
      data_crc: [24, u32],
      node_crc: [28, u32],
    }),
    rawXref: struct('jffs2_raw_xref', 28, {
      magic: [0, u16],
      nodetype: [2, u16],
      totlen: [4, u32],
      hdr_crc: [8, u32],
      ino: [12, u32],
      xid: [16, u32],
      xseqno: [20, u32],
      node_crc: [24, u32],
    }),
    /** A device's content: 8 and 8 bits where they do (old_id), else 12 and 20 (new_id). */
    oldDeviceNode: struct('jffs2_device_node', 2, { old_id: [0, u16] }),
    newDeviceNode: struct('jffs2_device_node', 4, { new_id: [0, u32] }),
    aclHeader: struct('jffs2_acl_header', 4, { a_version: [0, u32] }),
    aclEntry: struct('jffs2_acl_entry', 8, { e_tag: [0, u16], e_perm: [2, u16], e_id: [4, u32] }),
    aclEntryShort: struct('jffs2_acl_entry_short', 4, { e_tag: [0, u16], e_perm: [2, u16] }),
  }
}

export type Layouts = ReturnType<typeof layoutsOf>

export const JFFS2_LAYOUTS: Readonly<Record<ByteOrder, Layouts>> = {
  little: layoutsOf(u16le, u32le),
  big: layoutsOf(u16be, u32be),
}

/** The kernel's own form of an ACL, as getxattr gives it: little-endian on every machine. [LINUX posix_acl_xattr.h] */
export const POSIX_ACL_XATTR_VERSION = 2
export const PosixAclXattrHeader = struct('posix_acl_xattr_header', 4, { a_version: [0, u32le] })
export const PosixAclXattrEntry = struct('posix_acl_xattr_entry', 8, {
  e_tag: [0, u16le],
  e_perm: [2, u16le],
  e_id: [4, u32le],
})
