/** POSIX ACLs: from the kernel's xattr form (version 2, every entry with an id) to ext's own (version 1, ids where needed). */
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
