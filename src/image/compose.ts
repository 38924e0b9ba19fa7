/** Values from values: slices, placements, one image laid over another. None of them reads a byte. */
import { invariant } from '../errors.js'
import { clipExtent, type DiskImage, type Extent, extentEnd, firstEndingAfter, ImageBuilder } from './extent.js'

/** Every extent of `image` that touches [start, end), clipped to it, in order. O(log n + hits). */
export function* extentsWithin(image: DiskImage, start: number, end: number): Generator<Extent> {
  for (let index = firstEndingAfter(image.extents, start); index < image.extents.length; index++) {
    const clipped = clipExtent(image.extents[index]!, start, end)
    if (clipped === undefined) return
    yield clipped
  }
}

/** The stretch [offset, offset + length) as an image of its own. */
export function sliceImage(image: DiskImage, offset: number, length: number): DiskImage {
  invariant(offset >= 0 && offset + length <= image.sizeBytes, `slice ${offset}+${length} of ${image.sizeBytes} bytes`)
  const builder = new ImageBuilder(length)
  for (const extent of extentsWithin(image, offset, offset + length)) builder.extent(-offset, extent)
  return builder.finish()
}

/** `image` at `offset` inside a disk of `sizeBytes`; the rest unspecified. */
export function placeImage(image: DiskImage, offset: number, sizeBytes: number): DiskImage {
  return new ImageBuilder(sizeBytes).image(offset, image).finish()
}

/** What `upper` specifies, and `lower` where it does not. Both have the same size. O(n + m). */
export function overlayImages(lower: DiskImage, upper: DiskImage): DiskImage {
  invariant(lower.sizeBytes === upper.sizeBytes, `overlay of ${upper.sizeBytes} bytes on ${lower.sizeBytes}`)
  // A disk without a table: nothing is gained by a copy of a hundred thousand extents.
  if (lower.extents.length === 0) return upper
  const builder = new ImageBuilder(lower.sizeBytes)
  let end = 0
  for (const extent of upper.extents) {
    for (const below of extentsWithin(lower, end, extent.offset)) builder.extent(0, below)
    builder.extent(0, extent)
    end = extentEnd(extent)
  }
  for (const below of extentsWithin(lower, end, lower.sizeBytes)) builder.extent(0, below)
  return builder.finish()
}

/** The stretches between the extents, which are unspecified, as [start, end). */
export function* unspecifiedStretches(image: DiskImage): Generator<readonly [start: number, end: number]> {
  let end = 0
  for (const extent of image.extents) {
    if (extent.offset > end) yield [end, extent.offset]
    end = extentEnd(extent)
  }
  if (end < image.sizeBytes) yield [end, image.sizeBytes]
}
