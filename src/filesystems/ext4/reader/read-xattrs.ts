/**
 * The extended attributes of an inode: those in its own free end, then those in a block that other inodes may share,
 * with values that may stand in inodes of their own (ea_inode).  [EXT4 disk layout, extended attributes]
 */
import { xattrBlockChecksum } from '../checksums.js'
import { EXT4_EA_INODE_FL } from '../disklayout/inode.js'
import {
  ACL_ACCESS_NAME,
  ACL_DEFAULT_NAME,
  EXT4_XATTR_MAGIC,
  Ext4XattrHeader,
  Ext4XattrIbodyHeader,
  INLINE_DATA_XATTR,
  XATTR_INDEX,
} from '../disklayout/xattr.js'
import { decodeAcl } from '../posix-acl.js'
import { readBlockMap } from './block-map.js'
import { hasFlag, type InodeRecord, readInode } from './read-inode.js'
import type { Reading } from './reading.js'
import { hex } from './volume-shape.js'
import { readXattrEntries, type XattrEntry, type XattrRegion } from './xattr-entries.js'

/** What Linux takes as a value at most (XATTR_SIZE_MAX). */
const MAX_VALUE_BYTES = 1 << 16

const PREFIXES: ReadonlyMap<number, string> = new Map([
  [XATTR_INDEX.user, 'user.'],
  [XATTR_INDEX.trusted, 'trusted.'],
  [XATTR_INDEX.security, 'security.'],
  [XATTR_INDEX.system, 'system.'],
  [XATTR_INDEX.hurd, 'gnu.'],
])

export type Xattrs = ReadonlyMap<string, Uint8Array>

export interface InodeXattrs {
  /** By full name, POSIX ACLs in the kernel's form; undefined where there are none. */
  readonly xattrs: Xattrs | undefined
  /** The part of inline content that i_block has no room for: bytes of the volume. */
  readonly inlineData: { readonly offset: number; readonly bytes: Uint8Array } | undefined
}

const NOTHING: InodeXattrs = { xattrs: undefined, inlineData: undefined }

/** The inode's own attributes, where it has room for them and uses it. */
export function inodeRegion(inode: InodeRecord): XattrRegion | undefined {
  const { bytes, xattrsStart, offset, number } = inode
  if (xattrsStart + Ext4XattrIbodyHeader.SIZE > bytes.length) return undefined
  if (Ext4XattrIbodyHeader.decode(bytes, xattrsStart).h_magic !== EXT4_XATTR_MAGIC) return undefined
  return {
    bytes: bytes.subarray(xattrsStart),
    firstEntry: Ext4XattrIbodyHeader.SIZE,
    valueBase: Ext4XattrIbodyHeader.SIZE,
    structure: `extended attributes of inode ${number}`,
    offset: offset + xattrsStart,
  }
}

/** The block of attributes at `number`; undefined where it is none. */
export function blockRegion({ disk, report }: Reading, number: number, inode: InodeRecord): XattrRegion | undefined {
  const finding = { structure: `inode ${inode.number}`, offset: inode.offset }
  if (!disk.isBlock(number)) {
    const expected = `0 or a block within the volume's ${disk.shape.blockCount}`
    report({ ...finding, field: 'i_file_acl', found: number, expected })
    return undefined
  }
  const structure = `extended attribute block ${number}`
  const bytes = disk.block(number, structure)
  const offset = number * disk.shape.blockSize
  const header = Ext4XattrHeader.decode(bytes)
  if (header.h_magic !== EXT4_XATTR_MAGIC) {
    report({ structure, offset, field: 'h_magic', found: hex(header.h_magic), expected: hex(EXT4_XATTR_MAGIC) })
    return undefined
  }
  if (header.h_blocks !== 1) report({ structure, offset, field: 'h_blocks', found: header.h_blocks, expected: '1' })
  if (disk.shape.checksumSeed !== undefined) {
    const cleared = bytes.slice()
    const [at, length] = Ext4XattrHeader.FIELDS.h_checksum!
    cleared.fill(0, at, at + length)
    const expected = xattrBlockChecksum(disk.shape.checksumSeed, number, cleared)
    if (header.h_checksum !== expected) {
      report({ structure, offset, field: 'h_checksum', found: hex(header.h_checksum), expected: hex(expected) })
    }
  }
  return { bytes, firstEntry: Ext4XattrHeader.SIZE, valueBase: 0, structure, offset }
}

/** Reads attributes and remembers shared ones: the same block gives the same map. */
export class XattrReader {
  readonly #reading: Reading
  readonly #blocks = new Map<number, Xattrs>()
  readonly #values = new Map<number, Uint8Array>()

  constructor(reading: Reading) {
    this.#reading = reading
  }

