/**
 * Nodes laid one behind the other over erase blocks, none across the end of one. Their places do not depend on how large
 * the volume is, so what they need is known when they are laid.
 */

import { alignUp } from '../../bytes/align.js'
import { concatBytes } from '../../bytes/concat.js'
import { ERASED } from '../../bytes/erased.js'
import { invariant } from '../../errors.js'
import { type DiskImage, type Extent, imageOfBytes } from '../../image/extent.js'
import { NODE_ALIGN_BYTES } from './disklayout.js'

export class NodeStream {
  readonly #eraseBlockBytes: number
  readonly #cleanmarker: Uint8Array
  readonly #extents: Extent[] = []
  /** From `#at - #pendingBytes` on, not yet an extent. */
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #at = 0

  /** `cleanmarker`: what every erase block begins with; may be empty. */
  constructor(eraseBlockBytes: number, cleanmarker: Uint8Array) {
    this.#eraseBlockBytes = eraseBlockBytes
    this.#cleanmarker = cleanmarker
  }

  /** What the largest node may have that an erase block takes. */
  get nodeLimit(): number {
    return this.#eraseBlockBytes - this.#cleanmarker.length
  }

  /** What a node may have that begins in the erase block of now. */
  get room(): number {
    const within = this.#at % this.#eraseBlockBytes
    return within === 0 ? this.nodeLimit : this.#eraseBlockBytes - within
  }

  /** Leaves the rest of this erase block erased. */
  nextBlock(): void {
    const rest = this.#eraseBlockBytes - (this.#at % this.#eraseBlockBytes)
    if (rest < this.#eraseBlockBytes) this.#fill(rest)
  }

  /** One node: its record, and its data in memory or as a value. Goes to the next erase block where it has no room here. */
  node(record: Uint8Array, data?: Uint8Array | DiskImage): void {
    const isBytes = data instanceof Uint8Array
    const dataBytes = data === undefined ? 0 : isBytes ? data.length : data.sizeBytes
    const length = record.length + dataBytes
    invariant(length <= this.nodeLimit, `a node of ${length} bytes in erase blocks of ${this.#eraseBlockBytes}`)
    if (length > this.room) this.nextBlock()
    if (this.#at % this.#eraseBlockBytes === 0) this.#bytes(this.#cleanmarker)
    this.#bytes(record)
    if (isBytes) this.#bytes(data)
    else if (data !== undefined) this.#image(data)
    const padding = alignUp(this.#at, NODE_ALIGN_BYTES) - this.#at
    if (padding > 0) this.#bytes(new Uint8Array(padding).fill(ERASED))
  }

  /** Whole erase blocks; the rest of the last one is erased. */
  finish(): { readonly image: DiskImage; readonly usedBytes: number } {
    const usedBytes = this.#at
    this.nextBlock()
    this.#flush()
    return { image: { sizeBytes: this.#at, extents: this.#extents }, usedBytes }
  }

  #bytes(bytes: Uint8Array): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#at += bytes.length
  }

  #image({ sizeBytes, extents }: DiskImage): void {
    this.#flush()
    for (const extent of extents) this.#extents.push({ ...extent, offset: this.#at + extent.offset })
    this.#at += sizeBytes
  }

  #fill(length: number): void {
    this.#flush()
    this.#extents.push({ offset: this.#at, length, source: { kind: 'fill', byte: ERASED } })
    this.#at += length
  }

  #flush(): void {
    if (this.#pendingBytes > 0) {
      const [extent] = imageOfBytes(concatBytes(this.#pending)).extents
      this.#extents.push({ ...extent!, offset: this.#at - this.#pendingBytes })
    }
    this.#pending = []
    this.#pendingBytes = 0
  }
}
