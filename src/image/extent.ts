/**
 * The image value: what stands where, without the bytes being anywhere yet.
 *
 * Three states, not two. An extent says what a stretch *is*: bytes in memory, bytes that are made when somebody reads them,
 * a range of a file, or a fill (zeros; 0xFF in NOR flash). What no extent covers is *unspecified*: no reader of the image
 * relies on it, so an output may skip it.
 *
 * The same value serves a disk, a volume, and the content of one file (where an uncovered stretch is a hole).
 * All offsets and lengths are bytes; all intervals are half-open.
 */
import { invariant } from '../errors.js'

/** A payload file on the host as it was when the plan was made; reading checks that it is still the same. */
export interface SourceFile {
  /** For node:fs; bytes where the name is not UTF-8. Absolute, or relative to the process. */
  readonly path: string | Buffer
  readonly sizeBytes: number
  /** Modification time in nanoseconds since 1970, or undefined for a file that nobody else can change (a spool). */
  readonly mtimeNs?: bigint
  /** Time of the last change of any kind, in nanoseconds; to 256 of them, as a number holds it. With `dev` and `ino` or not at all. */
  readonly ctimeNs?: number
  readonly dev?: number
  readonly ino?: number
}

/** Fills all of `target`, whatever is in it, with what stands from byte `offset` on of the whole that it makes; the same each time. */
export type MakeBytes = (target: Uint8Array, offset: number) => void

export type Source =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** From byte `offset` on of what `make` makes: for large tables of records, which nobody should have to hold. */
  | { readonly kind: 'made'; readonly make: MakeBytes; readonly offset: number }
  /** From byte `offset` on of a file, and zeros from its end on: the rest of its last block, without an extent of its own. */
  | { readonly kind: 'file'; readonly file: SourceFile; readonly offset: number }
  | { readonly kind: 'fill'; readonly byte: number }

export interface Extent {
  readonly offset: number
  readonly length: number
  readonly source: Source
}

/** Extents are sorted by offset, do not overlap, have length > 0, and end within `sizeBytes`. */
export interface DiskImage {
  readonly sizeBytes: number
  readonly extents: readonly Extent[]
}

export const ZERO: Source = { kind: 'fill', byte: 0 }

export function isZeroFill(source: Source): boolean {
  return source.kind === 'fill' && source.byte === 0
}

export function extentEnd(extent: Pick<Extent, 'offset' | 'length'>): number {
  return extent.offset + extent.length
}

/** The part of `extent` inside [start, end), or undefined. Offsets stay as they are: nothing moves. */
export function clipExtent(extent: Extent, start: number, end: number): Extent | undefined {
  const from = Math.max(extent.offset, start)
  const to = Math.min(extentEnd(extent), end)
  if (from >= to) return undefined
  if (from === extent.offset && to === extentEnd(extent)) return extent
  return { offset: from, length: to - from, source: advance(extent.source, from - extent.offset, to - from) }
}

/** The stretch [skip, skip + length) of a source. */
function advance(source: Source, skip: number, length: number): Source {
  switch (source.kind) {
    case 'bytes':
      return { kind: 'bytes', bytes: source.bytes.subarray(skip, skip + length) }
    case 'made':
      return { kind: 'made', make: source.make, offset: source.offset + skip }
    case 'file':
      return { kind: 'file', file: source.file, offset: source.offset + skip }
    case 'fill':
      return source
  }
}

/** The extent up to the end of its file, without the zeros behind that; undefined where there is nothing else. */
export function withoutPadding(extent: Extent): Extent | undefined {
  const { offset, length, source } = extent
  if (source.kind !== 'file') return extent
  return clipExtent(extent, offset, offset + Math.min(length, source.file.sizeBytes - source.offset))
}

/** The index of the first extent that ends after `offset`; extents.length when none does. O(log n). */
export function firstEndingAfter(extents: readonly Pick<Extent, 'offset' | 'length'>[], offset: number): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (extentEnd(extents[middle]!) > offset) high = middle
    else low = middle + 1
  }
  return low
}

/** Collects extents in any order; `finish` sorts them and refuses overlaps (a bug of the caller, never of the user). */
export class ImageBuilder {
  readonly #sizeBytes: number
  #extents: Extent[] = []