  of(inode: InodeRecord): InodeXattrs {
    const region = inodeRegion(inode)
    if (region === undefined && inode.xattrBlock === 0) return NOTHING
    const own = region === undefined ? [] : readXattrEntries(region, this.#reading.report)
    const shared = inode.xattrBlock === 0 ? undefined : this.#block(inode.xattrBlock, inode)
    const inline = own.find(({ index, name }) => index === XATTR_INDEX.system && name === INLINE_DATA_XATTR)
    return {
      xattrs: joined(region === undefined ? undefined : this.#valuesOf(own, region), shared),
      inlineData:
        inline === undefined
          ? undefined
          : {
              offset: region!.offset + inline.valueAt,
              bytes: region!.bytes.subarray(inline.valueAt, inline.valueAt + inline.valueSize),
            },
    }
  }

  #block(number: number, inode: InodeRecord): Xattrs | undefined {
    const known = this.#blocks.get(number)
    if (known !== undefined) return known
    const region = blockRegion(this.#reading, number, inode)
    if (region === undefined) return undefined
    const xattrs = this.#valuesOf(readXattrEntries(region, this.#reading.report), region)
    this.#blocks.set(number, xattrs)
    return xattrs
  }

  #valuesOf(entries: readonly XattrEntry[], region: XattrRegion): Xattrs {
    const xattrs = new Map<string, Uint8Array>()
    for (const entry of entries) {
      const name = fullName(entry)
      if (name === undefined) continue
      const stored =
        entry.valueInode === 0
          ? region.bytes.slice(entry.valueAt, entry.valueAt + entry.valueSize)
          : this.#valueOf(entry, region)
      const isAcl = name === ACL_ACCESS_NAME || name === ACL_DEFAULT_NAME
      const value = isAcl && stored !== undefined ? decodeAcl(stored) : stored
      if (value !== undefined) {
        xattrs.set(name, value)
      } else if (isAcl) {
        const { structure, offset } = region
        const found = `${stored?.length ?? 0} bytes`
        this.#reading.report({ structure, offset, field: name, found, expected: 'an ACL of version 1' })
      }
    }
    return xattrs
  }

  /** A value that is an inode's content. */
  #valueOf({ valueInode, valueSize }: XattrEntry, region: XattrRegion): Uint8Array | undefined {
    const known = this.#values.get(valueInode)
    if (known !== undefined) return known
    const { structure, offset } = region
    const { disk, report } = this.#reading
    if (valueInode > disk.shape.inodeCount || valueSize > MAX_VALUE_BYTES) {
      const expected = `an inode up to ${disk.shape.inodeCount} with at most ${MAX_VALUE_BYTES} bytes`
      report({ structure, offset, field: 'e_value_inum', found: `${valueInode} (${valueSize} bytes)`, expected })
      return undefined
    }
    const inode = readInode(this.#reading, valueInode)
    if (!hasFlag(inode, EXT4_EA_INODE_FL) || inode.sizeBytes !== valueSize) {
      const found = `inode ${valueInode} of ${inode.sizeBytes} bytes, flags ${hex(inode.flags)}`
      const expected = `an attribute's value of ${valueSize} bytes`
      report({ structure, offset, field: 'e_value_inum', found, expected })
      return undefined
    }
    const value = readSmallContent(this.#reading, inode, valueSize)
    this.#values.set(valueInode, value)
    return value
  }
}

/** The first `length` bytes of what has blocks; holes are zeros. */
export function readSmallContent(reading: Reading, inode: InodeRecord, length: number): Uint8Array {
  const { blockSize } = reading.disk.shape
  const bytes = new Uint8Array(length)
  for (const { logical, physical, blocks, isUnwritten } of readBlockMap(reading, inode).runs) {
    for (let index = 0; index < blocks && !isUnwritten; index++) {
      const at = (logical + index) * blockSize
      if (at >= length) break
      const block = reading.disk.block(physical + index, `block of inode ${inode.number}`)
      bytes.set(block.subarray(0, Math.min(blockSize, length - at)), at)
    }
  }
  return bytes
}

function fullName({ index, name }: XattrEntry): string | undefined {
  if (index === XATTR_INDEX.posixAclAccess) return ACL_ACCESS_NAME
  if (index === XATTR_INDEX.posixAclDefault) return ACL_DEFAULT_NAME
  if (index === XATTR_INDEX.richAcl) return 'system.richacl'
  if (index === XATTR_INDEX.system && name === INLINE_DATA_XATTR) return undefined
  const prefix = PREFIXES.get(index)
  // As the kernel, which lists no attribute that it has no handler for; the encryption context is among them.
  return prefix === undefined ? undefined : `${prefix}${name}`
}

function joined(own: Xattrs | undefined, shared: Xattrs | undefined): Xattrs | undefined {
  const isIn = (xattrs: Xattrs | undefined): xattrs is Xattrs => xattrs !== undefined && xattrs.size > 0
  if (!isIn(own)) return isIn(shared) ? shared : undefined
  return isIn(shared) ? new Map([...own, ...shared]) : own
}
