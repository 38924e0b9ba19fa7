import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { type DataScanner, makeDataScanner } from '../tree/data-ranges.js'
import type { ImageFile } from './image-file.js'

/** Made when first needed; its buffers serve all images. */
let scanner: DataScanner | undefined

/**
 * `sizeBytes` from `start` on as an image: blocks of zeros are zeros (holes are), everything else a range of the file.
 * Nothing is unspecified, since a raw image does not tell which of its zeros matter. Reads it once, holes at no cost.
 */
export function rawImage(file: ImageFile, start = 0, sizeBytes = file.sizeBytes): DiskImage {
  return withZerosFound(wholeFile(file, start, sizeBytes))
}

/** The same without looking for zeros: one range of the file, and nothing is read. */
export function wholeFile(file: ImageFile, start = 0, sizeBytes = file.sizeBytes): DiskImage {
  return new ImageBuilder(sizeBytes).file(0, sizeBytes, file.source, start).finish()
}

/** The image with blocks of zeros in its ranges of files told as such. Reads those once, holes at no cost. IoError. */
export function withZerosFound(image: DiskImage): DiskImage {
  const builder = new ImageBuilder(image.sizeBytes)
  for (const extent of image.extents) {
    const { offset, length, source } = extent
    if (source.kind !== 'file') {
      builder.extent(0, extent)
      continue
    }
    let end = 0
    scanner ??= makeDataScanner()
    for (const [dataStart, dataEnd] of scanner.scan(source.file.path, length, source.offset)) {
      builder.fill(offset + end, dataStart - end)
      builder.file(offset + dataStart, dataEnd - dataStart, source.file, source.offset + dataStart)
      end = dataEnd
    }
    builder.fill(offset + end, length - end)
  }
  return builder.finish()
}
