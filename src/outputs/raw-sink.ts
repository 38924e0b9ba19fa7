/** The raw image as a sparse file. What no window holds stays a hole, which reads as zeros. */
import { OutputFile } from './output-file.js'
import type { FileSink } from './sink.js'

/** Below this size the page cache is as fast, and a reader that follows at once finds the bytes there. */
const DIRECT_MINIMUM_BYTES = 8 << 20

export class RawSink implements FileSink {
  readonly isBrief = true
  readonly #file: OutputFile

  private constructor(file: OutputFile) {
    this.#file = file
  }

  /** Creates or truncates `path`. `carriedBytes`: what will be written, to choose how. */
  static async create(path: string, sizeBytes: number, carriedBytes: number): Promise<RawSink> {
    return new RawSink(await OutputFile.create(path, sizeBytes, { direct: carriedBytes >= DIRECT_MINIMUM_BYTES }))
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#file.write(offset, bytes)
  }

  fill(offset: number, length: number, byte: number): Promise<void> {
    return this.#file.fill(offset, length, byte)
  }

  async finish(): Promise<void> {
    try {
      // The last window may have been rounded up to a whole block.
      await this.#file.restoreLength()
    } finally {
      await this.close()
    }
  }

  /** Lets the file go; safe to call twice. */
  close(): Promise<void> {
    return this.#file.close()
  }
}
