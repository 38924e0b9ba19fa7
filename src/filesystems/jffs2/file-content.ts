/** The content of one inode from its nodes: the highest version of each byte holds. */

import { inflateSync } from 'node:zlib'
import { appendAll } from '../../bytes/append-all.js'
import { type FieldFinding, fieldError } from '../../bytes/field-error.js'
import type { Infer } from '../../bytes/struct.js'
import { isZero } from '../../bytes/zeros.js'
import { type DiskImage, type Extent, ZERO } from '../../image/extent.js'
import type { ImageView } from '../../image/image-view.js'
import { jffs2Crc } from './crc.js'
import { COMPR_NAMES, JFFS2_COMPR_NONE, JFFS2_COMPR_ZERO, JFFS2_COMPR_ZLIB, type Layouts } from './disklayout.js'
import type { InodeNode } from './scan.js'

/** What inflated content may come to while a volume is read: it stands in memory. */
export class InflationBudget {
  #leftBytes: number

  constructor(bytes = 512 << 20) {
    this.#leftBytes = bytes
  }

  take(view: ImageView, { offset, record: { ino } }: InodeNode, bytes: number): void {
    this.#leftBytes -= bytes
    if (this.#leftBytes >= 0) return
    throw fieldError(view.name, {
      structure: `node of inode ${ino}`,
      offset,
      field: 'dsize',
      found: 'more than 512 MiB in all that is compressed',
      expected: 'what fits into memory',
      hint: 'Single files can be read one by one',
    })
  }
}

/** A page of the largest machines; a node that claims more is no node of a kernel. */
const MAX_INFLATED_BYTES = 1 << 16

/** The node of the highest version; of two the later on the medium. Its attributes are the inode's. */
export function latestNode(nodes: readonly InodeNode[]): InodeNode {
  return nodes.reduce((latest, node) => (node.record.version >= latest.record.version ? node : latest))
}

/** What no node covers and what nodes of zeros cover is a hole. FormatError where a node that shows cannot be read. */
export function readContent(
  view: ImageView,
  layouts: Layouts,
  nodes: readonly InodeNode[],
  budget: InflationBudget,
): DiskImage {
  const sizeBytes = latestNode(nodes).record.isize
  const covered = new Coverage()
  const extents: Extent[] = []
  // From the latest back: what is covered already has a higher version. Sorting is stable, the later of two comes first.
  const newestFirst = [...nodes].reverse().sort((a, b) => b.record.version - a.record.version)
  for (const node of newestFirst) {
    const { offset, dsize, compr } = node.record
    const visible = covered.add(offset, Math.min(offset + dsize, sizeBytes))
    if (visible.length === 0 || compr === JFFS2_COMPR_ZERO) continue
    const data = readData(view, layouts, node, budget)
    for (const [start, end] of visible) appendAll(extents, partOf(data, offset, start, end))
  }
  extents.sort((a, b) => a.offset - b.offset)
  return { sizeBytes, extents }
}

type NodeData =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Where it stands in the volume. */
  | { readonly kind: 'slice'; readonly slice: (from: number, length: number) => DiskImage }

function* partOf(data: NodeData, nodeOffset: number, start: number, end: number): Generator<Extent> {
  const from = start - nodeOffset
  const length = end - start
  if (data.kind === 'slice') {
    for (const extent of data.slice(from, length).extents) yield { ...extent, offset: start + extent.offset }
    return
  }
  const bytes = data.bytes.subarray(from, from + length)
  yield { offset: start, length, source: isZero(bytes) ? ZERO : { kind: 'bytes', bytes } }
}

function readData(view: ImageView, layouts: Layouts, node: InodeNode, budget: InflationBudget): NodeData {
  const { record, offset } = node
  const at = offset + layouts.rawInode.SIZE
  const finding = dataFault(view, layouts, node)
  if (finding !== undefined) throw fieldError(view.name, finding)
  if (record.compr === JFFS2_COMPR_NONE) {
    return { kind: 'slice', slice: (from, length) => view.slice(at + from, length, `content of inode ${record.ino}`) }
  }
  budget.take(view, node, record.dsize)
  return { kind: 'bytes', bytes: inflate(view.read(at, record.csize, 'node'), record)! }
}

/** What is wrong with a node's data, if anything is. Reads it. */
export function dataFault(view: ImageView, layouts: Layouts, { record, offset }: InodeNode): FieldFinding | undefined {
  const { ino, compr, csize, dsize, data_crc } = record
  const fault = (field: string, found: number | string, expected: string): FieldFinding => ({
    structure: `node of inode ${ino}`,
    offset,
    field,
    found,
    expected,
  })
  if (compr !== JFFS2_COMPR_NONE && compr !== JFFS2_COMPR_ZERO && compr !== JFFS2_COMPR_ZLIB) {
    const name = COMPR_NAMES[compr]
    const found = name === undefined ? compr : `${compr} (${name})`
    return fault('compr', found, '0 (none), 1 (zero) or 6 (zlib), which this reader knows,')
  }
  if (compr === JFFS2_COMPR_ZERO) return undefined
  if (compr === JFFS2_COMPR_NONE && csize !== dsize) return fault('dsize', dsize, `csize, ${csize},`)
  if (compr === JFFS2_COMPR_ZLIB && dsize > MAX_INFLATED_BYTES) {
    return fault('dsize', dsize, `at most ${MAX_INFLATED_BYTES}`)
  }
  const data = view.read(offset + layouts.rawInode.SIZE, csize, 'node')
  const crc = jffs2Crc(data)
  if (crc !== data_crc) return fault('data_crc', `0x${data_crc.toString(16)}`, `0x${crc.toString(16)} over its data`)
  if (compr === JFFS2_COMPR_ZLIB && inflate(data, record) === undefined) {
    return fault('data', 'something else', `a zlib stream of ${dsize} bytes`)
  }
  return undefined
}

function inflate(data: Uint8Array, { dsize }: Infer<Layouts['rawInode']>): Uint8Array | undefined {
  try {
    const bytes = inflateSync(data, { maxOutputLength: dsize + 1 })
    return bytes.length === dsize ? bytes : undefined
  } catch {
    return undefined
  }
}

/** Stretches that are spoken for, sorted and without touching ones. */
class Coverage {
  readonly #stretches: { start: number; end: number }[] = []

  /** Adds [start, end) and gives the parts of it that were free. */
  add(start: number, end: number): [start: number, end: number][] {
    if (start >= end) return []
    const stretches = this.#stretches
    const first = this.#firstEndingAt(start)
    const free: [number, number][] = []
    let merged = { start, end }
    let at = start
    let last = first
    for (; last < stretches.length && stretches[last]!.start <= end; last++) {
      const { start: from, end: to } = stretches[last]!
      if (from > at) free.push([at, from])
      at = Math.max(at, to)
      merged = { start: Math.min(merged.start, from), end: Math.max(merged.end, to) }
    }
    if (at < end) free.push([at, end])
    stretches.splice(first, last - first, merged)
    return free
  }

  /** The first that ends at `offset` or after it. */
  #firstEndingAt(offset: number): number {
    let low = 0
    let high = this.#stretches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#stretches[middle]!.end >= offset) high = middle
      else low = middle + 1
    }
    return low
  }
}
