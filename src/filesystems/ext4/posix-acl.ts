/** POSIX ACLs: between the kernel's xattr form (version 2, every entry with an id) and ext's own (version 1, ids where needed). */
import {
  ACL_GROUP,
  ACL_USER,
  EXT4_ACL_VERSION,
  Ext4AclEntry,
  Ext4AclEntryShort,
  Ext4AclHeader,
  POSIX_ACL_XATTR_VERSION,
  PosixAclXattrEntry,
  PosixAclXattrHeader,
} from './disklayout/xattr.js'

/** The ACL as ext stores it, or undefined where `value` is no ACL in the kernel's form. */
export function encodeAcl(value: Uint8Array): Uint8Array | undefined {
  const entriesBytes = value.length - PosixAclXattrHeader.SIZE
  if (entriesBytes < 0 || entriesBytes % PosixAclXattrEntry.SIZE !== 0) return undefined
  if (PosixAclXattrHeader.decode(value).a_version !== POSIX_ACL_XATTR_VERSION) return undefined
  const target = new Uint8Array(value.length)
  Ext4AclHeader.encodeInto(target, 0, { a_version: EXT4_ACL_VERSION })
  let end = Ext4AclHeader.SIZE
  for (let at = PosixAclXattrHeader.SIZE; at < value.length; at += PosixAclXattrEntry.SIZE) {
    const { e_tag, e_perm, e_id } = PosixAclXattrEntry.decode(value, at)
    if (e_tag === ACL_USER || e_tag === ACL_GROUP) {
      Ext4AclEntry.encodeInto(target, end, { e_tag, e_perm, e_id })
      end += Ext4AclEntry.SIZE
    } else {
      Ext4AclEntryShort.encodeInto(target, end, { e_tag, e_perm })
      end += Ext4AclEntryShort.SIZE
    }
  }
  return target.subarray(0, end)
}

/** An entry that needs no id has this one in the kernel's form. */
const NO_ID = 0xffff_ffff

/** The ACL in the kernel's form, or undefined where `value` is none in ext's. */
export function decodeAcl(value: Uint8Array): Uint8Array | undefined {
  if (value.length < Ext4AclHeader.SIZE || Ext4AclHeader.decode(value).a_version !== EXT4_ACL_VERSION) return undefined
  // No entry is shorter than a short one.
  const most = Math.floor((value.length - Ext4AclHeader.SIZE) / Ext4AclEntryShort.SIZE)
  const target = new Uint8Array(PosixAclXattrHeader.SIZE + most * PosixAclXattrEntry.SIZE)
  PosixAclXattrHeader.encodeInto(target, 0, { a_version: POSIX_ACL_XATTR_VERSION })
  let end = PosixAclXattrHeader.SIZE
  for (let at = Ext4AclHeader.SIZE; at < value.length; ) {
    if (at + Ext4AclEntryShort.SIZE > value.length) return undefined
    const { e_tag, e_perm } = Ext4AclEntryShort.decode(value, at)
    const hasId = e_tag === ACL_USER || e_tag === ACL_GROUP
    if (hasId && at + Ext4AclEntry.SIZE > value.length) return undefined
    const e_id = hasId ? Ext4AclEntry.decode(value, at).e_id : NO_ID
    PosixAclXattrEntry.encodeInto(target, end, { e_tag, e_perm, e_id })
    end += PosixAclXattrEntry.SIZE
    at += hasId ? Ext4AclEntry.SIZE : Ext4AclEntryShort.SIZE
  }
  return target.slice(0, end)
}
