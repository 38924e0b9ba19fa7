const BITS_PER_BYTE = 8
const FULL = 0xff

/** Sets bits [from, to), lowest bit of a byte first, as ext's bitmaps have them. */
export function setBits(bitmap: Uint8Array, from: number, to: number): void {
  if (from >= to) return
  const firstByte = Math.floor(from / BITS_PER_BYTE)
  const lastByte = Math.floor((to - 1) / BITS_PER_BYTE)
  const firstMask = (FULL << (from % BITS_PER_BYTE)) & FULL
  const lastMask = FULL >> (BITS_PER_BYTE - 1 - ((to - 1) % BITS_PER_BYTE))
  if (firstByte === lastByte) {
    bitmap[firstByte]! |= firstMask & lastMask
    return
  }
  bitmap[firstByte]! |= firstMask
  bitmap.fill(FULL, firstByte + 1, lastByte)
  bitmap[lastByte]! |= lastMask
}
