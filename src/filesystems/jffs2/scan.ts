/**
 * What the nodes of a volume say, as a reader finds them: there is no index on the medium, so all of it is read once. Nodes
 * that do not check out are findings and count for nothing, as the kernel has it: a power cut leaves such.
 */

import { alignUp } from '../../bytes/align.js'
import { ERASED } from '../../bytes/erased.js'
import { type FieldFinding, fieldError } from '../../bytes/field-error.js'
import { Findings } from '../../bytes/findings.js'
import type { Infer } from '../../bytes/struct.js'
import { type ByteString, byteStringFromBytes } from '../../bytes/text.js'
import type { ImageView } from '../../image/image-view.js'
import { jffs2Crc } from './crc.js'
import {
  type ByteOrder,
  HDR_CRC_BYTES,
  JFFS2_COMPAT_MASK,
  JFFS2_FEATURE_RWCOMPAT_DELETE,
  JFFS2_LAYOUTS,
  JFFS2_MAGIC_BITMASK,
  JFFS2_NODE_ACCURATE,
  JFFS2_NODETYPE_CLEANMARKER,
  JFFS2_NODETYPE_DIRENT,
  JFFS2_NODETYPE_INODE,
  JFFS2_NODETYPE_XATTR,
  JFFS2_NODETYPE_XREF,
  KSAMTIB_CIGAM_2SFFJ,
  type Layouts,
  NODE_ALIGN_BYTES,
  XREF_DELETE_MARKER,
} from './disklayout.js'
import { nodeCrcBytes } from './node-encode.js'

/** A record with its place. */
export interface At<Record> {
  readonly offset: number
  readonly record: Record
}
export type InodeNode = At<Infer<Layouts['rawInode']>>
export interface DirentNode extends At<Infer<Layouts['rawDirent']>> {
  readonly name: ByteString
}
export type XattrNode = At<Infer<Layouts['rawXattr']>>
export type XrefNode = At<Infer<Layouts['rawXref']>>

/** All that is valid, whatever is out of date left out but for the data of files, of which old versions may still show. */
export interface Jffs2Log {
  readonly byteOrder: ByteOrder
  readonly layouts: Layouts
  /** By inode number, in the order of the medium. */
  readonly inodes: ReadonlyMap<number, readonly InodeNode[]>
  /** By number of the folder, then by name: the latest; `ino` 0: the name is taken back. */
  readonly dirents: ReadonlyMap<number, ReadonlyMap<ByteString, DirentNode>>
  readonly xattrs: ReadonlyMap<number, XattrNode>
  /** By inode number, then by attribute. */
  readonly xrefs: ReadonlyMap<number, ReadonlyMap<number, XrefNode>>
  /** Offsets, in order. */
  readonly cleanmarkers: readonly number[]
  readonly nodes: number
  /** Of nodes, and of what is erased. */
  readonly nodeBytes: number
  readonly erasedBytes: number
  /** Of nodes, in order: [offset, length of the record, length of all]. */
  readonly stretches: readonly (readonly [offset: number, recordBytes: number, totalBytes: number])[]
  readonly findings: readonly FieldFinding[]
}

/** A volume of 4 GiB in the smallest files has a hundred million; the largest flash in use has some hundred thousand. */
const MAX_NODES = 4_000_000
/** Skipped at once where it is erased. */
const CHUNK_BYTES = 4096
/** How far a volume may be erased before its first node, for those who only ask what it is. */
const PROBED_BYTES = 1 << 20

/** The byte order of the first node, or undefined where the first that is not erased is none. Reads at most 1 MiB. */
export function probeJffs2(view: ImageView): ByteOrder | undefined {
  const end = Math.min(view.sizeBytes, PROBED_BYTES)
  for (let at = 0; at + JFFS2_LAYOUTS.little.unknownNode.SIZE <= end; ) {
    const chunk = view.read(at, Math.min(CHUNK_BYTES, view.sizeBytes - at), 'the first node')
    const within = chunk.findIndex((byte) => byte !== ERASED)
    if (within >= 0) return byteOrderAt(view, at + within - (within % NODE_ALIGN_BYTES))
    at += chunk.length
  }
  return undefined
}

