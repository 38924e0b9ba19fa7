/**
 * Deflate of a long run of one byte, written down instead of computed: one block with a Huffman code of our own in which
 * 258 bytes cost two zero bits, 1032:1, the most that deflate can do. zlib needs 1.6 s a gigabyte to find it.  [RFC 1951 §3.2]
 *
 * The code: length symbol 285 (258 bytes) has one bit, 0; the literal and end-of-block have two bits, 10 and 11 (the smaller
 * symbol first); distance 1 is the only distance, one bit, 0. So the body of the run is zero bytes.
 */
import { invariant } from '../errors.js'
import { CODE_LENGTH_ORDER } from './deflate-last-block.js'

const LENGTH_SYMBOL = 285
const LENGTH_BYTES = 258
const END_OF_BLOCK = 256
const BITS_PER_MATCH = 2
/** The body is handed out in pieces of at most this size. */
const PIECE_BYTES = 1 << 20

const ZERO_PIECE = new Uint8Array(PIECE_BYTES)

/** Bits from the least significant one up, as deflate packs them. */
class BitWriter {
  readonly #bytes: number[] = []
  #bits = 0
  #count = 0

  write(value: number, bits: number): void {
    this.#bits |= value << this.#count
    this.#count += bits
    while (this.#count >= 8) {
      this.#bytes.push(this.#bits & 0xff)
      this.#bits >>>= 8
      this.#count -= 8
    }
  }

  /** A Huffman code: its most significant bit first. */
  code(code: string): void {
    for (const bit of code) this.write(bit === '1' ? 1 : 0, 1)
  }

  get bitsInLastByte(): number {
    return this.#count
  }

  alignToByte(): void {
    if (this.#count > 0) this.write(0, 8 - this.#count)
  }

  take(): Uint8Array {
    invariant(this.#count === 0, 'bits left over')
    return Uint8Array.from(this.#bytes.splice(0))
  }
}

/**
 * `length` times `byte` as non-final deflate blocks that begin and end at a byte boundary and refer to nothing before
 * them, in pieces. At least 1 byte.
 */
export function* deflateFill(byte: number, length: number): Generator<Uint8Array> {
  invariant(length >= 1, `deflateFill of ${length} bytes`)
  const matches = Math.floor((length - 1) / LENGTH_BYTES)
  const literals = 1 + ((length - 1) % LENGTH_BYTES)
  const bits = new BitWriter()
  writeBlockHeader(bits, byte)
  for (let index = 0; index < literals; index++) bits.code('10')
  // Whole bytes of matches are zero bytes; the rest goes bit by bit, around them.
  let matchBits = matches * BITS_PER_MATCH
  while (matchBits > 0 && bits.bitsInLastByte !== 0) {
    bits.write(0, 1)
    matchBits--
  }
  const wholeBytes = Math.floor(matchBits / 8)
  if (wholeBytes > 0) {
    yield bits.take()
    for (let done = 0; done < wholeBytes; done += PIECE_BYTES) {
      yield ZERO_PIECE.subarray(0, Math.min(PIECE_BYTES, wholeBytes - done))
    }
  }
  for (let rest = matchBits % 8; rest > 0; rest--) bits.write(0, 1)
  bits.code('11')
  writeEmptyStoredBlock(bits)
  yield bits.take()
}

/** BFINAL 0, BTYPE 2, and the code lengths: 2 for the literal and end-of-block, 1 for 285 and for distance 1. */
function writeBlockHeader(bits: BitWriter, byte: number): void {
  bits.write(0, 1)
  bits.write(2, 2)
  bits.write(LENGTH_SYMBOL + 1 - 257, 5) // HLIT
  bits.write(1 - 1, 5) // HDIST
  // The code-length code: symbols 0 (a zero length), 1, 2 and 18 (11 to 138 zero lengths), two bits each.
  const used = new Set([0, 1, 2, 18])
  const last = CODE_LENGTH_ORDER.findLastIndex((symbol) => used.has(symbol))
  bits.write(last + 1 - 4, 4) // HCLEN
  for (const symbol of CODE_LENGTH_ORDER.slice(0, last + 1)) bits.write(used.has(symbol) ? 2 : 0, 3)
  const zeros = (count: number): void => {
    for (let rest = count; rest > 0; ) {
      const run = Math.min(rest, 138)
      if (run < 11) {
        bits.code('00')
        rest--
      } else {
        bits.code('11')
        bits.write(run - 11, 7)
        rest -= run
      }
    }
  }
  zeros(byte)
  bits.code('10') // length 2: the literal
  zeros(END_OF_BLOCK - byte - 1)
  bits.code('10') // length 2: end of block
  zeros(LENGTH_SYMBOL - END_OF_BLOCK - 1)
  bits.code('01') // length 1: 285
  bits.code('01') // length 1: distance 1
}

/** What zlib calls a sync flush: the next block begins at a byte. */
function writeEmptyStoredBlock(bits: BitWriter): void {
  bits.write(0, 3)
  bits.alignToByte()
  bits.write(0x0000, 16)
  bits.write(0xffff, 16)
}

/** Ends a deflate stream: an empty final block with the fixed code. */
export const DEFLATE_END = Uint8Array.of(0x03, 0x00)
