/** What a reader under test gives the child process that runs it. */
import assert from 'node:assert/strict'
import { FormatError } from '../../../src/errors.js'
import { imageOfBytes } from '../../../src/image/extent.js'
import { ImageView } from '../../../src/image/image-view.js'

/**
 * Reads damaged bytes to the end, and says in a word what came of it. A FormatError may get out, which is `refused`; whatever
 * else is thrown fails the case. `number` is that of the case.
 */
export type ReadDamaged = (bytes: Buffer, number: number) => string

/** Made once for each process, from the sound image. */
export type Subject = (whole: Buffer) => ReadDamaged

/** What messages call the image. */
export const NAME = 'damaged'

export function viewOf(bytes: Uint8Array): ImageView {
  return ImageView.of(imageOfBytes(bytes), NAME)
}

/** What `read` gives; undefined where it throws as it may. */
export function orRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    assertRefusal(error)
    return undefined
  }
}

/** Throws what is no FormatError. One names the place, and what is expected there. */
export function assertRefusal(error: unknown): asserts error is FormatError {
  if (!(error instanceof FormatError)) throw error
  assert.match(error.message, /^Cannot read .+ at byte \d+ of .+: .+ expected/s)
}
