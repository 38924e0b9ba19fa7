/**
 * A QCOW2 file whose clusters are deflated one by one. Their places are known only when they are made, so content comes
 * first, in the order of the disk, then the tables, and the header last: an unfinished file is none. [QCOW2]
 *
 * A deflated cluster stands behind the one before it, across the clusters of the file; one that does not shrink stands in a
 * cluster of its own.
 */
import { COMPRESSED_SECTOR_BYTES, OFLAG_COMPRESSED_HIGH, OFLAG_COPIED_HIGH } from '../archives/qcow2/disklayout.js'
import { alignDown, alignUp } from '../bytes/align.js'
import { invariant } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import type { BlockStretch } from './block-stretches.js'
import { OutputFile } from './output-file.js'
import {
  clusterStretches,
  countReferences,
  encodeL1,
  encodeL2Tables,
  encodeQcow2Header,
  encodeRefcounts,
  encodeRefcountTable,
  l1Clusters,
  l2Tables,
  putEntry,
  QCOW2_CLUSTER_BITS,
  QCOW2_CLUSTER_BYTES,
} from './qcow2-structure.js'
import type { FileSink } from './sink.js'
import type { Threads } from './threads.js'

/** In an entry, the number of further sectors stands above the place. */
const SECTORS_SHIFT_HIGH = 62 - (QCOW2_CLUSTER_BITS - 8) - 32

/** Where one cluster of the disk stands in the file. */
interface Stored {
  readonly position: number
  /** Of the deflated stream; undefined for a cluster as it is. */
  readonly deflatedBytes: number | undefined
}

class Qcow2CompressedSink implements FileSink {
  readonly #file: OutputFile
  readonly #imageBytes: number
  readonly #level: number
  readonly #threads: Threads
  readonly #stretches: readonly BlockStretch[]
  readonly #room = new ClusterRoom()
  /** Of the clusters of data, in the order of the disk. */
  readonly #stored: Stored[] = []
  /** Index of the first stretch that has not ended. */
  #stretch = 0
  /** A cluster that several windows make up. */
  #partial: { readonly start: number; readonly bytes: Uint8Array } | undefined
  /** Clusters full of one byte, deflated once. */
  readonly #fills = new Map<number, Promise<Uint8Array>>()
  /** Clusters are deflated in any order and written in theirs. */
  #written: Promise<void> = Promise.resolve()

  constructor(file: OutputFile, image: DiskImage, level: number, threads: Threads) {
    this.#file = file
    this.#imageBytes = image.sizeBytes
    this.#level = level
    this.#threads = threads
    this.#stretches = clusterStretches(image)
  }

  async window(offset: number, bytes: Uint8Array): Promise<void> {
    const end = Math.min(offset + bytes.length, this.#imageBytes)
    for (const [from, to] of this.#dataWithin(offset, end)) {
      const firstWhole = Math.min(to, alignUp(from, QCOW2_CLUSTER_BYTES))
      const lastWhole = Math.max(firstWhole, alignDown(to, QCOW2_CLUSTER_BYTES))
      this.#addPartial(from, bytes.subarray(from - offset, firstWhole - offset))
      if (lastWhole > firstWhole) this.#addWhole(bytes.subarray(firstWhole - offset, lastWhole - offset))
      this.#addPartial(lastWhole, bytes.subarray(lastWhole - offset, to - offset))
    }
    await this.#written
  }

  async fill(offset: number, length: number, byte: number): Promise<void> {
    const end = Math.min(offset + length, this.#imageBytes)
    for (const [from, to] of this.#dataWithin(offset, end)) {
      for (let at = from; at < to; ) {
        const next = Math.min(to, alignDown(at, QCOW2_CLUSTER_BYTES) + QCOW2_CLUSTER_BYTES)
        if (next - at === QCOW2_CLUSTER_BYTES) this.#addFill(byte)
        else this.#addPartial(at, new Uint8Array(next - at).fill(byte))
        at = next
      }
    }
    await this.#written
  }

  async finish(): Promise<void> {
    this.#closePartial()
    await this.#written
    await this.#writeTables()
    await this.close()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** The parts of [offset, end) that are in clusters of data; ascending from call to call. */
  *#dataWithin(offset: number, end: number): Generator<[from: number, to: number]> {
    for (; this.#stretch < this.#stretches.length; this.#stretch++) {
      const { start, end: stretchEnd, fill } = this.#stretches[this.#stretch]!
      if (start >= end) return
      const from = Math.max(start, offset)
      const to = Math.min(stretchEnd, end)
      if (fill === undefined && from < to) yield [from, to]
      if (stretchEnd > end) return
    }
  }

  #addPartial(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const start = alignDown(offset, QCOW2_CLUSTER_BYTES)
    if (this.#partial?.start !== start) {
      this.#closePartial()
      this.#partial = { start, bytes: new Uint8Array(QCOW2_CLUSTER_BYTES) }
    }
    this.#partial!.bytes.set(bytes, offset - start)
  }

  #closePartial(): void {
    if (this.#partial === undefined) return
    const { bytes } = this.#partial
    this.#partial = undefined
    this.#addClusters(bytes)
  }

  #addWhole(clusters: Uint8Array): void {
    this.#closePartial()
    this.#addClusters(clusters)
  }

