import { combineCrc32, crc32, crc32OfFill } from '../bytes/crc32.js'

/** The CRC-32 of what is mostly zeros, which cost the logarithm of their number. */
export class SparseCrc32 {
  #crc = 0
  #zeros = 0
  #length = 0

  get lengthBytes(): number {
    return this.#length
  }

  update(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.value())
    this.#zeros = 0
    this.#length += bytes.length
  }

  zeros(length: number): void {
    this.#zeros += length
    this.#length += length
  }

  value(): number {
    return this.#zeros === 0 ? this.#crc : combineCrc32(this.#crc, crc32OfFill(0, this.#zeros), this.#zeros)
  }
}
