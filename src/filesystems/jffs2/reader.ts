/** JFFS2 as a readable volume. Opening reads every node's record once; contents are read as they are asked for. */
import { type FieldFinding, fieldError } from '../../bytes/field-error.js'
import { type ByteString, byteStringFromBytes, displayName } from '../../bytes/text.js'
import type { DiskImage } from '../../image/extent.js'
import type { ImageView } from '../../image/image-view.js'
import { typeOfMode } from '../../tree/file-mode.js'
import {
  type DirectoryNode,
  type FileNode,
  type FileTree,
  MAX_TREE_DEPTH,
  type NodeAttributes,
} from '../../tree/file-tree.js'
import type { NodeDetails, UsedStretch, VolumeReader, VolumeSummary } from '../volume-reader.js'
import { checkLog } from './check.js'
import { jffs2Crc } from './crc.js'
import { decodeDevice } from './device-number.js'
import { COMPR_NAMES, JFFS2_ROOT_INO, JFFS2_XPREFIXES, XREF_DELETE_MARKER } from './disklayout.js'
import { InflationBudget, latestNode, readContent } from './file-content.js'
import { decodeAcl } from './posix-acl.js'
import { type InodeNode, type Jffs2Log, scanLog } from './scan.js'

/** FormatError where the view begins with no JFFS2 (`probeJffs2` asks without reading it all), IoError as the view. */
export function openJffs2(view: ImageView): VolumeReader {
  return new Jffs2Reader(view, scanLog(view))
}

const MODE_BITS = 0o7777
/** What the kernel gives a root that no node describes: mkfs.jffs2 writes none. [LINUX fs/jffs2/readinode.c] */
const DEFAULT_ROOT_MODE = 0o755

class Jffs2Reader implements VolumeReader {
  readonly summary: VolumeSummary
  readonly #view: ImageView
  readonly #log: Jffs2Log

  constructor(view: ImageView, log: Jffs2Log) {
    this.#view = view
    this.#log = log
    this.summary = summaryOf(view, log)
  }

  find(path: readonly ByteString[]): FileNode | undefined {
    const ino = this.#inoAt(path)
    if (ino === undefined) return undefined
    const node = this.#node(ino, new InflationBudget())
    if (node?.type !== 'directory') return node
    for (const [name, child] of this.#entriesOf(ino)) {
      const below = this.#node(child, new InflationBudget())
      if (below !== undefined) node.children.set(name, below)
    }
    return node
  }

  details(path: readonly ByteString[]): NodeDetails | undefined {
    const inode = this.#inoAt(path)
    const nodes = inode === undefined ? undefined : this.#log.inodes.get(inode)
    if (inode === undefined || nodes === undefined) return inode === undefined ? undefined : { inode, nodes: 0 }
    const { version } = latestNode(nodes).record
    const kinds = new Set(nodes.map(({ record }) => COMPR_NAMES[record.compr] ?? String(record.compr)))
    const storedBytes = nodes.reduce((sum, { record }) => sum + record.totlen, 0)
    return { inode, nodes: nodes.length, version, stored_bytes: storedBytes, compression: [...kinds].sort().join(' ') }
  }

