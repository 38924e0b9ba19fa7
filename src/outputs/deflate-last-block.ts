/**
 * Reads a complete deflate stream beside the bytes that it must give, and tells where its last block lies. [RFC 1951]
 *
 * One reading for two needs. An encoder's mistake is found on the day that it is made, not when a board needs its image. And an
 * encoder of whole buffers ends its stream, where ours has to go on behind it: only a reader knows where the bit that says
 * "final" stands. zlib would do the first alone, and into fresh memory; comparing in place takes none.
 */
import { invariant } from '../errors.js'

export interface LastBlock {
  /** The bit of the stream, counted from the least significant of its first byte, that holds BFINAL. */
  readonly headerBit: number
  /** The first bit behind its end-of-block. */
  readonly endBit: number
}

/** The extra bits of a length, and the least length, for each symbol from 257 on. [§3.2.5] */
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const LENGTH_BASE = Uint16Array.from([...basesOf(LENGTH_EXTRA.slice(0, -1), 3), 258])
const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1))
const DISTANCE_BASE = Uint16Array.from(basesOf(DISTANCE_EXTRA, 1))
const END_OF_BLOCK = 256
const FIRST_LENGTH = 257
const LENGTH_SYMBOLS = 29
const DISTANCE_SYMBOLS = 30
const LONGEST_CODE_BITS = 15
/** Codes that are no longer take one look-up. */
const FAST_BITS = 10
const FAST_MASK = (1 << FAST_BITS) - 1
/** Order in which the lengths of the code-length code are stored. [§3.2.7] */
export const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** Throws InvariantError where `deflated` is no complete stream of just `bytes`. */
export function lastBlockOf(deflated: Uint8Array, bytes: Uint8Array): LastBlock {
  return new StreamReader(deflated, bytes).lastBlock()
}

function basesOf(extraBits: readonly number[], first: number): number[] {
  let base = first
  return extraBits.map((bits) => {
    const own = base
    base += 1 << bits
    return own
  })
}

function mismatch(): never {
  invariant(false, 'a deflate stream does not inflate to what went in')
}

/** A canonical Huffman code, read from the least significant bit up. [§3.2.2] */
class HuffmanCode {
  /** By the next FAST_BITS bits: symbol · 16 + the code's length; 0 where it is longer, or none. */
  readonly fast = new Uint16Array(1 << FAST_BITS)
  readonly #counts = new Uint16Array(LONGEST_CODE_BITS + 1)
  /** By length, then by value. */
  readonly #symbols = new Uint16Array(288)

  /**
   * As strict as zlib: every sequence of bits is a code, but where there is one code only, of one bit.
   *
   * @param lengths of each symbol's code in bits, 0 for a symbol without one
   */
  set(lengths: Uint8Array, mayBeSingle = true): this {
    const counts = this.#counts.fill(0)
    for (const length of lengths) counts[length]!++
    const coded = lengths.length - counts[0]!
    counts[0] = 0
    let free = 1
    for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
      free = 2 * free - counts[length]!
      if (free < 0) mismatch()
    }
    const isSingle = coded === 0 || (coded === 1 && counts[1] === 1)
    if (free > 0 && !(mayBeSingle && isSingle)) mismatch()
    const places = new Uint16Array(LONGEST_CODE_BITS + 2)
    const codes = new Uint16Array(LONGEST_CODE_BITS + 2)
    for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
      places[length + 1] = places[length]! + counts[length]!
      codes[length + 1] = (codes[length]! + counts[length]!) << 1
    }
    this.fast.fill(0)
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!
      if (length === 0) continue
      this.#symbols[places[length]!++] = symbol
      const code = codes[length]!++
      if (length > FAST_BITS) continue
      for (let at = reversed(code, length); at <= FAST_MASK; at += 1 << length) this.fast[at] = (symbol << 4) | length
    }
    return this
  }

  /** As `fast`, of a code of any length. */
  slow(bits: number): number {
    let code = 0
    let first = 0
    let place = 0
    for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
      code |= (bits >> (length - 1)) & 1
      const count = this.#counts[length]!
      if (code - first < count) return (this.#symbols[place + code - first]! << 4) | length
      place += count
      first = (first + count) << 1
      code <<= 1
    }
    return mismatch()
  }
}

