import { extentsWithin } from './compose.js'
import type { DiskImage, Extent, Source } from './extent.js'
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
    const start = extent.offset - offset
    const end = start + extent.length
    if (filled < start) target.fill(0, filled, start)
    readSource(extent.source, target, start, end, reader)
    filled = end
  }
  target.fill(0, filled)
}

/** Into [start, end) of `target`: a view for each of a hundred thousand files would cost as much as reading some of them. */
function readSource(source: Source, target: Uint8Array, start: number, end: number, reader: PayloadReader): void {
  switch (source.kind) {
    case 'bytes':
      target.set(source.bytes, start)
      return
    case 'made':
      source.make(target.subarray(start, end), source.offset)
      return
    case 'file':
      reader.read(source.file, source.offset, target, start, end)
      return
    case 'fill':
      target.fill(source.byte, start, end)
  }
}
