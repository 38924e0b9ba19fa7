/**
 * A QCOW2 file as it will stand, known before any byte flows: header, reference counts, L1, the L2 tables that have an
 * entry, content. Zeros that matter are zero clusters, unspecified space is not allocated: the three states, kept.
 */
import {
  OFLAG_COPIED_HIGH,
  OFLAG_ZERO,
  QCOW2_MAGIC,
  QCOW2_VERSION,
  Qcow2Header,
  Qcow2HeaderV3,
  REFCOUNT_ORDER,
} from '../archives/qcow2/disklayout.js'
import { ceilDivide } from '../bytes/align.js'
import { concatBytes } from '../bytes/concat.js'
import type { DiskImage } from '../image/extent.js'
import { type BlockStretch, blockStretches } from './block-stretches.js'
import type { PlacedStretch } from './placed-writer.js'
import type { PlannedFile } from './planned-sink.js'

/** qemu-img's own choice. */
const CLUSTER_BITS = 16
export const QCOW2_CLUSTER_BYTES = 2 ** CLUSTER_BITS
/** The format counts the disk in these. */
const DISK_SECTOR_BYTES = 512
const ENTRY_BYTES = 8
const ENTRIES_PER_TABLE = QCOW2_CLUSTER_BYTES / ENTRY_BYTES
const L2_SPAN_BYTES = ENTRIES_PER_TABLE * QCOW2_CLUSTER_BYTES
const REFCOUNT_BYTES = 2 ** REFCOUNT_ORDER / 8
const REFCOUNTS_PER_BLOCK = QCOW2_CLUSTER_BYTES / REFCOUNT_BYTES
const U32_MODULUS = 2 ** 32

/** Numbers of clusters, in the order in which they stand. */
interface Shape {
  readonly refcountTable: number
  readonly refcountBlocks: number
  readonly l1: number
  readonly l2: number
  readonly data: number
}

interface Header {
  readonly position: number
  readonly bytes: Uint8Array
}

export function planQcow2(image: DiskImage): PlannedFile {
  const stretches = clustersOf(image)
  const tables = l2Tables(stretches)
  const data = stretches.reduce((total, { start, end, fill }) => total + (fill === 0 ? 0 : clusters(end - start)), 0)
  const l1Entries = ceilDivide(image.sizeBytes, L2_SPAN_BYTES)
  const shape = countReferences({ l1: clusters(l1Entries * ENTRY_BYTES), l2: tables.length, data })
  const used = 1 + shape.refcountTable + shape.refcountBlocks + shape.l1 + shape.l2 + shape.data
  const at = {
    refcountTable: QCOW2_CLUSTER_BYTES,
    refcountBlocks: (1 + shape.refcountTable) * QCOW2_CLUSTER_BYTES,
    l1: (1 + shape.refcountTable + shape.refcountBlocks) * QCOW2_CLUSTER_BYTES,
    l2: (used - shape.data - shape.l2) * QCOW2_CLUSTER_BYTES,
    data: (used - shape.data) * QCOW2_CLUSTER_BYTES,
  }
  const placed = placeData(stretches, at.data)
  const header = Qcow2Header.encode({
    magic: QCOW2_MAGIC,
    version: QCOW2_VERSION,
    backing_file_offset: 0,
    backing_file_size: 0,
    cluster_bits: CLUSTER_BITS,
    size: ceilDivide(image.sizeBytes, DISK_SECTOR_BYTES) * DISK_SECTOR_BYTES,
    crypt_method: 0,
    l1_size: l1Entries,
    l1_table_offset: at.l1,
    refcount_table_offset: at.refcountTable,
    refcount_table_clusters: shape.refcountTable,
    nb_snapshots: 0,
    snapshots_offset: 0,
  })
  const headerV3 = Qcow2HeaderV3.encode({
    incompatible_features: 0,
    compatible_features: 0,
    autoclear_features: 0,
    refcount_order: REFCOUNT_ORDER,
    header_length: Qcow2Header.SIZE + Qcow2HeaderV3.SIZE,
  })
  function* headers(): Generator<Header> {
    // What follows the header is zeros: the end of its list of extensions.
    yield { position: 0, bytes: concatBytes([header, headerV3]) }
    const blocks = Array.from({ length: shape.refcountBlocks }, (_, index) => index)
    yield { position: at.refcountTable, bytes: entries(blocks, at.refcountBlocks, { copied: false }) }
    yield* refcounts(used, at.refcountBlocks)
    yield { position: at.l1, bytes: l1Table(tables, l1Entries, at.l2) }
    yield* l2Entries(stretches, placed, { tables, position: at.l2 })
  }
  return { sizeBytes: used * QCOW2_CLUSTER_BYTES, headers: headers(), stretches: placed }
}

