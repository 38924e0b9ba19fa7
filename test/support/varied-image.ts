/** An image of every state in every neighbourhood, and what a used medium holds after it was written there by blocks. */
import { type DiskImage, extentEnd, ImageBuilder } from '../../src/image/extent.js'
import { PayloadReader } from '../../src/image/payload-reader.js'
import { readImage } from '../../src/image/read.js'

const KIB = 1024
const MIB = 1024 * KIB

function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/**
 * Content that begins and ends anywhere, zeros and 0xFF in stretches that are whole blocks, ragged, or shorter than one,
 * alone and beside content, and long gaps; a last block that is content. At least 24 MiB.
 */
export function variedImage(sizeBytes: number): DiskImage {
  return new ImageBuilder(sizeBytes)
    .bytes(0, noise(5000, 1))
    .fill(5000, 200_000)
    .bytes(205_000, noise(3 * MIB, 2))
    .fill(4 * MIB + 100, 300_000)
    .fill(5 * MIB, 400_001, 0xff)
    .bytes(5 * MIB + 400_001, noise(17, 3))
    .fill(6 * MIB + 4096, 70_000, 0xee)
    .bytes(7 * MIB + 1, noise(10, 4))
    .bytes(7 * MIB + 8192, noise(10, 5))
    .fill(8 * MIB + 64 * KIB, 2 * MIB)
    .fill(12 * MIB + 512, 66_000, 0xff)
    .fill(12 * MIB + 512 + 66_000, 66_000)
    .bytes(20 * MIB - 1, noise(2, 6))
    .bytes(sizeBytes - 70_003, noise(70_003, 7))
    .finish()
}

/** The raw image: unspecified space is zeros. */
export function rawBytes(image: DiskImage): Buffer {
  const raw = Buffer.alloc(image.sizeBytes)
  const reader = new PayloadReader()
  readImage(image, 0, raw, reader)
  reader.close()
  return raw
}

/** For each block whether anything in it is specified. */
export function specifiedBlocks(image: DiskImage, blockBytes: number): boolean[] {
  const blocks = new Array<boolean>(Math.ceil(image.sizeBytes / blockBytes)).fill(false)
  for (const extent of image.extents) {
    const last = Math.floor((extentEnd(extent) - 1) / blockBytes)
    for (let block = Math.floor(extent.offset / blockBytes); block <= last; block++) blocks[block] = true
  }
  return blocks
}

/** What a medium full of `before` holds after every block with something specified was written. */
export function writtenOver(image: DiskImage, blockBytes: number, before: number): Buffer {
  const bytes = rawBytes(image)
  specifiedBlocks(image, blockBytes).forEach((specified, block) => {
    if (!specified) bytes.fill(before, block * blockBytes, (block + 1) * blockBytes)
  })
  return bytes
}

/** Throws with the first byte that differs. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return
  if (actual.length !== expected.length) throw new Error(`${actual.length} bytes, expected ${expected.length}`)
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  throw new Error(`byte ${at} is ${actual[at]}, expected ${expected[at]}`)
}
