/** The one pass over the payload: every byte is read once, and all sinks see it. */
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InterruptedError } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { type Window, windowsOf } from '../image/windows.js'
import { BufferPool } from './buffer-pool.js'
import type { ImageSink } from './sink.js'
import type { Threads } from './threads.js'
import { WindowReader } from './window-reader.js'

/**
 * Enough to keep compressing threads, hashing ones and half a dozen writes busy at once, and no more: where memory is virtual,
 * the first touch of a page takes several times as long as filling it (24 MiB: 140 ms).
 */
const BUFFERS = Math.min(8 + 2 * availableParallelism(), 24)

/** Four that Node's threads write, one that is read, and one between. */
const BUFFERS_FOR_BRIEF_SINKS = 6
/** Where another thread reads windows, too: two that are there, and one to be filled here meanwhile. */
const MORE_FOR_READING = 3

export interface WeaveOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes that all sinks are done with. */
  readonly onProgress?: (doneBytes: number) => void
}

/**
 * Feeds `image` to the sinks and finishes them. Rejects with the first error of any of them, or InterruptedError when the
 * signal fires, after everything under way has settled; what the sinks wrote is then the caller's to remove.
 */
export async function weave(
  image: DiskImage,
  sinks: readonly ImageSink[],
  threads: Threads,
  options: WeaveOptions = {},
): Promise<void> {
  const pass = new Pass(image, sinks, threads, options)
  await pass.run()
  await Promise.all(sinks.map((sink) => sink.finish()))
}

class Pass {
  readonly #image: DiskImage
  readonly #sinks: readonly ImageSink[]
  readonly #options: WeaveOptions
  readonly #pool: BufferPool
  readonly #reader: WindowReader
  readonly #pending = new Set<Promise<void>>()
  /** Settles when the windows read so far have been handed to the sinks: they want them in order. */
  #handedOn: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #doneBytes = 0

  constructor(image: DiskImage, sinks: readonly ImageSink[], threads: Threads, options: WeaveOptions) {
    this.#image = image
    this.#sinks = sinks
    this.#options = options
    const areBrief = sinks.every((sink) => sink.isBrief)
    this.#pool = areBrief ? new BufferPool(BUFFERS_FOR_BRIEF_SINKS, MORE_FOR_READING) : new BufferPool(BUFFERS)
    this.#reader = new WindowReader(image, threads)
  }

  async run(): Promise<void> {
    try {
      for (const window of windowsOf(this.#image)) {
        if (this.#options.signal?.aborted) throw new InterruptedError()
        if (this.#failure !== undefined) break
        await this.#read(window)
      }
      this.#reader.close()
    } catch (error) {
      this.#failure ??= { error }
      this.#reader.abandon()
    }
    await this.#handedOn
    await Promise.all(this.#pending)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #read({ start, end, fill }: Window): Promise<void> {
    if (fill !== undefined) {
      this.#handOn(undefined, () => this.#sinks.map((sink) => sink.fill(start, end - start, fill)))
      return
    }
    const buffer = await this.#pool.acquire()
    const bytes = buffer.subarray(0, end - start)
    const elsewhere = this.#failure === undefined ? this.#reader.read(start, bytes) : undefined
    if (elsewhere !== undefined) this.#pool.useSpare()
    this.#handOn(
      elsewhere,
      () => this.#sinks.map((sink) => sink.window(start, bytes)),
      () => {
        this.#pool.release(buffer)
        if (this.#failure !== undefined) return
        this.#doneBytes += bytes.length
        this.#options.onProgress?.(this.#doneBytes)
      },
    )
    // Reading is synchronous: signals, and what other threads have to say, come in here.
    await nextTurn()
  }

  /**
   * Calls the sinks after `ready` and after all windows before, unless something has failed. `settled` comes in every case,
   * when nobody uses the window any more: a buffer that stayed away after a failure would be waited for for ever.
   */
  #handOn(ready: Promise<void> | undefined, call: () => Promise<void>[], settled = (): void => {}): void {
    const fail = (error: unknown): void => {
      this.#failure ??= { error }
    }
    this.#handedOn = this.#handedOn
      .then(() => ready)
      .then(() => (this.#failure === undefined ? call().map((done) => done.catch(fail)) : []))
      .catch((error: unknown) => {
        fail(error)
        return []
      })
      .then((calls) => {
        const done: Promise<void> = Promise.all(calls).then(() => {
          settled()
          this.#pending.delete(done)
        })
        this.#pending.add(done)
      })
  }
}
