/**
 * Extended attributes, in the free end of an inode (magic, then entries) or in a block that inodes with equal sets
 * share (header, then entries). Values grow down from the end. Little-endian.  [EXT4 disk layout, extended attributes]
 */
import { reserved, struct, u8, u16le, u32le } from '../../../bytes/struct.js'

export const EXT4_XATTR_MAGIC = 0xea020000
/** A block serves at most this many inodes. */
export const EXT4_XATTR_REFCOUNT_MAX = 1024

export const Ext4XattrIbodyHeader = struct('ext4_xattr_ibody_header', 4, { h_magic: [0, u32le] })

export const Ext4XattrHeader = struct('ext4_xattr_header', 32, {
  h_magic: [0x00, u32le],
  h_refcount: [0x04, u32le],
  h_blocks: [0x08, u32le],
  h_hash: [0x0c, u32le],
  h_checksum: [0x10, u32le],
  _h_reserved: [0x14, reserved(12)],
})

/** Followed by the name, padded to four bytes. A first word of zero ends the list. */
export const Ext4XattrEntry = struct('ext4_xattr_entry', 16, {
  e_name_len: [0, u8],
  e_name_index: [1, u8],
  e_value_offs: [2, u16le],
  e_value_inum: [4, u32le],
  e_value_size: [8, u32le],
  e_hash: [12, u32le],
})
export const XATTR_ALIGN_BYTES = 4
export const XATTR_END_BYTES = 4

/** Prefixes of names, of which the entry stores the number; the two ACLs have no name beside it. */
export const XATTR_INDEX = {
  user: 1,
  posixAclAccess: 2,
  posixAclDefault: 3,
  trusted: 4,
  security: 6,
  system: 7,
  richAcl: 8,
  encryption: 9,
  hurd: 10,
} as const
/** What Linux calls the two ACLs. */
export const ACL_ACCESS_NAME = 'system.posix_acl_access'
export const ACL_DEFAULT_NAME = 'system.posix_acl_default'
/** Of the attribute (under `system`) that holds what inline data has no room for in i_block. */
export const INLINE_DATA_XATTR = 'data'

/** ext's own form of a POSIX ACL: an id only where the tag needs one. */
export const EXT4_ACL_VERSION = 1
export const Ext4AclHeader = struct('ext4_acl_header', 4, { a_version: [0, u32le] })
export const Ext4AclEntryShort = struct('ext4_acl_entry_short', 4, { e_tag: [0, u16le], e_perm: [2, u16le] })
export const Ext4AclEntry = struct('ext4_acl_entry', 8, { e_tag: [0, u16le], e_perm: [2, u16le], e_id: [4, u32le] })

/** The kernel's form, as getxattr gives it and tars carry it. */
export const POSIX_ACL_XATTR_VERSION = 2
export const PosixAclXattrHeader = struct('posix_acl_xattr_header', 4, { a_version: [0, u32le] })
export const PosixAclXattrEntry = struct('posix_acl_xattr_entry', 8, {
  e_tag: [0, u16le],
  e_perm: [2, u16le],
  e_id: [4, u32le],
})
export const ACL_USER = 0x02
export const ACL_GROUP = 0x08
