/**
 * The chunks of Android sparse files, all of them known before any byte flows. With a limit the image becomes several
 * files, each a complete sparse file over the whole image that says "don't care" where others have the content: what
 * fastboot sends when a device takes only so much at once.
 */
import {
  CHUNK_TYPE_DONT_CARE,
  CHUNK_TYPE_FILL,
  CHUNK_TYPE_RAW,
  ChunkHeader,
  FILL_VALUE_BYTES,
  SPARSE_HEADER_MAGIC,
  SPARSE_MAJOR_VERSION,
  SparseHeader,
} from '../archives/android-sparse/disklayout.js'
import { ceilDivide } from '../bytes/align.js'
import { FormatError, invariant } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { blockStretches } from './block-stretches.js'
import type { PlacedStretch } from './placed-writer.js'

export const SPARSE_BLOCK_BYTES = 4096
const MAX_U32 = 0xffff_ffff
/** total_sz of a raw chunk counts its header and must fit 32 bits. */
const MAX_RAW_BLOCKS = Math.floor((MAX_U32 - ChunkHeader.SIZE) / SPARSE_BLOCK_BYTES)
/** A header, a gap before, one block, a gap behind. */
export const LEAST_PART_BYTES = SparseHeader.SIZE + 3 * ChunkHeader.SIZE + SPARSE_BLOCK_BYTES

/** One file. */
export interface AndroidSparsePart {
  readonly sizeBytes: number
  /** Headers and fill values with their places in the file. */
  readonly headers: readonly { readonly position: number; readonly bytes: Uint8Array }[]
  /** Where the content of raw chunks goes. */
  readonly stretches: readonly PlacedStretch[]
  readonly ascending: true
}

/**
 * @param limitBytes the most that one file may have, at least LEAST_PART_BYTES; default: one file of any length
 * Throws FormatError where the image has more blocks than the format counts (16 TiB).
 */
export function planAndroidSparse(image: DiskImage, limitBytes = Number.POSITIVE_INFINITY): AndroidSparsePart[] {
  invariant(limitBytes >= LEAST_PART_BYTES, `a sparse file of at most ${limitBytes} bytes`)
  const totalBlocks = ceilDivide(image.sizeBytes, SPARSE_BLOCK_BYTES)
  if (totalBlocks > MAX_U32) {
    throw new FormatError(
      `Cannot write an Android sparse image of ${image.sizeBytes} bytes: it has ${totalBlocks} blocks of ${SPARSE_BLOCK_BYTES} bytes, at most ${MAX_U32} are accepted`,
    )
  }
  const parts: PartBuilder[] = [new PartBuilder(totalBlocks, limitBytes)]
  for (const { start, end, fill } of blockStretches(image, SPARSE_BLOCK_BYTES)) {
    const endBlock = end / SPARSE_BLOCK_BYTES
    for (let block = start / SPARSE_BLOCK_BYTES; block < endBlock; ) {
      const taken = parts.at(-1)!.add(block, endBlock - block, fill)
      if (taken === 0) parts.push(new PartBuilder(totalBlocks, limitBytes))
      block += taken
    }
  }
  return parts.map((part) => part.finish())
}

class PartBuilder {
  readonly #totalBlocks: number
  readonly #limitBytes: number
  readonly #headers: { position: number; bytes: Uint8Array }[] = []
  readonly #stretches: PlacedStretch[] = []
  #sizeBytes = SparseHeader.SIZE
  #chunkCount = 0
  /** The first block that no chunk covers yet. */
  #nextBlock = 0

  constructor(totalBlocks: number, limitBytes: number) {
    this.#totalBlocks = totalBlocks
    this.#limitBytes = limitBytes
  }

  /** Adds as many of the blocks as there is room for, and gives their number. */
  add(block: number, count: number, fill: number | undefined): number {
    const gapBytes = block > this.#nextBlock ? ChunkHeader.SIZE : 0
    // Room for what is not this chunk's content: its header, a gap before it and one behind.
    const room = this.#limitBytes - this.#sizeBytes - gapBytes - 2 * ChunkHeader.SIZE
    if (fill !== undefined) {
      if (room < FILL_VALUE_BYTES) return 0
      this.#dontCareUpTo(block)
      this.#chunk(CHUNK_TYPE_FILL, count, FILL_VALUE_BYTES)
      this.#place(new Uint8Array(FILL_VALUE_BYTES).fill(fill))
      return count
    }
    const taken = Math.min(count, MAX_RAW_BLOCKS, Math.floor(Math.max(room, 0) / SPARSE_BLOCK_BYTES))
    if (taken === 0) return 0
    this.#dontCareUpTo(block)
    const contentBytes = taken * SPARSE_BLOCK_BYTES
    this.#chunk(CHUNK_TYPE_RAW, taken, contentBytes)
    const start = block * SPARSE_BLOCK_BYTES
    this.#stretches.push({ start, end: start + contentBytes, position: this.#sizeBytes })
    this.#sizeBytes += contentBytes
    return taken
  }

  finish(): AndroidSparsePart {
    // Readers add the chunks up: those of a file must come to total_blks. [genimage #224]
    this.#dontCareUpTo(this.#totalBlocks)
    const header = SparseHeader.encode({
      magic: SPARSE_HEADER_MAGIC,
      major_version: SPARSE_MAJOR_VERSION,
      minor_version: 0,
      file_hdr_sz: SparseHeader.SIZE,
      chunk_hdr_sz: ChunkHeader.SIZE,
      blk_sz: SPARSE_BLOCK_BYTES,
      total_blks: this.#totalBlocks,
      total_chunks: this.#chunkCount,
      image_checksum: 0,
    })
    return {
      sizeBytes: this.#sizeBytes,
      headers: [{ position: 0, bytes: header }, ...this.#headers],
      stretches: this.#stretches,
      ascending: true,
    }
  }

  #dontCareUpTo(block: number): void {
    if (block > this.#nextBlock) this.#chunk(CHUNK_TYPE_DONT_CARE, block - this.#nextBlock, 0)
  }

  /** The header of a chunk; `contentBytes` follow it. */
  #chunk(type: number, blocks: number, contentBytes: number): void {
    const header = { chunk_type: type, reserved1: 0, chunk_sz: blocks, total_sz: ChunkHeader.SIZE + contentBytes }
    this.#place(ChunkHeader.encode(header))
    this.#chunkCount++
    this.#nextBlock += blocks
  }

  #place(bytes: Uint8Array): void {
    this.#headers.push({ position: this.#sizeBytes, bytes })
    this.#sizeBytes += bytes.length
  }
}
