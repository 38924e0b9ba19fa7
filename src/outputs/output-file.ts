/** A file that is written at places, in any order; what is never written stays a hole, which reads as zeros. */
import { type FileHandle, open } from 'node:fs/promises'
import { errnoOf, IoError } from '../errors.js'
import { writeError } from './raw-sink.js'

export class OutputFile {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #sizeBytes: number

  private constructor(handle: FileHandle, path: string, sizeBytes: number) {
    this.#handle = handle
    this.#path = path
    this.#sizeBytes = sizeBytes
  }

  /** Creates or truncates `path` at its final length. Throws IoError. */
  static async create(path: string, sizeBytes: number): Promise<OutputFile> {
    let handle: FileHandle
    try {
      handle = await open(path, 'w', 0o644)
    } catch (error) {
      const errno = errnoOf(error) ?? String(error)
      throw new IoError(`Cannot create ${path}: ${errno}`, { details: { path, errno }, cause: error })
    }
    try {
      await handle.truncate(sizeBytes)
    } catch (error) {
      await handle.close()
      throw writeError(path, sizeBytes, error, sizeBytes)
    }
    return new OutputFile(handle, path, sizeBytes)
  }

  /** Writes all of `bytes` at `position`. Throws IoError with the place. */
  async write(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
      } catch (error) {
        throw writeError(this.#path, this.#sizeBytes, error, position + done)
      }
    }
  }

  /** `length` times `byte` from `position` on. */
  async fill(position: number, length: number, byte: number): Promise<void> {
    const block = new Uint8Array(Math.min(length, FILL_BLOCK_BYTES)).fill(byte)
    for (let done = 0; done < length; done += block.length) {
      await this.write(position + done, block.subarray(0, Math.min(block.length, length - done)))
    }
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#handle.close()
  }
}

const FILL_BLOCK_BYTES = 1 << 20