function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit)
  return result
}

class StreamReader {
  readonly #deflated: Uint8Array
  readonly #bytes: Uint8Array
  readonly #literals = new HuffmanCode()
  readonly #distances = new HuffmanCode()
  /** Bits taken from the stream and not yet used, the next one lowest. */
  #hold = 0
  #held = 0
  /** The next byte of the stream. */
  #next = 0
  /** How many of `bytes` the stream has given so far. */
  #given = 0

  constructor(deflated: Uint8Array, bytes: Uint8Array) {
    this.#deflated = deflated
    this.#bytes = bytes
  }

  lastBlock(): LastBlock {
    for (;;) {
      const headerBit = this.#bit()
      const isFinal = this.#take(1) === 1
      const type = this.#take(2)
      if (type === 0) this.#stored()
      else if (type === 1 || type === 2) this.#coded(type === 1)
      else mismatch()
      if (this.#bit() > this.#deflated.length * 8) mismatch()
      if (!isFinal) continue
      const endBit = this.#bit()
      if (this.#given !== this.#bytes.length || Math.ceil(endBit / 8) !== this.#deflated.length) mismatch()
      return { headerBit, endBit }
    }
  }

  #bit(): number {
    return this.#next * 8 - this.#held
  }

  /** The next `count` bits, at most 16. */
  #take(count: number): number {
    this.#refill(count)
    const value = this.#hold & ((1 << count) - 1)
    this.#hold >>= count
    this.#held -= count
    return value
  }

