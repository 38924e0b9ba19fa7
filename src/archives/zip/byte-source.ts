/** Bytes that come in pieces, taken in the lengths that a format has. */
import { FormatError } from '../../errors.js'

export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #name: string
  #piece: Uint8Array = new Uint8Array(0)
  #position = 0

  /** `name` is for messages. */
  constructor(pieces: AsyncIterable<Uint8Array>, name: string) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#name = name
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position
  }

  /** Exactly `length` bytes, which stay the caller's. Throws FormatError where the source ends before. */
  async take(length: number, what: string): Promise<Buffer> {
    const target = Buffer.alloc(length)
    let done = 0
    for await (const piece of this.pieces(length, what)) {
      target.set(piece, done)
      done += piece.length
    }
    return target
  }

  /** The next `length` bytes as they come. Throws FormatError where the source ends before. */
  async *pieces(length: number, what: string): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) {
        throw new FormatError(
          `Cannot read ${this.#name}: it ends at byte ${this.#position}, within ${what}, ${left} bytes more are expected`,
        )
      }
      const piece = this.#piece.subarray(0, left)
      this.#piece = this.#piece.subarray(piece.length)
      this.#position += piece.length
      left -= piece.length
      yield piece
    }
  }

  /** Whether nothing is left. */
  async ended(): Promise<boolean> {
    return !(await this.#fill())
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next()
      if (next.done === true) return false
      this.#piece = next.value
    }
    return true
  }
}
