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
  const builder = new ImageBuilder(sizeBytes)
  let end = 0
  scanner ??= makeDataScanner()
  for (const [dataStart, dataEnd] of scanner.scan(file.path, sizeBytes, start)) {
    builder.fill(end, dataStart - end).file(dataStart, dataEnd - dataStart, file.source, start + dataStart)
    end = dataEnd
  }
  return builder.fill(end, sizeBytes - end).finish()
}
