/** Nodes with their checksums. A node's data follows its record; what is filled up to four bytes is no part of it. */

import { alignUp } from '../../bytes/align.js'
import { ERASED } from '../../bytes/erased.js'
import type { Infer, Struct } from '../../bytes/struct.js'
import { jffs2Crc } from './crc.js'
import {
  HDR_CRC_BYTES,
  JFFS2_MAGIC_BITMASK,
  JFFS2_NODETYPE_CLEANMARKER,
  JFFS2_NODETYPE_DIRENT,
  JFFS2_NODETYPE_INODE,
  JFFS2_NODETYPE_XATTR,
  JFFS2_NODETYPE_XREF,
  type Layouts,
  NODE_ALIGN_BYTES,
} from './disklayout.js'

type HeaderFields = 'magic' | 'nodetype' | 'totlen' | 'hdr_crc' | 'node_crc'
type Body<S> = Omit<Infer<S>, HeaderFields>

export class NodeEncoder {
  readonly #layouts: Layouts

  constructor(layouts: Layouts) {
    this.#layouts = layouts
  }

  cleanmarker(): Uint8Array {
    const { unknownNode } = this.#layouts
    const header = { magic: JFFS2_MAGIC_BITMASK, nodetype: JFFS2_NODETYPE_CLEANMARKER, totlen: unknownNode.SIZE }
    const node = unknownNode.encode({ ...header, hdr_crc: 0 })
    return unknownNode.encode({ ...header, hdr_crc: jffs2Crc(node.subarray(0, HDR_CRC_BYTES)) })
  }

  /** With its name. */
  dirent(body: Omit<Body<Layouts['rawDirent']>, 'nsize' | 'name_crc'>, name: Uint8Array): Uint8Array {
    const { rawDirent } = this.#layouts
    const fields = { ...body, nsize: name.length, name_crc: jffs2Crc(name) }
    const node = new Uint8Array(rawDirent.SIZE + name.length)
    node.set(name, rawDirent.SIZE)
    return this.#finish(rawDirent, JFFS2_NODETYPE_DIRENT, fields, node)
  }

  /** Without its data, of which `csize` bytes follow. */
  inode(body: Body<Layouts['rawInode']>): Uint8Array {
    const { rawInode } = this.#layouts
    return this.#finish(rawInode, JFFS2_NODETYPE_INODE, body, new Uint8Array(rawInode.SIZE), body.csize)
  }

  /**
   * `data`: the name, a NUL and the value. Of this node alone totlen counts what fills it up: a kernel that finds another number
   * takes the node for garbage and stops with a BUG at the next one (6.1). [LINUX fs/jffs2/scan.c jffs2_scan_xattr_node]
   */
  xattr(body: Omit<Body<Layouts['rawXattr']>, 'data_crc'>, data: Uint8Array): Uint8Array {
    const { rawXattr } = this.#layouts
    const node = new Uint8Array(alignUp(rawXattr.SIZE + data.length, NODE_ALIGN_BYTES)).fill(ERASED)
    node.set(data, rawXattr.SIZE)
    return this.#finish(rawXattr, JFFS2_NODETYPE_XATTR, { ...body, data_crc: jffs2Crc(data) }, node)
  }

  xref(body: Body<Layouts['rawXref']>): Uint8Array {
    const { rawXref } = this.#layouts
    return this.#finish(rawXref, JFFS2_NODETYPE_XREF, body, new Uint8Array(rawXref.SIZE))
  }

  /** Writes the record twice: the checksums cover what stands before them. `dataBytes`: of the node, behind `node`. */
  #finish<V extends Record<HeaderFields, number>>(
    record: Struct<V>,
    nodetype: number,
    body: Omit<V, HeaderFields>,
    node: Uint8Array,
    dataBytes = 0,
  ): Uint8Array {
    const header = { magic: JFFS2_MAGIC_BITMASK, nodetype, totlen: node.length + dataBytes }
    record.encodeInto(node, 0, { ...body, ...header, hdr_crc: 0, node_crc: 0 } as unknown as V)
    const hdr_crc = jffs2Crc(node.subarray(0, HDR_CRC_BYTES))
    record.encodeInto(node, 0, { ...body, ...header, hdr_crc, node_crc: 0 } as unknown as V)
    const node_crc = jffs2Crc(node.subarray(0, nodeCrcBytes(record)))
    record.encodeInto(node, 0, { ...body, ...header, hdr_crc, node_crc } as unknown as V)
    return node
  }
}

/** What node_crc covers: of entries and inodes all but it and the checksum of name or data, of the others all but it. */
export function nodeCrcBytes({ name, SIZE }: Pick<Struct<unknown>, 'name' | 'SIZE'>): number {
  const isOld = name === 'jffs2_raw_dirent' || name === 'jffs2_raw_inode'
  return SIZE - (isOld ? 8 : 4)
}
