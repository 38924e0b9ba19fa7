import { statSync } from 'node:fs'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { dataExtentsOf, STAT_BLOCK_BYTES } from '../tree/data-extents.js'
import { type ByteRange, type DataScanner, makeDataScanner } from '../tree/data-ranges.js'
import type { ImageFile } from './image-file.js'

/** Made when first needed; its buffers serve all images. */
let scanner: DataScanner | undefined

/**
 * The file as an image: blocks of zeros are zeros (holes are), everything else a range of the file.
 * Nothing is unspecified, since a raw image does not tell which of its zeros matter. Reads it once; holes cost nothing, or 0.03 s
 * for each GiB where there is no perl to find them.
 */
export async function rawImage(file: ImageFile, options: ExtentOptions): Promise<DiskImage> {
  return withZerosFound(wholeFile(file), await extentsOf(file, options))
}

/** The file as an image whose holes are zeros, where its file system tells them; nothing is read. */
export async function holesOfFile(file: ImageFile, options: ExtentOptions): Promise<DiskImage> {
  const extents = await extentsOf(file, options)
  if (extents === undefined) return wholeFile(file)
  const builder = new ImageBuilder(file.sizeBytes)
  let end = 0
  for (const [start, dataEnd] of extents) {
    builder.fill(end, start - end).file(start, dataEnd - start, file.source, start)
    end = dataEnd
  }
  return builder.fill(end, file.sizeBytes - end).finish()
}

function extentsOf({ path, sizeBytes }: ImageFile, options: ExtentOptions): ReturnType<typeof dataExtentsOf> {
  const { blocks } = statSync(path)
  return dataExtentsOf({ path, sizeBytes, allocatedBytes: blocks * STAT_BLOCK_BYTES }, options)
}

type ExtentOptions = Parameters<typeof dataExtentsOf>[1]

/** The same without looking for zeros: one range of the file, and nothing is read. */
export function wholeFile(file: ImageFile, start = 0, sizeBytes = file.sizeBytes): DiskImage {
  return new ImageBuilder(sizeBytes).file(0, sizeBytes, file.source, start).finish()
}

/**
 * The image with blocks of zeros in its ranges of files told as such. Reads those once, 0.03 s for each GiB of hole.
 * `extents`: stretches of the one file behind it outside which there are zeros. IoError.
 */
export function withZerosFound(image: DiskImage, extents?: readonly ByteRange[]): DiskImage {
  const builder = new ImageBuilder(image.sizeBytes)
  for (const extent of image.extents) {
    const { offset, length, source } = extent
    if (source.kind !== 'file') {
      builder.extent(0, extent)
      continue
    }
    let end = 0
    scanner ??= makeDataScanner()
    for (const [dataStart, dataEnd] of scanner.scan(source.file.path, length, source.offset, extents)) {
      builder.fill(offset + end, dataStart - end)
      builder.file(offset + dataStart, dataEnd - dataStart, source.file, source.offset + dataStart)
      end = dataEnd
    }
    builder.fill(offset + end, length - end)
  }
  return builder.finish()
}
