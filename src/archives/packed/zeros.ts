import { isZero } from '../../bytes/zeros.js'
import type { PackedSource } from './codec.js'

const READ_BYTES = 1 << 17

/** The offset of the first byte from `start` on that is not zero, or the end of the file. Linear in the zeros. */
export function endOfZeros(source: PackedSource, start: number): number {
  for (let at = start; at < source.sizeBytes; ) {
    const bytes = source.read(at, Math.min(READ_BYTES, source.sizeBytes - at), 'padding')
    if (!isZero(bytes)) return at + bytes.findIndex((byte) => byte !== 0)
    at += bytes.length
  }
  return source.sizeBytes
}
