/**
 * The bytes of an image, or of a stretch of it, for those who read tables and volumes: random access, bounded, with a cache
 * for the many small records. What nothing specifies reads as zeros, as in the raw file.
 *
 * Synchronous like PayloadReader, and for the same reason. Memory: at most `CACHED_BLOCKS` blocks, whatever is read.
 */
import { fieldError } from '../bytes/field-error.js'
import type { Struct } from '../bytes/struct.js'
import { sliceImage } from './compose.js'
import type { DiskImage } from './extent.js'
import { PayloadReader } from './payload-reader.js'
import { readImage } from './read.js'

const BLOCK_BYTES = 1 << 16
const CACHED_BLOCKS = 256

export class ImageView {
  /** What people call it, for messages: `sd.img`, `partition 2 of sd.img`. */
  readonly name: string
  readonly sizeBytes: number
  readonly #blocks: BlockCache
  /** Where this view begins in the image. */
  readonly #base: number

  private constructor(blocks: BlockCache, base: number, sizeBytes: number, name: string) {
    this.#blocks = blocks
    this.#base = base
    this.sizeBytes = sizeBytes
    this.name = name
  }

  /** Call `close` on it when nobody reads any more; its parts need no closing. */
  static of(image: DiskImage, name: string): ImageView {
    return new ImageView(new BlockCache(image), 0, image.sizeBytes, name)
  }

  /** The stretch [offset, offset + length), in which offsets begin at 0 and nothing beyond can be read. */
  part(offset: number, length: number, name: string): ImageView {
    this.#assertInside(offset, length, name)
    return new ImageView(this.#blocks, this.#base + offset, length, name)
  }

  /**
   * `length` bytes at `offset`; the caller must not change them, and may keep them. FormatError where the view ends before;
   * `structure` names what was to be read. IoError as PayloadReader.
   */
  read(offset: number, length: number, structure: string): Uint8Array {
    this.#assertInside(offset, length, structure)
    return this.#blocks.read(this.#base + offset, length)
  }

  /** A record at `offset`. FormatError where the view ends before, or a number exceeds 2^53 - 1. */
  decode<V>(record: Struct<V>, offset: number, structure = record.name): V {
    const bytes = this.read(offset, record.SIZE, structure)
    try {
      return record.decode(bytes)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw fieldError(this.name, {
        structure,
        offset,
        field: 'a 64-bit number',
        found: error.message,
        expected: 'at most 2^53 - 1',
      })
    }
  }

  /** The stretch as an image value: nothing is read or copied. FormatError where the view ends before. */
  slice(offset: number, length: number, structure: string): DiskImage {
    this.#assertInside(offset, length, structure)
    return sliceImage(this.#blocks.image, this.#base + offset, length)
  }

  /** Lets go of open files. */
  close(): void {
    this.#blocks.close()
  }

  #assertInside(offset: number, length: number, structure: string): void {
    if (Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= this.sizeBytes) return
    throw fieldError(this.name, {
      structure,
      offset,
      field: 'its place',
      found: `bytes ${offset} to ${offset + length - 1}`,
      expected: `a place within ${this.sizeBytes} bytes`,
    })
  }
}

/** Blocks of an image, the least recently used of them forgotten. */
class BlockCache {
  readonly image: DiskImage
  readonly #reader = new PayloadReader()
  /** In the order of use. */
  readonly #blocks = new Map<number, Uint8Array>()

  constructor(image: DiskImage) {
    this.image = image
  }

  read(offset: number, length: number): Uint8Array {
    const first = Math.floor(offset / BLOCK_BYTES)
    const within = offset - first * BLOCK_BYTES
    if (within + length <= BLOCK_BYTES) return this.#block(first).subarray(within, within + length)
    const bytes = new Uint8Array(length)
    readImage(this.image, offset, bytes, this.#reader)
    return bytes
  }

  close(): void {
    this.#blocks.clear()
    this.#reader.close()
  }

  #block(index: number): Uint8Array {
    const known = this.#blocks.get(index)
    if (known !== undefined) {
      this.#blocks.delete(index)
      this.#blocks.set(index, known)
      return known
    }
    const offset = index * BLOCK_BYTES
    const block = new Uint8Array(Math.min(BLOCK_BYTES, this.image.sizeBytes - offset))
    readImage(this.image, offset, block, this.#reader)
    this.#blocks.set(index, block)
    if (this.#blocks.size > CACHED_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!)
    return block
  }
}
