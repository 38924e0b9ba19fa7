/** The sum of a file whose structure is known beforehand and whose content comes in order: it need not be read for it. */
import { createHash } from 'node:crypto'

export interface PlacedBytes {
  readonly position: number
  readonly bytes: Uint8Array
}

const FILL_BLOCK_BYTES = 1 << 16
const ZEROS = new Uint8Array(FILL_BLOCK_BYTES)

export class PlacedSum {
  readonly #hash = createHash('sha256')
  readonly #headers: Iterator<PlacedBytes>
  #next: PlacedBytes | undefined
  #position = 0

  /** `headers` ascending; what neither they nor the content fill reads as zeros. */
  constructor(headers: Iterable<PlacedBytes>) {
    this.#headers = headers[Symbol.iterator]()
    this.#advance()
  }

  /** Ascending, and nowhere where a header is. */
  content(position: number, bytes: Uint8Array): void {
    this.#upTo(position)
    this.#add(bytes)
  }

  fill(position: number, length: number, byte: number): void {
    this.#upTo(position)
    this.#addFill(length, byte === 0 ? ZEROS : new Uint8Array(FILL_BLOCK_BYTES).fill(byte))
  }

  /** SHA-256 of the whole file, lower-case hexadecimal. */
  finish(sizeBytes: number): string {
    this.#upTo(sizeBytes)
    return this.#hash.digest('hex')
  }

  #upTo(position: number): void {
    for (; this.#next !== undefined && this.#next.position < position; this.#advance()) {
      this.#addFill(this.#next.position - this.#position, ZEROS)
      this.#add(this.#next.bytes)
    }
    this.#addFill(position - this.#position, ZEROS)
  }

  #advance(): void {
    const { done, value } = this.#headers.next()
    this.#next = done ? undefined : value
  }

  #add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#position += bytes.length
  }

  #addFill(length: number, block: Uint8Array): void {
    for (let rest = length; rest > 0; rest -= block.length) this.#add(block.subarray(0, Math.min(rest, block.length)))
  }
}