/** A fill of another byte than zero is content like any other: the format has no fills. */
function clustersOf(image: DiskImage): BlockStretch[] {
  return Array.from(blockStretches(image, QCOW2_CLUSTER_BYTES), ({ start, end, fill }) => ({
    start,
    end,
    fill: fill === 0 ? 0 : undefined,
  }))
}

function clusters(lengthBytes: number): number {
  return ceilDivide(lengthBytes, QCOW2_CLUSTER_BYTES)
}

/** The entries of L1 that have a table, ascending. */
function l2Tables(stretches: readonly BlockStretch[]): number[] {
  const tables = new Set<number>()
  for (const { start, end } of stretches) {
    const last = Math.floor((end - 1) / L2_SPAN_BYTES)
    for (let table = Math.floor(start / L2_SPAN_BYTES); table <= last; table++) tables.add(table)
  }
  return [...tables]
}

/** The counts count themselves: more of them until nothing changes, which takes two or three rounds. */
function countReferences(others: Pick<Shape, 'l1' | 'l2' | 'data'>): Shape {
  const rest = 1 + others.l1 + others.l2 + others.data
  let shape: Shape = { ...others, refcountTable: 1, refcountBlocks: 1 }
  for (;;) {
    const refcountBlocks = ceilDivide(rest + shape.refcountTable + shape.refcountBlocks, REFCOUNTS_PER_BLOCK)
    const refcountTable = clusters(refcountBlocks * ENTRY_BYTES)
    if (refcountBlocks === shape.refcountBlocks && refcountTable === shape.refcountTable) return shape
    shape = { ...others, refcountTable, refcountBlocks }
  }
}

function placeData(stretches: readonly BlockStretch[], position: number): PlacedStretch[] {
  const placed: PlacedStretch[] = []
  let next = position
  for (const { start, end, fill } of stretches) {
    if (fill === 0) continue
    placed.push({ start, end, position: next })
    next += end - start
  }
  return placed
}

/** Table entries for the `indexes`-th clusters from `position` on. */
function entries(indexes: readonly number[], position: number, { copied }: { copied: boolean }): Uint8Array {
  const bytes = new Uint8Array(indexes.length * ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  indexes.forEach((cluster, index) => {
    putEntry(view, index, position + cluster * QCOW2_CLUSTER_BYTES, copied)
  })
  return bytes
}

function putEntry(view: DataView, index: number, position: number, copied: boolean): void {
  view.setUint32(index * ENTRY_BYTES, Math.floor(position / U32_MODULUS) + (copied ? OFLAG_COPIED_HIGH : 0))
  view.setUint32(index * ENTRY_BYTES + ENTRY_BYTES / 2, position % U32_MODULUS)
}

/** One for each cluster of the file, none for what is behind its end. */
function* refcounts(used: number, position: number): Generator<Header> {
  for (let first = 0; first < used; first += REFCOUNTS_PER_BLOCK) {
    const count = Math.min(REFCOUNTS_PER_BLOCK, used - first)
    const bytes = new Uint8Array(count * REFCOUNT_BYTES)
    for (let index = 0; index < count; index++) bytes[index * REFCOUNT_BYTES + 1] = 1
    yield { position: position + first * REFCOUNT_BYTES, bytes }
  }
}

function l1Table(tables: readonly number[], l1Entries: number, position: number): Uint8Array {
  const bytes = new Uint8Array(l1Entries * ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  tables.forEach((table, index) => {
    putEntry(view, table, position + index * QCOW2_CLUSTER_BYTES, true)
  })
  return bytes
}

/** The L2 tables one by one, each a cluster of memory. */
function* l2Entries(
  stretches: readonly BlockStretch[],
  placed: readonly PlacedStretch[],
  { tables, position }: { readonly tables: readonly number[]; readonly position: number },
): Generator<Header> {
  const positions = new Map(placed.map(({ start, position: content }) => [start, content]))
  let first = 0
  for (const [index, table] of tables.entries()) {
    const view = new DataView(new ArrayBuffer(QCOW2_CLUSTER_BYTES))
    const tableStart = table * L2_SPAN_BYTES
    const tableEnd = tableStart + L2_SPAN_BYTES
    for (let at = first; at < stretches.length; at++) {
      const { start, end, fill } = stretches[at]!
      if (start >= tableEnd) break
      for (let from = Math.max(start, tableStart); from < Math.min(end, tableEnd); from += QCOW2_CLUSTER_BYTES) {
        const entry = (from - tableStart) / QCOW2_CLUSTER_BYTES
        if (fill === 0) view.setUint32(entry * ENTRY_BYTES + ENTRY_BYTES / 2, OFLAG_ZERO)
        else putEntry(view, entry, positions.get(start)! + from - start, true)
      }
      first = end > tableEnd ? at : at + 1
    }
    yield { position: position + index * QCOW2_CLUSTER_BYTES, bytes: new Uint8Array(view.buffer) }
  }
}
