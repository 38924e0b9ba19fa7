/**
 * The area of directories, long symlinks and attribute blocks as something that is made when it is read: nobody has to hold the
 * blocks of ten thousand small directories.
 */
import { firstEndingAfter, type MakeBytes } from '../../image/extent.js'

export interface AreaPart {
  /** From the beginning of the area; each part begins where the one before ends. */
  readonly offset: number
  readonly length: number
  /** Fills `target`, which is zeros and as long as the part. The same each time. */
  readonly encode: (target: Uint8Array) => void
}

/** A longer part is encoded once, however many windows it is read in, and kept. */
const KEPT_MINIMUM_BYTES = 65536

export function makeOfParts(parts: readonly AreaPart[]): MakeBytes {
  const kept = new Map<AreaPart, Uint8Array>()
  const encoded = (part: AreaPart): Uint8Array => {
    const known = kept.get(part)
    if (known !== undefined) return known
    const bytes = new Uint8Array(part.length)
    part.encode(bytes)
    if (part.length >= KEPT_MINIMUM_BYTES) kept.set(part, bytes)
    return bytes
  }
  return (target, offset) => {
    let index = firstEndingAfter(parts, offset)
    for (let at = 0; at < target.length; index++) {
      const part = parts[index]!
      const skip = offset + at - part.offset
      const length = Math.min(part.length - skip, target.length - at)
      const stretch = target.subarray(at, at + length)
      if (length < part.length || part.length >= KEPT_MINIMUM_BYTES) {
        stretch.set(encoded(part).subarray(skip, skip + length))
      } else {
        stretch.fill(0)
        part.encode(stretch)
      }
      at += length
    }
  }
}
