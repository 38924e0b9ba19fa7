/**
 * Where a bzip2 stream ends. It states no lengths, and its blocks begin at any bit; only the end has a magic of 48 bits, the
 * digits of the square root of pi, and after it a CRC of 32. Data that holds that magic by chance (one in 2^48 bits) makes
 * a stream end early, which unpacking it then refuses.
 */
import { ceilDivide } from '../../bytes/align.js'
import { type PackedSource, packedError } from './codec.js'

const END_MAGIC = 0x177245385090n
const END_MAGIC_BITS = 48
const CRC_BITS = 32
const HEADER_BYTES = 4
const WINDOW_BYTES = 1 << 17
/** The magic at any of eight bits takes seven bytes. */
const OVERLAP_BYTES = 6
const BYTE_BITS = 8

/** The bytes inside the magic that are the same whatever stands around it, for each bit at which it may begin. */
const PATTERNS = Array.from({ length: BYTE_BITS }, (_, shift) => {
  const shifted = END_MAGIC << BigInt(BYTE_BITS - shift)
  const bytes = Buffer.from(shifted.toString(16).padStart(14, '0'), 'hex')
  return { shift, bytes, inner: bytes.subarray(1, 6) }
})

/** The bits at which an end's magic begins, in ascending order; each part of the file is searched once. */
export class Bzip2Ends {
  readonly #source: PackedSource
  #found: number[] = []
  #searchedTo = 0

  constructor(source: PackedSource) {
    this.#source = source
  }

  /** The first one at `fromBit` or after it; callers ask in ascending order. */
  next(fromBit: number): number | undefined {
    this.#searchedTo = Math.max(this.#searchedTo, Math.floor(fromBit / BYTE_BITS))
    for (;;) {
      while (this.#found.length > 0 && this.#found[0]! < fromBit) this.#found.shift()
      if (this.#found.length > 0) return this.#found[0]
      if (this.#searchedTo >= this.#source.sizeBytes) return undefined
      this.#searchWindow()
    }
  }

  #searchWindow(): void {
    const start = this.#searchedTo
    const length = Math.min(WINDOW_BYTES, this.#source.sizeBytes - start)
    const window = Buffer.from(this.#source.read(start, length, 'bzip2'))
    const found: number[] = []
    for (const { shift, bytes, inner } of PATTERNS) {
      for (let at = window.indexOf(inner); at !== -1; at = window.indexOf(inner, at + 1)) {
        if (isMagicAt(window, at - 1, shift, bytes)) found.push((start + at - 1) * BYTE_BITS + shift)
      }
    }
    this.#found = [...new Set([...this.#found, ...found])].sort((a, b) => a - b)
    this.#searchedTo = length < WINDOW_BYTES ? this.#source.sizeBytes : start + length - OVERLAP_BYTES
  }
}

/** Of the first and the last byte only some bits belong to the magic. */
function isMagicAt(window: Buffer, at: number, shift: number, bytes: Buffer): boolean {
  if (at < 0 || at + OVERLAP_BYTES >= window.length + (shift === 0 ? 1 : 0)) return false
  const firstMask = 0xff >> shift
  const lastMask = 0xff & ~(0xff >> shift)
  return (window[at]! & firstMask) === bytes[0] && (shift === 0 || (window[at + 6]! & lastMask) === bytes[6])
}

export function endOfBzip2(source: PackedSource, ends: Bzip2Ends, start: number): number {
  const magic = ends.next((start + HEADER_BYTES) * BYTE_BITS)
  const end = magic === undefined ? undefined : ceilDivide(magic + END_MAGIC_BITS + CRC_BITS, BYTE_BITS)
  if (end !== undefined && end <= source.sizeBytes) return end
  const offset = source.sizeBytes
  throw packedError(source, { codec: 'bzip2', offset, found: 'the end of the file', expected: 'the end of a stream' })
}
