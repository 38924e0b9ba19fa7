/** The entries of a FAT, read as they are asked for.  [FATGEN §4] */
import { isZeroFill } from '../../../image/extent.js'
import type { ImageView } from '../../../image/image-view.js'
import { type FatWidth, FIRST_CLUSTER } from '../disklayout.js'
import type { FatShape } from './volume-shape.js'

/** A whole number of entries of every width: three bytes hold two of twelve bits. */
const CHUNK_BYTES = 3 << 14
const CACHED_CHUNKS = 64
/** The upper four bits of FAT32's are reserved. */
const MASK_32 = 0x0fffffff

export class FatEntries {
  readonly #view: ImageView
  readonly #shape: FatShape
  readonly #start: number
  /** In the order of use. */
  readonly #chunks = new Map<number, DataView>()
  #latest: { index: number; chunk: DataView } | undefined

  /** The active FAT, or the one of that number, from 0. */
  constructor(view: ImageView, shape: FatShape, fat = shape.activeFat) {
    this.#view = view
    this.#shape = shape
    this.#start = shape.fatOffset + fat * shape.fatBytes
  }

  /** Of a cluster number up to the volume's last. FormatError where the view ends before. */
  entry(cluster: number): number {
    const { width } = this.#shape
    const perChunk = (CHUNK_BYTES * 8) / width
    const index = Math.floor(cluster / perChunk)
    const chunk = this.#latest?.index === index ? this.#latest.chunk : this.#chunk(index)
    return entryAt(chunk, cluster - index * perChunk, width)
  }

  /** Byte of the volume at which an entry begins. */
  offsetOf(cluster: number): number {
    return this.#start + Math.floor((cluster * this.#shape.width) / 8)
  }

  /**
   * Calls for every cluster whose entry is not 0, in ascending order. What nothing specifies, or a fill says to be zeros, costs
   * nothing.
   */
  eachUsed(visit: (cluster: number, entry: number) => void): void {
    const { width, lastCluster } = this.#shape
    const end = Math.ceil(((lastCluster + 1) * width) / 8)
    const { extents } = this.#view.slice(this.#start, end, 'FAT')
    let next = FIRST_CLUSTER
    for (const { offset, length, source } of extents) {
      if (isZeroFill(source)) continue
      const first = Math.max(next, Math.floor((offset * 8) / width))
      next = Math.min(lastCluster, Math.floor(((offset + length) * 8 - 1) / width)) + 1
      this.#eachUsedWithin(first, next, visit)
    }
  }

  #eachUsedWithin(first: number, end: number, visit: (cluster: number, entry: number) => void): void {
    const { width } = this.#shape
    const perChunk = (CHUNK_BYTES * 8) / width
    for (let cluster = first; cluster < end; ) {
      const index = Math.floor(cluster / perChunk)
      const chunk = this.#chunk(index)
      const chunkEnd = Math.min(end, (index + 1) * perChunk)
      for (; cluster < chunkEnd; cluster++) {
        const entry = entryAt(chunk, cluster - index * perChunk, width)
        if (entry !== 0) visit(cluster, entry)
      }
    }
  }

  #chunk(index: number): DataView {
    let chunk = this.#chunks.get(index)
    if (chunk === undefined) {
      const { fatBytes } = this.#shape
      const length = Math.min(CHUNK_BYTES, fatBytes - index * CHUNK_BYTES)
      const bytes = this.#view.read(this.#start + index * CHUNK_BYTES, length, 'FAT')
      chunk = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      if (this.#chunks.size === CACHED_CHUNKS) this.#chunks.delete(this.#chunks.keys().next().value!)
    } else {
      this.#chunks.delete(index)
    }
    this.#chunks.set(index, chunk)
    this.#latest = { index, chunk }
    return chunk
  }
}

/** `number`: of the entry, from the chunk's first. Of two entries with twelve bits the second begins inside a byte. */
function entryAt(chunk: DataView, number: number, width: FatWidth): number {
  if (width === 32) return chunk.getUint32(number * 4, true) & MASK_32
  if (width === 16) return chunk.getUint16(number * 2, true)
  const pair = chunk.getUint16(number + (number >> 1), true)
  return (number & 1) === 1 ? pair >> 4 : pair & 0xfff
}
