/** An image as one deflate stream: payload deflated on all threads, zeros and other fills from the prepared pattern. */
import { combineCrc32, crc32OfFill } from '../bytes/crc32.js'
import { DEFLATE_END, deflateFill } from './deflate-fill.js'
import type { ImageSink } from './sink.js'
import type { DeflatedBlock, Threads } from './threads.js'

/** Where the stream goes: an entry of a zip, the member of a gzip file. Calls never overlap. */
export interface DeflateTarget {
  write(...pieces: readonly Uint8Array[]): Promise<void>
  /** The stream is complete; its content had this CRC-32. */
  end(crc32: number): Promise<void>
}

export interface DeflatedSinkOptions {
  /** Of the content. */
  readonly sizeBytes: number
  /** Deflate level, 0 to 9. */
  readonly level: number
}

export class DeflatedSink implements ImageSink {
  readonly #target: DeflateTarget
  readonly #threads: Threads
  readonly #options: DeflatedSinkOptions
  /** End of what was given; what a later window leaves out before it is zeros. */
  #end = 0
  #crc32 = 0
  /** Parts are deflated in any order and written in theirs. */
  #written: Promise<void> = Promise.resolve()

  constructor(target: DeflateTarget, threads: Threads, options: DeflatedSinkOptions) {
    this.#target = target
    this.#threads = threads
    this.#options = options
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    const inside = bytes.subarray(0, this.#options.sizeBytes - offset)
    this.#zerosUpTo(offset)
    this.#end = offset + inside.length
    const deflated = this.#threads.deflate(inside, this.#options.level)
    return this.#enqueue(() => this.#writeBlock(deflated, inside.length), deflated)
  }

  fill(offset: number, length: number, byte: number): Promise<void> {
    const inside = Math.min(length, this.#options.sizeBytes - offset)
    this.#zerosUpTo(offset)
    this.#end = offset + inside
    return this.#enqueue(() => this.#writeFill(byte, inside))
  }

  async finish(): Promise<void> {
    this.#zerosUpTo(this.#options.sizeBytes)
    await this.#written
    await this.#target.write(DEFLATE_END)
    await this.#target.end(this.#crc32)
  }

  #zerosUpTo(offset: number): void {
    const length = offset - this.#end
    if (length > 0) void this.#enqueue(() => this.#writeFill(0, length)).catch(() => {})
    this.#end = offset
  }

  /** Runs `step` after all steps before it. The first failure stops the chain and is what every later promise rejects with. */
  #enqueue(step: () => Promise<void>, input?: Promise<unknown>): Promise<void> {
    // An input that fails while the chain is still busy is reported by its step, not as an unhandled rejection.
    input?.catch(() => {})
    this.#written = this.#written.then(step)
    this.#written.catch(() => {})
    return this.#written
  }

  async #writeBlock(block: Promise<DeflatedBlock>, length: number): Promise<void> {
    const { crc32, deflated } = await block
    await this.#target.write(...deflated)
    this.#crc32 = combineCrc32(this.#crc32, crc32, length)
  }

  async #writeFill(byte: number, length: number): Promise<void> {
    for (const piece of deflateFill(byte, length)) await this.#target.write(piece)
    this.#crc32 = combineCrc32(this.#crc32, crc32OfFill(byte, length), length)
  }
}
