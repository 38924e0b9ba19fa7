/**
 * Tells content that deflate cannot shorten (compressed or encrypted files) from the rest, at a small part of what trying costs.
 * Counts decide, in arithmetic that is exact everywhere, so the answer is the same on every machine.
 */

/** Short enough that a compressed file's header and index do not hide it, and deflate's window. */
export const PROBE_BYTES = 32 << 10
/**
 * Σ count² · 256 / length² is 1 where all 256 bytes are equally frequent, and 1.008 for 32 KiB of noise. Up to 1.05 the entropy
 * is 7.96 bits and more of 8: codes of variable length save half a percent at best.
 */
const MOST_UNEVEN = 1.05
/** Repeats of four bytes and more that begin in a thousandth of all places: references save no more than that either. */
const MOST_REPEATS = 1 / 1024
const HASH_BITS = 15
const HASH_MULTIPLIER = 0x9e3779b1

const counts = new Uint32Array(256)
const lastWords = new Int32Array(1 << HASH_BITS)
const used = new Uint8Array(1 << HASH_BITS)

/** A part that is looked at first: most content is uneven in any part of itself. Of 4 KiB of noise the sum is 1.06. */
const GLANCE_BYTES = 4 << 10
const MOST_UNEVEN_GLANCE = 1.3

/** `bytes` of any length; from a few KiB on the answer says something. */
export function isIncompressible(bytes: Uint8Array): boolean {
  return (
    unevenness(bytes.subarray(0, GLANCE_BYTES)) <= MOST_UNEVEN_GLANCE &&
    unevenness(bytes) <= MOST_UNEVEN &&
    !repeats(bytes)
  )
}

/** Σ count² · 256 / length² */
function unevenness(bytes: Uint8Array): number {
  counts.fill(0)
  for (let at = 0; at < bytes.length; at++) counts[bytes[at]!]!++
  let sum = 0
  for (let byte = 0; byte < counts.length; byte++) sum += counts[byte]! ** 2
  return (sum * counts.length) / bytes.length ** 2
}

/** Even counts alone say little: 0, 1 … 255, 0, 1 … is as even as noise. */
function repeats(bytes: Uint8Array): boolean {
  const limit = bytes.length * MOST_REPEATS
  used.fill(0)
  let found = 0
  let word = 0
  for (let at = 0; at < bytes.length; at++) {
    word = (word >>> 8) | (bytes[at]! << 24)
    if (at < 3) continue
    const slot = Math.imul(word, HASH_MULTIPLIER) >>> (32 - HASH_BITS)
    if (used[slot] === 1 && lastWords[slot] === word && ++found > limit) return true
    lastWords[slot] = word
    used[slot] = 1
  }
  return false
}
