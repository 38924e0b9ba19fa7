/** A file's content as the nodes want it: pages, and the stretches of whole pages that are zeros. */

import { alignDown } from '../../bytes/align.js'
import { isZero } from '../../bytes/zeros.js'
import { sliceImage } from '../../image/compose.js'
import { type DiskImage, firstEndingAfter, isZeroFill } from '../../image/extent.js'
import type { PayloadReader } from '../../image/payload-reader.js'
import { readImage } from '../../image/read.js'
import { PAGE_BYTES } from './disklayout.js'

export type FilePart =
  | { readonly kind: 'zeros'; readonly offset: number; readonly length: number }
  /** At most PAGE_BYTES, not all of them zero; whoever gets them must not keep them. */
  | { readonly kind: 'page'; readonly offset: number; readonly bytes: Uint8Array }

/** Read at once. */
const CHUNK_BYTES = 64 * PAGE_BYTES

/** In order, the whole file. Holes and zeros are one. What no extent says is not read. */
export function* filePartsOf(content: DiskImage, reader: PayloadReader): Generator<FilePart> {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, content.sizeBytes))
  let zerosFrom: number | undefined
  for (let start = 0; start < content.sizeBytes; ) {
    const emptyUntil = endOfEmptiness(content, start)
    if (emptyUntil > start) {
      zerosFrom ??= start
      start = emptyUntil
      continue
    }
    const chunk = buffer.subarray(0, Math.min(buffer.length, content.sizeBytes - start))
    readImage(content, start, chunk, reader)
    for (let at = 0; at < chunk.length; at += PAGE_BYTES) {
      const bytes = chunk.subarray(at, at + PAGE_BYTES)
      const offset = start + at
      if (isZero(bytes)) {
        zerosFrom ??= offset
        continue
      }
      if (zerosFrom !== undefined) yield { kind: 'zeros', offset: zerosFrom, length: offset - zerosFrom }
      zerosFrom = undefined
      yield { kind: 'page', offset, bytes }
    }
    start += chunk.length
  }
  if (zerosFrom !== undefined) yield { kind: 'zeros', offset: zerosFrom, length: content.sizeBytes - zerosFrom }
}

/** The end of the whole pages from `start` on that are holes or a fill of zeros; `start` where the first is not. */
function endOfEmptiness({ extents, sizeBytes }: DiskImage, start: number): number {
  let end = start
  for (let index = firstEndingAfter(extents, start); ; index++) {
    const extent = extents[index]
    if (extent === undefined) return sizeBytes
    if (!isZeroFill(extent.source)) {
      end = Math.max(start, alignDown(extent.offset, PAGE_BYTES))
      return end
    }
  }
}

/**
 * What a node stores of a page that stays as it is: a stretch of the payload's own file where it is one, so that no byte of
 * it is held until it is woven; else a copy.
 */
export function storedData(content: DiskImage, offset: number, bytes: Uint8Array): Uint8Array | DiskImage {
  const slice = sliceImage(content, offset, bytes.length)
  const [only] = slice.extents
  return only?.source.kind === 'file' && only.length === bytes.length ? slice : bytes.slice()
}
