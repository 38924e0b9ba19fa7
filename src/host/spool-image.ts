import { closeSync, ftruncateSync, openSync, statSync } from 'node:fs'
import { alignUp } from '../bytes/align.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import { makeDataScanner } from '../tree/data-ranges.js'

/**
 * The stretch [offsetBytes, offsetBytes + sizeBytes) of a finished spool file as an image: blocks of zeros are zeros,
 * everything else a range of the file. Nothing is unspecified, since nobody knows what the other tools rely on. Reads the
 * whole file, directly: about 0.03 s for each GiB of hole, the speed of the disk for data.
 */
export function imageOfSpool(path: string, offsetBytes: number, sizeBytes: number): DiskImage {
  const end = offsetBytes + sizeBytes
  const spool: SourceFile = { path, sizeBytes: end }
  const builder = new ImageBuilder(sizeBytes)
  let at = offsetBytes
  for (const [dataStart, dataEnd] of makeDataScanner().scan(path, end)) {
    // Data before the volume there is none: the spool was made for it alone.
    const start = Math.max(dataStart, offsetBytes)
    if (start >= dataEnd) continue
    builder.fill(at - offsetBytes, start - at)
    builder.file(start - offsetBytes, dataEnd - start, spool, start)
    at = dataEnd
  }
  return builder.fill(at - offsetBytes, end - at).finish()
}

/** A finished file that is a volume as a whole, filled up with zeros to 4 KiB: no kernel reads less of a block device. */
export function imageOfFile(path: string): DiskImage {
  const { size } = statSync(path)
  const image = imageOfSpool(path, 0, size)
  const sizeBytes = alignUp(size, VOLUME_GRAIN_BYTES)
  return new ImageBuilder(sizeBytes)
    .image(0, image)
    .fill(size, sizeBytes - size)
    .finish()
}

const VOLUME_GRAIN_BYTES = 4096

export function makeSparseFile(path: string, sizeBytes: number): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    ftruncateSync(fd, sizeBytes)
  } finally {
    closeSync(fd)
  }
}
