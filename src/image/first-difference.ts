/**
 * Where two images begin to differ. What both have as the same fill, as nothing (which reads as zeros) or as the same stretch
 * of the same file is passed over without being read, so two sparse disks cost their content; memory is two buffers.
 */
import { type DiskImage, type Extent, extentEnd, type Source } from './extent.js'
import { PayloadReader } from './payload-reader.js'
import { readImage } from './read.js'

const CHUNK_BYTES = 1 << 20

/**
 * The first byte that differs, or undefined where none does; where one image ends before the other, and is the same up to there,
 * its end. IoError as PayloadReader.
 */
export function firstDifference(a: DiskImage, b: DiskImage): number | undefined {
  const comparer = new ImageComparer()
  try {
    return comparer.firstDifference(a, b)
  } finally {
    comparer.close()
  }
}

/** For many pairs: files stay open and buffers are used again from one to the next. Call `close` at the end. */
export class ImageComparer {
  readonly #readers = [new PayloadReader(), new PayloadReader()] as const
  #buffers: readonly [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)]

  /** As the function of that name. */
  firstDifference(a: DiskImage, b: DiskImage): number | undefined {
    const end = Math.min(a.sizeBytes, b.sizeBytes)
    for (const [start, stop] of stretchesToRead(a, b, end)) {
      const found = this.#first(a, b, start, stop)
      if (found !== undefined) return found
    }
    return a.sizeBytes === b.sizeBytes ? undefined : end
  }

  close(): void {
    for (const reader of this.#readers) reader.abandon()
  }

  #first(a: DiskImage, b: DiskImage, start: number, stop: number): number | undefined {
    const size = Math.min(CHUNK_BYTES, stop - start)
    if (this.#buffers[0].length < size) this.#buffers = [new Uint8Array(size), new Uint8Array(size)]
    for (let at = start; at < stop; at += size) {
      const length = Math.min(size, stop - at)
      const left = this.#buffers[0].subarray(0, length)
      const right = this.#buffers[1].subarray(0, length)
      readImage(a, at, left, this.#readers[0])
      readImage(b, at, right, this.#readers[1])
      if (Buffer.compare(left, right) !== 0) return at + left.findIndex((byte, index) => byte !== right[index])
    }
    return undefined
  }
}

/** [start, end) of what has to be read to be compared; neighbours are joined. O(extents). */
function* stretchesToRead(a: DiskImage, b: DiskImage, end: number): Generator<readonly [start: number, end: number]> {
  const [left, right] = [new Cursor(a), new Cursor(b)]
  let pending: [number, number] | undefined
  for (let at = 0; at < end; ) {
    const stop = Math.min(end, left.stretchEnd(at), right.stretchEnd(at))
    if (!isSame(left.sourceAt(at), right.sourceAt(at))) {
      if (pending !== undefined && pending[1] === at) pending[1] = stop
      else {
        if (pending !== undefined) yield pending
        pending = [at, stop]
      }
    }
    at = stop
  }
  if (pending !== undefined) yield pending
}

/** What stands at ascending offsets. */
class Cursor {
  readonly #image: DiskImage
  #index = 0

  constructor(image: DiskImage) {
    this.#image = image
  }

  /** The extent that covers `offset`, or the next one. */
  #extent(offset: number): Extent | undefined {
    const { extents } = this.#image
    while (this.#index < extents.length && extentEnd(extents[this.#index]!) <= offset) this.#index++
    return extents[this.#index]
  }

  stretchEnd(offset: number): number {
    const extent = this.#extent(offset)
    if (extent === undefined) return Number.POSITIVE_INFINITY
    return extent.offset > offset ? extent.offset : extentEnd(extent)
  }

  /** As it is at that offset; zeros where nothing is. */
  sourceAt(offset: number): Source {
    const extent = this.#extent(offset)
    if (extent === undefined || extent.offset > offset) return { kind: 'fill', byte: 0 }
    const { source } = extent
    if (source.kind !== 'file' && source.kind !== 'made') return source
    return { ...source, offset: source.offset + offset - extent.offset }
  }
}

function isSame(a: Source, b: Source): boolean {
  if (a.kind === 'fill' && b.kind === 'fill') return a.byte === b.byte
  if (a.kind === 'made' && b.kind === 'made') return a.make === b.make && a.offset === b.offset
  return a.kind === 'file' && b.kind === 'file' && a.file === b.file && a.offset === b.offset
}
