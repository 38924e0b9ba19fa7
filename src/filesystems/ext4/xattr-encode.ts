/**
 * One set of extended attributes as bytes: names and values, the room they take, the hashes of a shared block.
 * [Linux 6.1 fs/ext4/xattr.c; EXT4 disk layout, extended attributes]
 */
import { alignUp } from '../../bytes/align.js'
import { FormatError } from '../../errors.js'
import {
  ACL_ACCESS_NAME,
  ACL_DEFAULT_NAME,
  EXT4_XATTR_MAGIC,
  Ext4XattrEntry,
  Ext4XattrHeader,
  Ext4XattrIbodyHeader,
  XATTR_ALIGN_BYTES,
  XATTR_END_BYTES,
  XATTR_INDEX,
} from './disklayout/xattr.js'
import { encodeAcl } from './posix-acl.js'
import { entryHash, joinHashes } from './xattr-hash.js'

/** An attribute as the disk has it: the prefix a number, the rest of the name bytes. */
export interface DiskXattr {
  readonly index: number
  readonly name: Uint8Array
  readonly value: Uint8Array
}

const EXT4_NAME_MAX = 255
const ACLS: Readonly<Record<string, number>> = {
  [ACL_ACCESS_NAME]: XATTR_INDEX.posixAclAccess,
  [ACL_DEFAULT_NAME]: XATTR_INDEX.posixAclDefault,
}
const PREFIXES: readonly (readonly [string, number])[] = [
  ['user.', XATTR_INDEX.user],
  ['trusted.', XATTR_INDEX.trusted],
  ['security.', XATTR_INDEX.security],
]

/** In the order in which a block must hold them: by prefix number, length of the name, name. Throws FormatError. */
export function toDiskXattrs(xattrs: ReadonlyMap<string, Uint8Array>, path: () => string): DiskXattr[] {
  return [...xattrs].map(([name, value]) => toDiskXattr(name, value, path)).sort(compareXattrs)
}

function toDiskXattr(fullName: string, value: Uint8Array, path: () => string): DiskXattr {
  const acl = ACLS[fullName]
  if (acl !== undefined) {
    const encoded = encodeAcl(value)
    if (encoded !== undefined) return { index: acl, name: new Uint8Array(), value: encoded }
    throw new FormatError(
      `Cannot store ${fullName} of "${path()}": ${value.length} bytes that are no POSIX ACL of version 2`,
    )
  }
  const prefix = PREFIXES.find(([text]) => fullName.startsWith(text))
  const name = Buffer.from(fullName.slice(prefix?.[0].length ?? 0), 'latin1')
  if (prefix === undefined || name.length === 0 || name.length > EXT4_NAME_MAX) {
    throw new FormatError(
      `Cannot store the extended attribute "${fullName}" of "${path()}": accepted are names of at most ` +
        `${EXT4_NAME_MAX} bytes under user., trusted. and security., and the two POSIX ACLs`,
    )
  }
  return { index: prefix[1], name, value }
}

function compareXattrs(a: DiskXattr, b: DiskXattr): number {
  return a.index - b.index || a.name.length - b.name.length || Buffer.compare(a.name, b.name)
}

/** Bytes that an attribute takes beside the header and the end mark. */
export function xattrBytes({ name, value }: DiskXattr): number {
  return alignUp(Ext4XattrEntry.SIZE + name.length, XATTR_ALIGN_BYTES) + alignUp(value.length, XATTR_ALIGN_BYTES)
}

/** Room for attributes in an inode of `inodeSize` bytes whose own fields end at `fieldsEnd`; 0 where it has none. */
export function inodeXattrCapacity(inodeSize: number, fieldsEnd: number): number {
  return Math.max(0, inodeSize - fieldsEnd - Ext4XattrIbodyHeader.SIZE - XATTR_END_BYTES)
}

export function blockXattrCapacity(blockSize: number): number {
  return blockSize - Ext4XattrHeader.SIZE - XATTR_END_BYTES
}

/** The end of an inode behind its fields: offsets of values count from the first entry, hashes stay 0. */
export function encodeInodeXattrs(xattrs: readonly DiskXattr[], lengthBytes: number): Uint8Array {
  const target = new Uint8Array(lengthBytes)
  Ext4XattrIbodyHeader.encodeInto(target, 0, { h_magic: EXT4_XATTR_MAGIC })
  writeEntries(target, xattrs, Ext4XattrIbodyHeader.SIZE, Ext4XattrIbodyHeader.SIZE, () => 0)
  return target
}

/** A block of attributes; offsets count from its start. Reference count and checksum are the caller's. */
export function encodeXattrBlock(xattrs: readonly DiskXattr[], blockSize: number): { bytes: Uint8Array; hash: number } {
  const bytes = new Uint8Array(blockSize)
  let hash = 0
  writeEntries(bytes, xattrs, Ext4XattrHeader.SIZE, 0, (xattr) => {
    const ofEntry = entryHash(xattr.name, xattr.value)
    hash = joinHashes(hash, ofEntry)
    return ofEntry
  })
  return { bytes, hash }
}

function writeEntries(
  target: Uint8Array,
  xattrs: readonly DiskXattr[],
  firstEntry: number,
  offsetBase: number,
  hashOf: (xattr: DiskXattr) => number,
): void {
  let entryAt = firstEntry
  let valueAt = target.length
  for (const xattr of xattrs) {
    const { index, name, value } = xattr
    valueAt -= alignUp(value.length, XATTR_ALIGN_BYTES)
    Ext4XattrEntry.encodeInto(target, entryAt, {
      e_name_len: name.length,
      e_name_index: index,
      e_value_offs: value.length === 0 ? 0 : valueAt - offsetBase,
      e_value_inum: 0,
      e_value_size: value.length,
      e_hash: hashOf(xattr),
    })
    target.set(name, entryAt + Ext4XattrEntry.SIZE)
    target.set(value, valueAt)
    entryAt += alignUp(Ext4XattrEntry.SIZE + name.length, XATTR_ALIGN_BYTES)
  }
}
