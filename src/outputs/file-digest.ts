import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import type { SourceFile } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'

const CHUNK_BYTES = 1 << 20

/** The SHA-256 of a file by a read of its own, lower-case hexadecimal. Throws IoError where it changed or cannot be read. */
export function fileDigest(file: SourceFile): string {
  const hash = createHash('sha256')
  const reader = new PayloadReader()
  try {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, file.sizeBytes))
    for (let done = 0; done < file.sizeBytes; done += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, file.sizeBytes - done))
      reader.read(file, done, part)
      hash.update(part)
    }
    reader.close()
  } finally {
    reader.abandon()
  }
  return hash.digest('hex')
}

/** The same of an output that nobody else writes to. */
export function fileDigestAt(path: string): string {
  return fileDigest({ path, sizeBytes: statSync(path).size })
}

export function bytesDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
