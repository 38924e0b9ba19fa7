import { byteChoice } from './leaf.js'

const KIB = 1024

/** What a flash erases at once, in bytes: a power of two from 8 KiB to 1 MiB. */
export function eraseBlockBytes() {
  return byteChoice([8, 16, 32, 64, 128, 256, 512, 1024].map((kib) => kib * KIB))
}
