import type { DiskImage } from './extent.js'
import { PayloadReader } from './payload-reader.js'
import { readImage } from './read.js'

export const CHUNK_BYTES = 1 << 20

/**
 * All bytes of an image from first to last; unspecified space is zeros. Every chunk is the same memory, so each must be used
 * up before the next is asked for. Throws IoError where a file behind it cannot be read or has changed.
 */
export function* chunksOf(image: DiskImage, chunkBytes = CHUNK_BYTES): Generator<Uint8Array> {
  const reader = new PayloadReader()
  const buffer = new Uint8Array(Math.min(chunkBytes, image.sizeBytes))
  let isWhole = false
  try {
    for (let offset = 0; offset < image.sizeBytes; offset += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, image.sizeBytes - offset))
      readImage(image, offset, chunk, reader)
      yield chunk
    }
    isWhole = true
  } finally {
    if (isWhole) reader.close()
    else reader.abandon()
  }
}