  #addFill(byte: number): void {
    this.#closePartial()
    const bytes = new Uint8Array(QCOW2_CLUSTER_BYTES).fill(byte)
    let deflated = this.#fills.get(byte)
    if (deflated === undefined) {
      deflated = this.#threads.deflateClusters(bytes, QCOW2_CLUSTER_BYTES, this.#level).then(([cluster]) => cluster!)
      this.#fills.set(byte, deflated)
    }
    this.#enqueue(async () => this.#store(bytes, await deflated), deflated)
  }

  /** `clusters` is lent until the chain has come past it. */
  #addClusters(clusters: Uint8Array): void {
    const deflated = this.#threads.deflateClusters(clusters, QCOW2_CLUSTER_BYTES, this.#level)
    this.#enqueue(async () => {
      for (const [index, cluster] of (await deflated).entries()) {
        const at = index * QCOW2_CLUSTER_BYTES
        await this.#store(clusters.subarray(at, at + QCOW2_CLUSTER_BYTES), cluster)
      }
    }, deflated)
  }

  async #store(cluster: Uint8Array, deflated: Uint8Array): Promise<void> {
    if (deflated.length < QCOW2_CLUSTER_BYTES) {
      const position = this.#room.takeBytes(deflated.length)
      this.#stored.push({ position, deflatedBytes: deflated.length })
      await this.#file.write(position, deflated)
    } else {
      const position = this.#room.takeCluster()
      this.#stored.push({ position, deflatedBytes: undefined })
      await this.#file.write(position, cluster)
    }
  }

  #enqueue(step: () => Promise<void>, input: Promise<unknown>): void {
    // An input that fails while the chain is busy is reported by its step, not as an unhandled rejection.
    input.catch(() => {})
    this.#written = this.#written.then(step)
    this.#written.catch(() => {})
  }

  async #writeTables(): Promise<void> {
    const tables = l2Tables(this.#stretches)
    const { counts } = this.#room
    const shape = countReferences({ l1: l1Clusters(this.#imageBytes), l2: tables.length, data: counts.length - 1 })
    const at = (clusters: number): number => clusters * QCOW2_CLUSTER_BYTES
    const l2 = at(counts.length)
    const l1 = l2 + at(shape.l2)
    const refcountTable = l1 + at(shape.l1)
    const refcountBlocks = refcountTable + at(shape.refcountTable)
    const used = counts.length + shape.l2 + shape.l1 + shape.refcountTable + shape.refcountBlocks
    await this.#writeAll(l2, encodeL2Tables(this.#stretches, tables, this.#putter()))
    await this.#file.write(l1, encodeL1(this.#imageBytes, tables, l2))
    await this.#file.write(refcountTable, encodeRefcountTable(shape.refcountBlocks, refcountBlocks))
    await this.#writeAll(
      refcountBlocks,
      encodeRefcounts(used, (cluster) => counts[cluster] ?? 1),
    )
    await this.#file.setLength(at(used))
    await this.#file.write(0, encodeQcow2Header(this.#imageBytes, { l1, refcountTable }, shape))
  }

  async #writeAll(start: number, parts: Iterable<Uint8Array>): Promise<void> {
    let position = start
    for (const bytes of parts) {
      await this.#file.write(position, bytes)
      position += bytes.length
    }
  }

  /** Clusters of data come in the order in which they were stored. */
  #putter(): (view: DataView, entry: number) => void {
    let next = 0
    return (view, entry) => {
      const stored = this.#stored[next++]
      invariant(stored !== undefined, `cluster ${next} of the content was never given`)
      const { position, deflatedBytes } = stored
      if (deflatedBytes === undefined) {
        putEntry(view, entry, position, OFLAG_COPIED_HIGH)
        return
      }
      const sectors = sectorOf(position + deflatedBytes - 1) - sectorOf(position)
      putEntry(view, entry, position, OFLAG_COMPRESSED_HIGH + sectors * 2 ** SECTORS_SHIFT_HIGH)
    }
  }
}

function sectorOf(position: number): number {
  return Math.floor(position / COMPRESSED_SECTOR_BYTES)
}

/** Hands out the clusters of the file, and bytes of those that deflated clusters share, and counts who uses each. */
class ClusterRoom {
  /** By cluster of the file; the first is the header's. */
  readonly counts: number[] = [1]
  /** What the last shared cluster has left. */
  #at = 0
  #end = 0

  takeCluster(): number {
    return (this.counts.push(1) - 1) * QCOW2_CLUSTER_BYTES
  }

  /** At most a cluster. Bytes go on into the next cluster where that is the one to be handed out. */
  takeBytes(length: number): number {
    invariant(length > 0 && length <= QCOW2_CLUSTER_BYTES, `a deflated cluster of ${length} bytes`)
    if (length > this.#end - this.#at) {
      const next = this.counts.push(0) - 1
      const start = next * QCOW2_CLUSTER_BYTES
      if (this.#end !== start) this.#at = start
      this.#end = start + QCOW2_CLUSTER_BYTES
    }
    const position = this.#at
    this.#at += length
    const last = Math.floor((this.#at - 1) / QCOW2_CLUSTER_BYTES)
    for (let cluster = Math.floor(position / QCOW2_CLUSTER_BYTES); cluster <= last; cluster++) this.counts[cluster]!++
    return position
  }
}

/** Creates or truncates `path`. `level`: of deflate, 1 to 9. Throws IoError. */
export async function createQcow2CompressedSink(
  path: string,
  image: DiskImage,
  { level }: { readonly level: number },
  threads: Threads,
): Promise<FileSink> {
  return new Qcow2CompressedSink(await OutputFile.create(path, 0), image, level, threads)
}
