/**
 * An image's bytes into a spool, for readers that want a file: what is packed inside an archive.
 */
import { InterruptedError } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { Spool } from './spool.js'

const PIECE_BYTES = 1 << 20

/** Zeros of the image are holes of the spool. IoError where the disk is full, InterruptedError. */
export function copyImageTo(spool: Spool, image: DiskImage, signal: AbortSignal | undefined): void {
  const reader = new PayloadReader()
  const buffer = new Uint8Array(PIECE_BYTES)
  try {
    for (const { offset, length, source } of image.extents) {
      if (source.kind === 'fill' && source.byte === 0) continue
      for (let at = offset; at < offset + length; at += PIECE_BYTES) {
        if (signal?.aborted === true) throw new InterruptedError()
        const piece = buffer.subarray(0, Math.min(PIECE_BYTES, offset + length - at))
        readImage(image, at, piece, reader)
        spool.write(at, piece)
      }
    }
    reader.close()
  } finally {
    reader.abandon()
  }
  spool.truncate(image.sizeBytes)
}
