/** The bytes of a content, one piece after the other. */
import type { DiskImage } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'

export const CHUNK_BYTES = 1 << 20

/** Each chunk is lent until the next one is asked for. IoError where something cannot be read, or has changed. */
export function* contentChunks(content: DiskImage, chunkBytes = CHUNK_BYTES): Generator<Uint8Array> {
  const reader = new PayloadReader()
  const buffer = new Uint8Array(Math.min(chunkBytes, content.sizeBytes))
  let isDone = false
  try {
    for (let offset = 0; offset < content.sizeBytes; offset += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, content.sizeBytes - offset))
      readImage(content, offset, chunk, reader)
      yield chunk
    }
    isDone = true
  } finally {
    if (isDone) reader.close()
    else reader.abandon()
  }
}
