/**
 * CRC-32 (IEEE 802.3, reflected: zip, gzip, GPT) with the two operations that sparse images need: the checksum of a
 * long run of one byte, and the checksum of two stretches laid end to end, both in O(log length).
 *
 * A CRC is a remainder of polynomials over GF(2): appending n bytes multiplies by x^(8n) mod P. In the reflected
 * notation used here bit 31 is x^0.
 */
import { crc32 as zlibCrc32 } from 'node:zlib'

const POLYNOMIAL = 0xedb88320
const ONE = 0x80000000 // x^0
const X8 = 0x00800000 // x^8

/** CRC-32 of `data`, continuing from the checksum of what stood before it. */
export function crc32(data: Uint8Array, previous = 0): number {
  return zlibCrc32(data, previous)
}

const ALL_ONES = 0xffff_ffff

/** As Linux's `crc32_le`: begun with `seed`, where the usual one begins with all ones, and not inverted at the end. */
export function crc32Le(seed: number, data: Uint8Array): number {
  return (crc32(data, (seed ^ ALL_ONES) >>> 0) ^ ALL_ONES) >>> 0
}

/** a · b mod P */
function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1
  }
  return product >>> 0
}

/** x^(8·lengthBytes) mod P */
function shiftBy(lengthBytes: number): number {
  let result = ONE
  let power = X8
  for (let rest = lengthBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, power)
    power = multiply(power, power)
  }
  return result
}

/** The CRC-32 of A‖B from those of A and of B and the length of B in bytes. */
export function combineCrc32(crcA: number, crcB: number, lengthB: number): number {
  return (multiply(shiftBy(lengthB), crcA) ^ crcB) >>> 0
}

/** The CRC-32 of `length` times the same byte: doubling, O(log length). */
export function crc32OfFill(byte: number, length: number): number {
  let result = 0
  let block = crc32(Uint8Array.of(byte))
  let blockLength = 1
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = combineCrc32(result, block, blockLength)
    block = combineCrc32(block, block, blockLength)
    blockLength *= 2
  }
  return result
}
