/** What both kinds of QCOW2 files here have in common: the header, the words of the tables, the counts. */
import {
  OFLAG_COPIED_HIGH,
  OFLAG_ZERO,
  QCOW2_MAGIC,
  QCOW2_VERSION,
  Qcow2Header,
  Qcow2HeaderV3,
  REFCOUNT_ORDER,
  TABLE_ENTRY_BYTES,
} from '../archives/qcow2/disklayout.js'
import { ceilDivide } from '../bytes/align.js'
import { concatBytes } from '../bytes/concat.js'
import type { DiskImage } from '../image/extent.js'
import { type BlockStretch, blockStretches } from './block-stretches.js'

/** qemu-img's own choice. */
export const QCOW2_CLUSTER_BITS = 16
export const QCOW2_CLUSTER_BYTES = 2 ** QCOW2_CLUSTER_BITS
/** The format counts the disk in these. */
const DISK_SECTOR_BYTES = 512
const ENTRIES_PER_TABLE = QCOW2_CLUSTER_BYTES / TABLE_ENTRY_BYTES
/** What one table of the second level maps. */
const L2_SPAN_BYTES = ENTRIES_PER_TABLE * QCOW2_CLUSTER_BYTES
const REFCOUNT_BYTES = 2 ** REFCOUNT_ORDER / 8
const REFCOUNTS_PER_BLOCK = QCOW2_CLUSTER_BYTES / REFCOUNT_BYTES
const U32_MODULUS = 2 ** 32

/** Numbers of clusters. */
export interface Qcow2Shape {
  readonly refcountTable: number
  readonly refcountBlocks: number
  readonly l1: number
  readonly l2: number
  readonly data: number
}

/** Where the tables stand in the file, in bytes. */
export interface Qcow2Places {
  readonly l1: number
  readonly refcountTable: number
}