  tree(): FileTree {
    const budget = new InflationBudget()
    const known = new Map<number, FileNode>()
    const root = this.#node(JFFS2_ROOT_INO, budget) as DirectoryNode
    known.set(JFFS2_ROOT_INO, root)
    // Not by recursion: how deep it goes is the volume's to say.
    const pending: [number, DirectoryNode, depth: number][] = [[JFFS2_ROOT_INO, root, 0]]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [pino, directory, depth] = next
      for (const [name, ino] of this.#entriesOf(pino)) {
        const before = known.get(ino)
        if (before?.type === 'directory') throw fieldError(this.#view.name, this.#secondName(pino, name, ino))
        const node = before ?? this.#node(ino, budget)
        if (node === undefined) continue
        directory.children.set(name, node)
        known.set(ino, node)
        if (before !== undefined || node.type !== 'directory') continue
        if (depth >= MAX_TREE_DEPTH) throw fieldError(this.#view.name, this.#tooDeep(pino, name))
        pending.push([ino, node, depth + 1])
      }
    }
    return root
  }

  usedStretches(): readonly UsedStretch[] {
    const used: UsedStretch[] = []
    const add = (offset: number, length: number, use: UsedStretch['use']): void => {
      const last = used.at(-1)
      if (length === 0) return
      if (last !== undefined && last.use === use && last.offset + last.length === offset) {
        used[used.length - 1] = { ...last, length: last.length + length }
      } else {
        used.push({ offset, length, use })
      }
    }
    for (const [offset, recordBytes, totalBytes] of this.#log.stretches) {
      const length = Math.min(recordBytes, totalBytes)
      add(offset, length, 'metadata')
      add(offset + length, totalBytes - length, 'data')
    }
    return used
  }

  check(): readonly FieldFinding[] {
    return checkLog(this.#view, this.#log)
  }

  #inoAt(path: readonly ByteString[]): number | undefined {
    let ino = JFFS2_ROOT_INO
    for (const name of path) {
      const dirent = this.#log.dirents.get(ino)?.get(name)
      if (dirent === undefined || !this.#exists(dirent.record.ino)) return undefined
      ino = dirent.record.ino
    }
    return ino
  }

  /** The kernel drops names of inodes that have no node: a file that was deleted while a power cut was near. */
  #exists(ino: number): boolean {
    return ino !== 0 && (ino === JFFS2_ROOT_INO || this.#log.inodes.has(ino))
  }

  #entriesOf(pino: number): [ByteString, number][] {
    return [...(this.#log.dirents.get(pino) ?? [])]
      .filter(([, { record }]) => this.#exists(record.ino))
      .map(([name, { record }]) => [name, record.ino])
  }

  /** Directories come without children. Undefined where no node is of it. */
  #node(ino: number, budget: InflationBudget): FileNode | undefined {
    const nodes = this.#log.inodes.get(ino)
    if (nodes === undefined) {
      if (ino !== JFFS2_ROOT_INO) return undefined
      const mtime = { seconds: 0, nanoseconds: 0 }
      return { type: 'directory', mode: DEFAULT_ROOT_MODE, uid: 0, gid: 0, mtime, children: new Map() }
    }
    const latest = latestNode(nodes)
    const { mode, uid, gid, mtime } = latest.record
    const type = typeOfMode(mode)
    if (type === undefined || (ino === JFFS2_ROOT_INO && type !== 'directory')) {
      throw this.#fault(latest, 'mode', `0o${mode.toString(8)}`, 'the mode of a file, folder, link or special file')
    }
    const xattrs = this.#xattrsOf(ino)
    const attributes: NodeAttributes = {
      mode: mode & MODE_BITS,
      uid,
      gid,
      mtime: { seconds: mtime, nanoseconds: 0 },
      ...(xattrs.size > 0 && { xattrs }),
    }
    switch (type) {
      case 'directory':
        return { type, ...attributes, children: new Map() }
      case 'file':
        return this.#file(attributes, nodes, budget)
      case 'symlink':
        return { type, ...attributes, target: byteStringFromBytes(this.#ownData(latest)) }
      case 'char':
      case 'block': {
        const numbers = decodeDevice(this.#ownData(latest), this.#log.layouts)
        if (numbers === undefined) throw this.#fault(latest, 'csize', latest.record.csize, '2 or 4 for a device')
        return { type, ...attributes, ...numbers }
      }
      default:
        return { type, ...attributes }
    }
  }

  /** Its content is read when somebody asks for it: a listing inflates nothing. */
  #file(attributes: NodeAttributes, nodes: readonly InodeNode[], budget: InflationBudget): FileNode {
    let content: DiskImage | undefined
    const read = (): DiskImage => {
      content ??= readContent(this.#view, this.#log.layouts, nodes, budget)
      return content
    }
    return {
      type: 'file',
      ...attributes,
      get content() {
        return read()
      },
    }
  }

  /** Of a link or device: in one node, as it is. */
  #ownData(node: InodeNode): Uint8Array {
    const { record, offset } = node
    const bytes = this.#view.read(offset + this.#log.layouts.rawInode.SIZE, record.csize, 'node').slice()
    const crc = jffs2Crc(bytes)
    if (crc === record.data_crc) return bytes
    throw this.#fault(node, 'data_crc', `0x${record.data_crc.toString(16)}`, `0x${crc.toString(16)} over its data`)
  }

  #xattrsOf(ino: number): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>()
    const { layouts, xattrs, xrefs } = this.#log
    for (const [xid, { record }] of xrefs.get(ino) ?? []) {
      const xattr = xattrs.get(xid)
      if (xattr === undefined || (record.xseqno & XREF_DELETE_MARKER) !== 0) continue
      const { xprefix, name_len, value_len, data_crc } = xattr.record
      const data = this.#view.read(xattr.offset + layouts.rawXattr.SIZE, name_len + 1 + value_len, `attribute ${xid}`)
      const fault = (field: string, is: number | string, expected: string) =>
        fieldError(this.#view.name, { structure: `attribute ${xid}`, offset: xattr.offset, field, found: is, expected })
      if (jffs2Crc(data) !== data_crc) throw fault('data_crc', `0x${data_crc.toString(16)}`, 'that of its data')
      const prefix = JFFS2_XPREFIXES.get(xprefix)
      if (prefix === undefined) throw fault('xprefix', xprefix, '1 to 5')
      const stored = data.slice(name_len + 1)
      const value = prefix.startsWith('system.') ? decodeAcl(stored, layouts) : stored
      if (value === undefined) throw fault('value', 'something else', 'an ACL')
      found.set(prefix + byteStringFromBytes(data.subarray(0, name_len)), value)
    }
    return found
  }

  #tooDeep(pino: number, name: ByteString): FieldFinding {
    const { offset } = this.#log.dirents.get(pino)!.get(name)!
    const structure = `entry "${displayName(name)}" of folder ${pino}`
    const found = `a folder more than ${MAX_TREE_DEPTH} folders deep`
    return { structure, offset, field: 'pino', found, expected: 'fewer folders above it' }
  }

  #secondName(pino: number, name: ByteString, ino: number): FieldFinding {
    const { offset } = this.#log.dirents.get(pino)!.get(name)!
    const structure = `entry "${displayName(name)}" of folder ${pino}`
    return { structure, offset, field: 'ino', found: `folder ${ino}, which has another name`, expected: 'one name' }
  }

  #fault({ offset, record }: InodeNode, field: string, found: number | string, expected: string) {
    return fieldError(this.#view.name, { structure: `node of inode ${record.ino}`, offset, field, found, expected })
  }
}

function summaryOf(view: ImageView, log: Jffs2Log): VolumeSummary {
  const compression = new Set<string>()
  for (const nodes of log.inodes.values()) {
    for (const { record } of nodes) if (record.csize > 0) compression.add(COMPR_NAMES[record.compr] ?? '?')
  }
  const eraseBlock = distance(log.cleanmarkers)
  return {
    format: 'jffs2',
    sizeBytes: view.sizeBytes,
    usedBytes: log.nodeBytes,
    freeBytes: log.erasedBytes,
    usedInodes: log.inodes.size,
    state: log.findings.length === 0 ? 'clean' : 'damaged nodes were found',
    facts: {
      byte_order: log.byteOrder,
      nodes: log.nodes,
      cleanmarkers: log.cleanmarkers.length,
      // Nothing on the medium says it; every erase block of NOR flash begins with a marker.
      ...(eraseBlock > 0 && { erase_block: eraseBlock }),
      compression: [...compression].sort(),
    },
  }
}

/** The smallest between two of the offsets; 0 for fewer than two. */
function distance(offsets: readonly number[]): number {
  let least = 0
  for (let index = 1; index < offsets.length; index++) {
    const step = offsets[index]! - offsets[index - 1]!
    if (least === 0 || step < least) least = step
  }
  return least
}
