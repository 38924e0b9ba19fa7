/** The bytes of a small image value, read as plainly as can be; holes are zeros. */
import { closeSync, openSync, readSync } from 'node:fs'
import type { DiskImage } from '../../src/image/extent.js'

export function readBytes(image: DiskImage): Uint8Array {
  const bytes = Buffer.alloc(image.sizeBytes)
  for (const { offset, length, source } of image.extents) {
    if (source.kind === 'bytes') bytes.set(source.bytes, offset)
    else if (source.kind === 'fill') bytes.fill(source.byte, offset, offset + length)
    else if (source.kind === 'made') source.make(bytes.subarray(offset, offset + length), source.offset)
    else {
      const fd = openSync(source.file.path, 'r')
      try {
        const count = readSync(fd, bytes, offset, length, source.offset)
        if (count !== length) throw new Error(`${source.file.path}: ${count} of ${length} bytes`)
      } finally {
        closeSync(fd)
      }
    }
  }
  return bytes
}