function byteOrderAt(view: ImageView, offset: number): ByteOrder | undefined {
  if (offset + JFFS2_LAYOUTS.little.unknownNode.SIZE > view.sizeBytes) return undefined
  return (['little', 'big'] as const).find((order) => {
    const { unknownNode } = JFFS2_LAYOUTS[order]
    const { magic, nodetype, hdr_crc } = view.decode(unknownNode, offset)
    return magic === JFFS2_MAGIC_BITMASK && headerCrc(view, offset, order, nodetype) === hdr_crc
  })
}

/** As if the node were valid: whoever takes it back clears one bit and nothing else. */
function headerCrc(view: ImageView, offset: number, order: ByteOrder, nodetype: number): number {
  const { unknownNode } = JFFS2_LAYOUTS[order]
  const header = { ...view.decode(unknownNode, offset), nodetype: nodetype | JFFS2_NODE_ACCURATE }
  return jffs2Crc(unknownNode.encode(header).subarray(0, HDR_CRC_BYTES))
}

/** FormatError where there is no node, or there are too many of them. */
export function scanLog(view: ImageView): Jffs2Log {
  const byteOrder = probeJffs2(view)
  if (byteOrder === undefined) {
    throw fieldError(view.name, {
      structure: 'jffs2_unknown_node',
      offset: 0,
      field: 'magic',
      found: 'something else',
      expected: `0x${JFFS2_MAGIC_BITMASK.toString(16)} in either byte order, behind nothing but erased bytes,`,
    })
  }
  return new LogScan(view, byteOrder).scan()
}

class LogScan {
  readonly #view: ImageView
  readonly #byteOrder: ByteOrder
  readonly #layouts: Layouts
  readonly #inodes = new Map<number, InodeNode[]>()
  readonly #dirents = new Map<number, Map<ByteString, DirentNode>>()
  readonly #xattrs = new Map<number, XattrNode>()
  readonly #xrefs = new Map<number, Map<number, XrefNode>>()
  readonly #cleanmarkers: number[] = []
  readonly #stretches: (readonly [number, number, number])[] = []
  readonly #findings = new Findings()
  #erasedBytes = 0
  #nodeBytes = 0
  /** End of the bytes that are no node and were told as such. */
  #garbageEnd = -1

  constructor(view: ImageView, byteOrder: ByteOrder) {
    this.#view = view
    this.#byteOrder = byteOrder
    this.#layouts = JFFS2_LAYOUTS[byteOrder]
  }

  scan(): Jffs2Log {
    const { unknownNode } = this.#layouts
    const end = this.#view.sizeBytes - unknownNode.SIZE
    for (let at = 0; at <= end; ) at += this.#erased(at) || this.#nodeAt(at)
    return {
      byteOrder: this.#byteOrder,
      layouts: this.#layouts,
      inodes: this.#inodes,
      dirents: this.#dirents,
      xattrs: this.#xattrs,
      xrefs: this.#xrefs,
      cleanmarkers: this.#cleanmarkers,
      nodes: this.#stretches.length,
      nodeBytes: this.#nodeBytes,
      erasedBytes: this.#erasedBytes,
      stretches: this.#stretches,
      findings: this.#findings.list,
    }
  }

  /** How many bytes from `at` on are erased, in whole words, within this chunk. */
  #erased(at: number): number {
    const length = Math.min(CHUNK_BYTES - (at % CHUNK_BYTES), this.#view.sizeBytes - at)
    const chunk = this.#view.read(at, length, 'nodes')
    let count = 0
    while (count < length && chunk[count] === ERASED) count++
    count -= count % NODE_ALIGN_BYTES
    this.#erasedBytes += count
    return count
  }

