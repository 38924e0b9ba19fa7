/**
 * Fills windows with the image's bytes. Opening and closing many small files is what costs then, not copying: such windows
 * go to a second thread while this one reads the next.
 */
import { extentsWithin } from '../image/compose.js'
import type { DiskImage, Extent } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readExtents } from '../image/read.js'
import type { Threads } from './threads.js'

/** A window of fewer files is read faster than it is handed over. */
const SHARED_MINIMUM_FILES = 32

export class WindowReader {
  readonly #image: DiskImage
  readonly #threads: Threads
  readonly #reader = new PayloadReader()

  constructor(image: DiskImage, threads: Threads) {
    this.#image = image
    this.#threads = threads
  }

  /** Fills `target` from `offset` on: at once, or by the time the promise resolves. Errors as PayloadReader's. */
  read(offset: number, target: Uint8Array): Promise<void> | undefined {
    const extents = Array.from(extentsWithin(this.#image, offset, offset + target.length))
    if (isWorthSharing(extents)) {
      const shared = this.#threads.read(extents, offset, target)
      // Whatever went wrong there goes wrong here too, and as the error that it is.
      if (shared !== undefined) return shared.catch(() => readExtents(extents, offset, target, this.#reader))
    }
    readExtents(extents, offset, target, this.#reader)
    return undefined
  }

  /** Checks the file that is still open, and closes it. */
  close(): void {
    this.#reader.close()
  }

  /** Closes it without a check: for the way out after another error. */
  abandon(): void {
    this.#reader.abandon()
  }
}

function isWorthSharing(extents: readonly Extent[]): boolean {
  let files = 0
  for (const { source } of extents) if (source.kind === 'file') files++
  return files >= SHARED_MINIMUM_FILES
}
