/**
 * The entries of one set of extended attributes, in an inode or in a block, with every length and offset bounded. What
 * their values mean is read-xattrs.ts's affair.  [EXT4 disk layout, extended attributes]
 */
import { alignUp } from '../../../bytes/align.js'
import { type ByteString, byteStringFromBytes } from '../../../bytes/text.js'
import { Ext4XattrEntry, XATTR_ALIGN_BYTES, XATTR_END_BYTES } from '../disklayout/xattr.js'
import type { Report } from './report.js'

export interface XattrEntry {
  /** Number of the name's prefix. */
  readonly index: number
  /** Without the prefix. */
  readonly name: ByteString
  readonly valueSize: number
  /** Inode whose content is the value; 0 where it stands here. */
  readonly valueInode: number
  /** Where the value begins, from the first byte of the region. */
  readonly valueAt: number
  readonly hash: number
}

export interface XattrRegion {
  readonly bytes: Uint8Array
  /** Where the first entry stands. */
  readonly firstEntry: number
  /** What e_value_offs counts from. */
  readonly valueBase: number
  readonly structure: string
  /** Byte of the volume at which `bytes` begins. */
  readonly offset: number
}

/** Entries that cannot be followed are reported and left out. */
export function readXattrEntries(region: XattrRegion, report: Report): XattrEntry[] {
  const { bytes, structure, offset } = region
  const refuse = (field: string, found: number | string, expected: string): void =>
    report({ structure, offset, field, found, expected })
  const entries: XattrEntry[] = []
  let at = region.firstEntry
  for (;;) {
    if (at + XATTR_END_BYTES > bytes.length) {
      refuse('its end mark', 'missing', 'a word of zeros after the last entry')
      return entries
    }
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0 && bytes[at + 3] === 0) break
    if (at + Ext4XattrEntry.SIZE > bytes.length) {
      refuse('an entry', `${bytes.length - at} bytes`, `at least ${Ext4XattrEntry.SIZE}`)
      return entries
    }
    const entry = Ext4XattrEntry.decode(bytes, at)
    const nameEnd = at + Ext4XattrEntry.SIZE + entry.e_name_len
    if (nameEnd > bytes.length) {
      refuse('e_name_len', entry.e_name_len, `at most ${bytes.length - at - Ext4XattrEntry.SIZE}`)
      return entries
    }
    entries.push({
      index: entry.e_name_index,
      name: byteStringFromBytes(bytes.subarray(at + Ext4XattrEntry.SIZE, nameEnd)),
      valueSize: entry.e_value_size,
      valueInode: entry.e_value_inum,
      valueAt: region.valueBase + entry.e_value_offs,
      hash: entry.e_hash,
    })
    at += alignUp(Ext4XattrEntry.SIZE + entry.e_name_len, XATTR_ALIGN_BYTES)
  }
  return entries.filter(({ name, valueInode, valueAt, valueSize }) => {
    if (valueInode !== 0 || valueSize === 0) return true
    const isInside = valueAt >= at + XATTR_END_BYTES && valueAt + valueSize <= bytes.length
    if (!isInside) {
      refuse(
        `e_value_offs of "${name}"`,
        `${valueAt - region.valueBase} (${valueSize} bytes)`,
        `a place between the entries and byte ${bytes.length - region.valueBase}`,
      )
    }
    return isInside
  })
}
