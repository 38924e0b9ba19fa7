import { extentsWithin } from './compose.js'
import type { DiskImage, Extent } from './extent.js'
import type { PayloadReader } from './payload-reader.js'

/**
 * Random read: fills `target` with what stands at [offset, offset + target.length). Unspecified space reads as zeros, as
 * in the raw file. O(log extents + extents hit).
 */
export function readImage(image: DiskImage, offset: number, target: Uint8Array, reader: PayloadReader): void {
  readExtents(extentsWithin(image, offset, offset + target.length), offset, target, reader)
}

/** The same from extents that are clipped to the stretch already. */
export function readExtents(
  extents: Iterable<Extent>,
  offset: number,
  target: Uint8Array,
  reader: PayloadReader,
): void {
  let filled = 0
  for (const extent of extents) {
    const at = extent.offset - offset
    target.fill(0, filled, at)
    readExtent(extent, target.subarray(at, at + extent.length), reader)
    filled = at + extent.length
  }
  target.fill(0, filled)
}

function readExtent({ source }: Extent, target: Uint8Array, reader: PayloadReader): void {
  switch (source.kind) {
    case 'bytes':
      target.set(source.bytes)
      return
    case 'file':
      reader.read(source.file, source.offset, target)
      return
    case 'fill':
      target.fill(source.byte)
  }
}
