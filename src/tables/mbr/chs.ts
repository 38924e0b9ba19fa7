/** Cylinder, head, sector: the addresses before LBA. Nobody's disk has these heads; readers only compare and clamp. */

/** The geometry that every BIOS and partitioner has assumed since LBA-assist translation. */
const HEADS = 255
const SECTORS_PER_TRACK = 63
const CYLINDERS = 1024

/** Beyond what CHS can say: head 254, sector 63, cylinder 1023. */
const BEYOND = [0xfe, 0xff, 0xff] as const

/** The three bytes of a StartingCHS or EndingCHS: head; sector and the cylinder's bits 8-9; cylinder. [UEFI 2.10 §5.2.1] */
export function encodeChs(lba: number): Uint8Array {
  const track = Math.floor(lba / SECTORS_PER_TRACK)
  const cylinder = Math.floor(track / HEADS)
  if (cylinder >= CYLINDERS) return Uint8Array.from(BEYOND)
  const sector = (lba % SECTORS_PER_TRACK) + 1 // sectors count from 1
  return Uint8Array.of(track % HEADS, sector | ((cylinder >> 8) << 6), cylinder & 0xff)
}
