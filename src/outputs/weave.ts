/** The one pass over the payload: every byte is read once, and all sinks see it. */
import { InterruptedError } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { windowsOf } from '../image/windows.js'
import { BufferPool } from './buffer-pool.js'
import type { ImageSink } from './sink.js'

/** Enough to keep deflating threads, hashing ones and a dozen writes busy at once. */
const BUFFERS = 24

export interface WeaveOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes that all sinks are done with. */
  readonly onProgress?: (doneBytes: number) => void
}

/**
 * Feeds `image` to the sinks and finishes them. Rejects with the first error of any of them, or InterruptedError when the
 * signal fires, after everything under way has settled; what the sinks wrote is then the caller's to remove.
 */
export async function weave(image: DiskImage, sinks: readonly ImageSink[], options: WeaveOptions = {}): Promise<void> {
  const pool = new BufferPool(BUFFERS)
  const reader = new PayloadReader()
  const pending = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  let doneBytes = 0

  const track = (work: Promise<unknown>[], settled: () => void): void => {
    const all = Promise.all(work).then(
      () => settled(),
      (error: unknown) => {
        failure ??= { error }
        settled()
      },
    )
    pending.add(all)
    void all.then(() => pending.delete(all))
  }

  try {
    for (const { start, end, fill } of windowsOf(image)) {
      if (options.signal?.aborted) throw new InterruptedError()
      if (failure !== undefined) break
      if (fill !== undefined) {
        track(
          sinks.map((sink) => sink.fill(start, end - start, fill)),
          () => {},
        )
        continue
      }
      const buffer = await pool.acquire()
      const bytes = buffer.subarray(0, end - start)
      readImage(image, start, bytes, reader)
      track(
        sinks.map((sink) => sink.window(start, bytes)),
        () => {
          pool.release(buffer)
          doneBytes += bytes.length
          options.onProgress?.(doneBytes)
        },
      )
    }
    reader.close()
  } catch (error) {
    failure ??= { error }
    reader.abandon()
  }
  await Promise.all(pending)
  if (failure !== undefined) throw failure.error
  await Promise.all(sinks.map((sink) => sink.finish()))
}
