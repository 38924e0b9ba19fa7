import type { DigestResults } from './digests.js'
import type { ImageSink } from './sink.js'
import type { DigestStream } from './threads.js'

/** All digests of a pass, as one of its sinks; `results` is there after `finish`. */
export class DigestSink implements ImageSink {
  readonly #stream: DigestStream
  #results: DigestResults | undefined

  constructor(stream: DigestStream) {
    this.#stream = stream
  }

  get results(): DigestResults {
    if (this.#results === undefined) throw new Error('invariant: digests asked before the pass was over')
    return this.#results
  }

  get isBrief(): boolean {
    return this.#stream.isBrief ?? false
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#stream.window(offset, bytes)
  }

  fill(offset: number, length: number, byte: number): Promise<void> {
    return this.#stream.fill(offset, length, byte)
  }

  async finish(): Promise<void> {
    this.#results = await this.#stream.finish()
  }
}