  /** Holds `count` bits at least; zeros behind the stream's end. */
  #refill(count: number): void {
    while (this.#held < count) {
      this.#hold |= (this.#next < this.#deflated.length ? this.#deflated[this.#next]! : 0) << this.#held
      this.#next++
      this.#held += 8
    }
  }

  #stored(): void {
    this.#take(this.#held & 7)
    const length = this.#take(16)
    if (this.#take(16) !== (length ^ 0xffff)) mismatch()
    const start = this.#next - (this.#held >> 3)
    const part = this.#deflated.subarray(start, start + length)
    if (part.length !== length || Buffer.compare(part, this.#bytes.subarray(this.#given, this.#given + length)) !== 0) {
      mismatch()
    }
    this.#given += length
    this.#next = start + length
    this.#hold = 0
    this.#held = 0
  }

  #coded(isFixed: boolean): void {
    const lengths = isFixed ? FIXED_LENGTHS : this.#codeLengths()
    this.#symbols(this.#literals.set(lengths.literals), this.#distances.set(lengths.distances))
  }

  #codeLengths(): { literals: Uint8Array; distances: Uint8Array } {
    const literalCount = this.#take(5) + 257
    const distanceCount = this.#take(5) + 1
    if (literalCount > FIRST_LENGTH + LENGTH_SYMBOLS || distanceCount > DISTANCE_SYMBOLS) mismatch()
    const codeLengths = new Uint8Array(CODE_LENGTH_ORDER.length)
    const stored = this.#take(4) + 4
    for (const symbol of CODE_LENGTH_ORDER.slice(0, stored)) codeLengths[symbol] = this.#take(3)
    const code = this.#literals.set(codeLengths, false)
    const lengths = new Uint8Array(literalCount + distanceCount)
    for (let at = 0; at < lengths.length; ) {
      const symbol = this.#symbol(code)
      if (symbol < 16) {
        lengths[at++] = symbol
        continue
      }
      if (symbol === 16 && at === 0) mismatch()
      const repeated = symbol === 16 ? lengths[at - 1]! : 0
      const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7)
      if (at + times > lengths.length) mismatch()
      lengths.fill(repeated, at, at + times)
      at += times
    }
    if (lengths[END_OF_BLOCK] === 0) mismatch()
    return { literals: lengths.subarray(0, literalCount), distances: lengths.subarray(literalCount) }
  }

  #symbol(code: HuffmanCode): number {
    this.#refill(LONGEST_CODE_BITS)
    const entry = code.fast[this.#hold & FAST_MASK]! || code.slow(this.#hold)
    this.#hold >>= entry & 15
    this.#held -= entry & 15
    return entry >> 4
  }

  /** The symbols of one block. The state is in variables of the function: this loop is all of the reader's time. */
  #symbols(literals: HuffmanCode, distances: HuffmanCode): void {
    const deflated = this.#deflated
    const bytes = this.#bytes
    const end = deflated.length
    const size = bytes.length
    const fastLiterals = literals.fast
    const fastDistances = distances.fast
    let hold = this.#hold
    let held = this.#held
    let next = this.#next
    let at = this.#given
    for (;;) {
      if (held < 16) {
        hold |=
          (next + 1 < end ? deflated[next]! | (deflated[next + 1]! << 8) : next < end ? deflated[next]! : 0) << held
        next += 2
        held += 16
      }
      let entry = fastLiterals[hold & FAST_MASK]!
      if (entry === 0) entry = literals.slow(hold)
      hold >>= entry & 15
      held -= entry & 15
      const symbol = entry >> 4
      if (symbol < END_OF_BLOCK) {
        if (at >= size || bytes[at] !== symbol) mismatch()
        at++
        continue
      }
      if (symbol === END_OF_BLOCK) break
      if (symbol >= FIRST_LENGTH + LENGTH_SYMBOLS) mismatch()
      if (held < 16) {
        hold |=
          (next + 1 < end ? deflated[next]! | (deflated[next + 1]! << 8) : next < end ? deflated[next]! : 0) << held
        next += 2
        held += 16
      }
      const lengthBits = LENGTH_EXTRA[symbol - FIRST_LENGTH]!
      const matchEnd = at + LENGTH_BASE[symbol - FIRST_LENGTH]! + (hold & ((1 << lengthBits) - 1))
      hold >>= lengthBits
      held -= lengthBits
      if (held < 16) {
        hold |=
          (next + 1 < end ? deflated[next]! | (deflated[next + 1]! << 8) : next < end ? deflated[next]! : 0) << held
        next += 2
        held += 16
      }
      entry = fastDistances[hold & FAST_MASK]!
      if (entry === 0) entry = distances.slow(hold)
      hold >>= entry & 15
      held -= entry & 15
      const distanceSymbol = entry >> 4
      if (distanceSymbol >= DISTANCE_SYMBOLS) mismatch()
      if (held < 16) {
        hold |=
          (next + 1 < end ? deflated[next]! | (deflated[next + 1]! << 8) : next < end ? deflated[next]! : 0) << held
        next += 2
        held += 16
      }
      const distanceBits = DISTANCE_EXTRA[distanceSymbol]!
      let from = at - DISTANCE_BASE[distanceSymbol]! - (hold & ((1 << distanceBits) - 1))
      hold >>= distanceBits
      held -= distanceBits
      if (from < 0 || matchEnd > size) mismatch()
      while (at < matchEnd) if (bytes[from++] !== bytes[at++]) mismatch()
    }
    this.#hold = hold
    this.#held = held
    this.#next = next
    this.#given = at
  }
}

/** Two of them stand for nothing. */
const FIXED_DISTANCE_CODES = 32
/** Of the fixed code. [§3.2.6] */
const FIXED_LENGTHS = {
  literals: new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280),
  distances: new Uint8Array(FIXED_DISTANCE_CODES).fill(5),
}