  /** The length of the node at `offset` with what fills it up; of one word where there is none. */
  #nodeAt(offset: number): number {
    const { magic, nodetype, totlen, hdr_crc } = this.#view.decode(this.#layouts.unknownNode, offset)
    if (magic !== JFFS2_MAGIC_BITMASK) {
      if (offset !== this.#garbageEnd) {
        const expected = `0x${JFFS2_MAGIC_BITMASK.toString(16)} or erased bytes`
        const hint = magic === KSAMTIB_CIGAM_2SFFJ ? 'It is a node of the other byte order' : undefined
        const found = `0x${magic.toString(16)}`
        this.#find({ structure: 'node', offset, field: 'magic', found, expected, ...(hint !== undefined && { hint }) })
      }
      this.#garbageEnd = offset + NODE_ALIGN_BYTES
      return NODE_ALIGN_BYTES
    }
    const crc = headerCrc(this.#view, offset, this.#byteOrder, nodetype)
    if (crc !== hdr_crc) return this.#badCrc('node', offset, 'hdr_crc', hdr_crc, crc)
    const room = this.#view.sizeBytes - offset
    if (totlen < this.#layouts.unknownNode.SIZE || totlen > room) {
      const expected = `${this.#layouts.unknownNode.SIZE} to ${room}`
      this.#find({ structure: 'node', offset, field: 'totlen', found: totlen, expected })
      return NODE_ALIGN_BYTES
    }
    const length = Math.min(alignUp(totlen, NODE_ALIGN_BYTES), room)
    if ((nodetype & JFFS2_NODE_ACCURATE) === 0) return length
    if (this.#stretches.length === MAX_NODES) {
      throw fieldError(this.#view.name, {
        structure: 'volume',
        offset,
        field: 'nodes',
        found: `more than ${MAX_NODES}`,
        expected: `at most ${MAX_NODES}`,
      })
    }
    const recordBytes = this.#take(offset, nodetype, totlen)
    if (recordBytes !== undefined) {
      this.#stretches.push([offset, recordBytes, length])
      this.#nodeBytes += length
    }
    return length
  }

  /** The length of its record; undefined where it does not check out. */
  #take(offset: number, nodetype: number, totlen: number): number | undefined {
    switch (nodetype) {
      case JFFS2_NODETYPE_INODE:
        return this.#takeInode(offset, totlen)
      case JFFS2_NODETYPE_DIRENT:
        return this.#takeDirent(offset, totlen)
      case JFFS2_NODETYPE_XATTR:
        return this.#takeXattr(offset, totlen)
      case JFFS2_NODETYPE_XREF:
        return this.#takeXref(offset, totlen)
      case JFFS2_NODETYPE_CLEANMARKER:
        this.#cleanmarkers.push(offset)
        return totlen
    }
    // Padding, summaries, and what a reader that does not know it may pass over.
    if ((nodetype & JFFS2_COMPAT_MASK) === JFFS2_FEATURE_RWCOMPAT_DELETE) return totlen
    const expected = 'a type that this reader knows'
    this.#find({ structure: 'node', offset, field: 'nodetype', found: `0x${nodetype.toString(16)}`, expected })
    return undefined
  }

  #takeInode(offset: number, totlen: number): number | undefined {
    const { rawInode } = this.#layouts
    const record = this.#record(rawInode, offset, totlen)
    if (record === undefined) return undefined
    const { ino, csize } = record
    if (alignUp(rawInode.SIZE + csize, NODE_ALIGN_BYTES) !== alignUp(totlen, NODE_ALIGN_BYTES)) {
      const structure = `node of inode ${ino}`
      this.#find({ structure, offset, field: 'csize', found: csize, expected: `${totlen - rawInode.SIZE}` })
      return undefined
    }
    const nodes = this.#inodes.get(ino)
    if (nodes === undefined) this.#inodes.set(ino, [{ offset, record }])
    else nodes.push({ offset, record })
    return rawInode.SIZE
  }

  #takeDirent(offset: number, totlen: number): number | undefined {
    const { rawDirent } = this.#layouts
    const record = this.#record(rawDirent, offset, totlen)
    if (record === undefined) return undefined
    const { pino, nsize, name_crc, version } = record
    const structure = `entry of folder ${pino}`
    if (nsize === 0 || rawDirent.SIZE + nsize > totlen) {
      this.#find({ structure, offset, field: 'nsize', found: nsize, expected: `1 to ${totlen - rawDirent.SIZE}` })
      return undefined
    }
    const bytes = this.#view.read(offset + rawDirent.SIZE, nsize, structure)
    const crc = jffs2Crc(bytes)
    if (crc !== name_crc) {
      this.#badCrc(structure, offset, 'name_crc', name_crc, crc)
      return undefined
    }
    const name = byteStringFromBytes(bytes)
    if (name === '.' || name === '..' || /[/\0]/.test(name)) {
      const expected = 'a name without slash and NUL, not . or ..'
      this.#find({ structure, offset, field: 'name', found: JSON.stringify(name), expected })
      return undefined
    }
    const names = this.#dirents.get(pino) ?? new Map<ByteString, DirentNode>()
    this.#dirents.set(pino, names)
    const known = names.get(name)
    if (known === undefined || version >= known.record.version) names.set(name, { offset, record, name })
    return totlen
  }

  #takeXattr(offset: number, totlen: number): number | undefined {
    const { rawXattr } = this.#layouts
    const record = this.#record(rawXattr, offset, totlen)
    if (record === undefined) return undefined
    const { xid, name_len, value_len, version } = record
    const dataBytes = name_len + 1 + value_len
    if (rawXattr.SIZE + dataBytes > totlen) {
      const structure = `attribute ${xid}`
      const expected = `name and value within ${totlen - rawXattr.SIZE} bytes`
      this.#find({ structure, offset, field: 'value_len', found: value_len, expected })
      return undefined
    }
    const known = this.#xattrs.get(xid)
    if (known === undefined || version >= known.record.version) this.#xattrs.set(xid, { offset, record })
    return totlen
  }

  #takeXref(offset: number, totlen: number): number | undefined {
    const record = this.#record(this.#layouts.rawXref, offset, totlen)
    if (record === undefined) return undefined
    const { ino, xid, xseqno } = record
    const references = this.#xrefs.get(ino) ?? new Map<number, XrefNode>()
    this.#xrefs.set(ino, references)
    const known = references.get(xid)
    // The marker counts up with the reference that it takes back.
    const isLater = known === undefined || (xseqno | XREF_DELETE_MARKER) >= (known.record.xseqno | XREF_DELETE_MARKER)
    if (isLater) references.set(xid, { offset, record })
    return totlen
  }

  /** A record whose node_crc is right. */
  #record<V extends { node_crc: number }>(
    layout: {
      readonly name: string
      readonly SIZE: number
      decode(source: Uint8Array): V
    },
    offset: number,
    totlen: number,
  ): V | undefined {
    const { name, SIZE } = layout
    if (totlen < SIZE) {
      this.#find({ structure: name, offset, field: 'totlen', found: totlen, expected: `at least ${SIZE}` })
      return undefined
    }
    const bytes = this.#view.read(offset, SIZE, name)
    const record = layout.decode(bytes)
    const crc = jffs2Crc(bytes.subarray(0, nodeCrcBytes(layout)))
    if (crc === record.node_crc) return record
    this.#badCrc(name, offset, 'node_crc', record.node_crc, crc)
    return undefined
  }

  #badCrc(structure: string, offset: number, field: string, found: number, crc: number): number {
    this.#find({
      structure,
      offset,
      field,
      found: `0x${found.toString(16)}`,
      expected: `0x${crc.toString(16)} over its bytes`,
    })
    return NODE_ALIGN_BYTES
  }

  #find(finding: FieldFinding): void {
    this.#findings.add(finding)
  }
}