  constructor(sizeBytes: number) {
    invariant(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, `image of ${sizeBytes} bytes`)
    this.#sizeBytes = sizeBytes
  }

  /** The builder keeps `bytes` without copying: the caller gives them away. */
  bytes(offset: number, bytes: Uint8Array): this {
    return this.#add({ offset, length: bytes.length, source: { kind: 'bytes', bytes } })
  }

  fill(offset: number, length: number, byte = 0): this {
    return this.#add({ offset, length, source: byte === 0 ? ZERO : { kind: 'fill', byte } })
  }

  /** Bytes that `make` makes when they are read; see MakeBytes. */
  made(offset: number, length: number, make: MakeBytes): this {
    return this.#add({ offset, length, source: { kind: 'made', make, offset: 0 } })
  }

  file(offset: number, length: number, file: SourceFile, fileOffset = 0): this {
    return this.#add({ offset, length, source: { kind: 'file', file, offset: fileOffset } })
  }

  /** Everything that `image` specifies, moved by `offset`. */
  image(offset: number, image: DiskImage): this {
    if (offset === 0 && this.#extents.length === 0) this.#extents = image.extents.slice()
    else for (const extent of image.extents) this.extent(offset, extent)
    return this
  }

  /** One extent, moved by `offset`. */
  extent(offset: number, extent: Extent): this {
    if (offset === 0) return this.#add(extent)
    return this.#add({ offset: extent.offset + offset, length: extent.length, source: extent.source })
  }

  /** The same with zeros behind it: one extent where it goes to the end of its file, two otherwise. */
  padded(offset: number, extent: Extent, zeroBytes: number): this {
    const { length, source } = extent
    if (source.kind !== 'file' || source.offset + length < source.file.sizeBytes) {
      return this.extent(offset, extent).fill(offset + extentEnd(extent), zeroBytes)
    }
    return this.#add({ offset: extent.offset + offset, length: length + zeroBytes, source })
  }

  /** What content has at [start, end), moved by `offset`, and zeros in its holes and behind its end. O(log extents + hits). */
  withoutHoles(offset: number, { extents }: DiskImage, start: number, end: number): this {
    // What was clipped last, until what follows it is known.
    let last: Extent | undefined
    for (let index = firstEndingAfter(extents, start); index < extents.length; index++) {
      const part = clipExtent(extents[index]!, start, end)
      if (part === undefined) break
      if (last === undefined) this.fill(start + offset, part.offset - start)
      else this.padded(offset, last, part.offset - extentEnd(last))
      last = part
    }
    if (last === undefined) return this.fill(start + offset, end - start)
    return this.padded(offset, last, end - extentEnd(last))
  }

  #add(extent: Extent): this {
    if (extent.length > 0) this.#extents.push(extent)
    return this
  }

  finish(): DiskImage {
    const extents = this.#extents
    if (firstOverlap(extents) >= 0) {
      extents.sort((a, b) => a.offset - b.offset)
      const overlap = firstOverlap(extents)
      const [before, extent] = [extents[overlap - 1], extents[overlap]]
      invariant(
        extent === undefined,
        `extents overlap: one begins at ${extent?.offset}, the one before ends at ${before && extentEnd(before)}`,
      )
    }
    const last = extents.at(-1)
    const end = last === undefined ? 0 : extentEnd(last)
    invariant(end <= this.#sizeBytes, `an extent ends at ${end}, the image at ${this.#sizeBytes}`)
    return { sizeBytes: this.#sizeBytes, extents }
  }
}

/** The index of the first extent that begins before the one in front of it ends; −1 where none does. */
function firstOverlap(extents: readonly Extent[]): number {
  let end = 0
  for (let index = 0; index < extents.length; index++) {
    const { offset, length } = extents[index]!
    if (offset < end) return index
    end = offset + length
  }
  return -1
}

/** One byte over and over. */
export function imageOfFill(sizeBytes: number, byte = 0): DiskImage {
  return new ImageBuilder(sizeBytes).fill(0, sizeBytes, byte).finish()
}

/** Bytes in memory as an image value of just their length. */
export function imageOfBytes(bytes: Uint8Array): DiskImage {
  return new ImageBuilder(bytes.length).bytes(0, bytes).finish()
}
