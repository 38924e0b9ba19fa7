/** POSIX ACLs between the kernel's xattr form (version 2, every entry with an id) and JFFS2's own (version 1, ids where needed). */
import { concatBytes } from '../../bytes/concat.js'
import {
  ACL_GROUP,
  ACL_USER,
  JFFS2_ACL_VERSION,
  type Layouts,
  POSIX_ACL_XATTR_VERSION,
  PosixAclXattrEntry,
  PosixAclXattrHeader,
} from './disklayout.js'

/** What entries have for an id that they do not need. */
const NO_ID = 0xffff_ffff

/** As JFFS2 stores it, or undefined where `value` is no ACL in the kernel's form. */
export function encodeAcl(value: Uint8Array, { aclHeader, aclEntry, aclEntryShort }: Layouts): Uint8Array | undefined {
  const entriesBytes = value.length - PosixAclXattrHeader.SIZE
  if (entriesBytes < 0 || entriesBytes % PosixAclXattrEntry.SIZE !== 0) return undefined
  if (PosixAclXattrHeader.decode(value).a_version !== POSIX_ACL_XATTR_VERSION) return undefined
  const target = new Uint8Array(value.length)
  aclHeader.encodeInto(target, 0, { a_version: JFFS2_ACL_VERSION })
  let end = aclHeader.SIZE
  for (let at = PosixAclXattrHeader.SIZE; at < value.length; at += PosixAclXattrEntry.SIZE) {
    const entry = PosixAclXattrEntry.decode(value, at)
    const record = hasId(entry.e_tag) ? aclEntry : aclEntryShort
    record.encodeInto(target, end, entry)
    end += record.SIZE
  }
  return target.subarray(0, end)
}

/** In the kernel's form, or undefined where `value` is no ACL in JFFS2's. */
export function decodeAcl(value: Uint8Array, { aclHeader, aclEntry, aclEntryShort }: Layouts): Uint8Array | undefined {
  if (value.length < aclHeader.SIZE || aclHeader.decode(value).a_version !== JFFS2_ACL_VERSION) return undefined
  const entries: Uint8Array[] = [PosixAclXattrHeader.encode({ a_version: POSIX_ACL_XATTR_VERSION })]
  for (let at = aclHeader.SIZE; at < value.length; ) {
    if (at + aclEntryShort.SIZE > value.length) return undefined
    const { e_tag, e_perm } = aclEntryShort.decode(value, at)
    const record = hasId(e_tag) ? aclEntry : aclEntryShort
    if (at + record.SIZE > value.length) return undefined
    const e_id = hasId(e_tag) ? aclEntry.decode(value, at).e_id : NO_ID
    entries.push(PosixAclXattrEntry.encode({ e_tag, e_perm, e_id }))
    at += record.SIZE
  }
  return concatBytes(entries)
}

function hasId(tag: number): boolean {
  return tag === ACL_USER || tag === ACL_GROUP
}