/** The first bytes of the file; what follows them in their cluster is zeros, the end of the list of extensions. */
export function encodeQcow2Header(imageBytes: number, places: Qcow2Places, shape: Qcow2Shape): Uint8Array {
  const header = Qcow2Header.encode({
    magic: QCOW2_MAGIC,
    version: QCOW2_VERSION,
    backing_file_offset: 0,
    backing_file_size: 0,
    cluster_bits: QCOW2_CLUSTER_BITS,
    size: ceilDivide(imageBytes, DISK_SECTOR_BYTES) * DISK_SECTOR_BYTES,
    crypt_method: 0,
    l1_size: l1EntriesOf(imageBytes),
    l1_table_offset: places.l1,
    refcount_table_offset: places.refcountTable,
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
  return concatBytes([header, headerV3])
}

/** A fill of another byte than zero is content like any other: the format has no fills. */
export function clusterStretches(image: DiskImage): BlockStretch[] {
  return Array.from(blockStretches(image, QCOW2_CLUSTER_BYTES), ({ start, end, fill }) => ({
    start,
    end,
    fill: fill === 0 ? 0 : undefined,
  }))
}

export function countClusters(lengthBytes: number): number {
  return ceilDivide(lengthBytes, QCOW2_CLUSTER_BYTES)
}

function l1EntriesOf(imageBytes: number): number {
  return ceilDivide(imageBytes, L2_SPAN_BYTES)
}

export function l1Clusters(imageBytes: number): number {
  return countClusters(l1EntriesOf(imageBytes) * TABLE_ENTRY_BYTES)
}

/** The entries of L1 that have a table, ascending. */
export function l2Tables(stretches: readonly BlockStretch[]): number[] {
  const tables = new Set<number>()
  for (const { start, end } of stretches) {
    const last = Math.floor((end - 1) / L2_SPAN_BYTES)
    for (let table = Math.floor(start / L2_SPAN_BYTES); table <= last; table++) tables.add(table)
  }
  return [...tables]
}

/** The counts count themselves: more of them until nothing changes, which takes two or three rounds. The header is one cluster. */
export function countReferences(others: Pick<Qcow2Shape, 'l1' | 'l2' | 'data'>): Qcow2Shape {
  const rest = 1 + others.l1 + others.l2 + others.data
  let shape: Qcow2Shape = { ...others, refcountTable: 1, refcountBlocks: 1 }
  for (;;) {
    const refcountBlocks = ceilDivide(rest + shape.refcountTable + shape.refcountBlocks, REFCOUNTS_PER_BLOCK)
    const refcountTable = countClusters(refcountBlocks * TABLE_ENTRY_BYTES)
    if (refcountBlocks === shape.refcountBlocks && refcountTable === shape.refcountTable) return shape
    shape = { ...others, refcountTable, refcountBlocks }
  }
}

/** The refcount table: its blocks stand one behind the other from `position` on. */
export function encodeRefcountTable(blocks: number, position: number): Uint8Array {
  const bytes = new Uint8Array(blocks * TABLE_ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < blocks; index++) putEntry(view, index, position + index * QCOW2_CLUSTER_BYTES, 0)
  return bytes
}

/** The counts of the file's first `used` clusters, in blocks of which the last may be short: what is behind the end has none. */
export function* encodeRefcounts(used: number, countOf: (cluster: number) => number): Generator<Uint8Array> {
  for (let first = 0; first < used; first += REFCOUNTS_PER_BLOCK) {
    const count = Math.min(REFCOUNTS_PER_BLOCK, used - first)
    const view = new DataView(new ArrayBuffer(count * REFCOUNT_BYTES))
    for (let index = 0; index < count; index++) view.setUint16(index * REFCOUNT_BYTES, countOf(first + index))
    yield new Uint8Array(view.buffer)
  }
}

/** L1, whose tables stand one behind the other from `position` on. */
export function encodeL1(imageBytes: number, tables: readonly number[], position: number): Uint8Array {
  const bytes = new Uint8Array(l1EntriesOf(imageBytes) * TABLE_ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  tables.forEach((table, index) => {
    putEntry(view, table, position + index * QCOW2_CLUSTER_BYTES, OFLAG_COPIED_HIGH)
  })
  return bytes
}

/** An entry of a table: a place in the file, and flags of the upper half. */
export function putEntry(view: DataView, index: number, position: number, flagsHigh: number): void {
  view.setUint32(index * TABLE_ENTRY_BYTES, Math.floor(position / U32_MODULUS) + flagsHigh)
  view.setUint32(index * TABLE_ENTRY_BYTES + TABLE_ENTRY_BYTES / 2, position % U32_MODULUS)
}

/** Writes the entry for the cluster at `diskOffset`; called in the order of the disk. */
export type PutL2Entry = (view: DataView, entry: number, diskOffset: number) => void

/** An entry that reads as zeros without a place. */
function putZeroEntry(view: DataView, entry: number): void {
  view.setUint32(entry * TABLE_ENTRY_BYTES + TABLE_ENTRY_BYTES / 2, OFLAG_ZERO)
}

/** The L2 tables one by one, each a cluster of memory, in the order of `tables`. `put` is called for every cluster of data. */
export function* encodeL2Tables(
  stretches: readonly BlockStretch[],
  tables: readonly number[],
  put: PutL2Entry,
): Generator<Uint8Array> {
  let first = 0
  for (const table of tables) {
    const view = new DataView(new ArrayBuffer(QCOW2_CLUSTER_BYTES))
    const tableStart = table * L2_SPAN_BYTES
    const tableEnd = tableStart + L2_SPAN_BYTES
    for (let at = first; at < stretches.length; at++) {
      const { start, end, fill } = stretches[at]!
      if (start >= tableEnd) break
      for (let from = Math.max(start, tableStart); from < Math.min(end, tableEnd); from += QCOW2_CLUSTER_BYTES) {
        const entry = (from - tableStart) / QCOW2_CLUSTER_BYTES
        if (fill === 0) putZeroEntry(view, entry)
        else put(view, entry, from)
      }
      first = end > tableEnd ? at : at + 1
    }
    yield new Uint8Array(view.buffer)
  }
}
