/** A file that is written at places, in any order; what is never written stays a hole, which reads as zeros. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pageAlignedMemory } from '../bytes/page-aligned.js'
import { errnoOf } from '../errors.js'
import { createError, writeError } from './write-error.js'
import { writePieces } from './write-pieces.js'

/** A span of a fill is written from one buffer of this size. */
const FILL_BLOCK_BYTES = 1 << 20

export interface OutputFileOptions {
  /**
   * Past the page cache, where the file system takes that: with several buffers in flight five times as fast on a virtual
   * machine (DESIGN.md, "One pass"). Whatever is written must then be aligned to 4 KiB in place, length and memory.
   */
  readonly direct?: boolean
}

export class OutputFile {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #sizeBytes: number
  readonly #direct: boolean

  private constructor(handle: FileHandle, path: string, sizeBytes: number, direct: boolean) {
    this.#handle = handle
    this.#path = path
    this.#sizeBytes = sizeBytes
    this.#direct = direct
  }

  /** Creates or truncates `path` at its final length. Throws IoError. */
  static async create(
    path: string,
    sizeBytes: number,
    { direct = false }: OutputFileOptions = {},
  ): Promise<OutputFile> {
    const file = new OutputFile(await openForWriting(path, direct), path, sizeBytes, direct)
    try {
      // At its full length from the start: extending writes would serialise, and XFS would preallocate over the holes.
      await file.setLength(sizeBytes)
    } catch (error) {
      await file.close()
      throw error
    }
    return file
  }

  /** Writes all of `bytes` at `position`. Throws IoError with the place. */
  write(position: number, bytes: Uint8Array): Promise<void> {
    return writePieces(this.#handle, this.#path, [bytes], position)
  }

  /** `length` times `byte` from `position` on. */
  async fill(position: number, length: number, byte: number): Promise<void> {
    const size = Math.min(length, FILL_BLOCK_BYTES)
    const block = (this.#direct ? new Uint8Array(pageAlignedMemory(size), 0, size) : new Uint8Array(size)).fill(byte)
    for (let done = 0; done < length; done += block.length) {
      await this.write(position + done, block.subarray(0, Math.min(block.length, length - done)))
    }
  }

  /** Cuts off what was written behind the final length. Throws IoError. */
  restoreLength(): Promise<void> {
    return this.setLength(this.#sizeBytes)
  }

  /** For a file whose length only its content tells. Throws IoError. */
  async setLength(sizeBytes: number): Promise<void> {
    try {
      await this.#handle.truncate(sizeBytes)
    } catch (error) {
      throw writeError(this.#path, error, { offset: sizeBytes, sizeBytes })
    }
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#handle.close()
  }
}

async function openForWriting(path: string, direct: boolean): Promise<FileHandle> {
  const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_RDWR
  try {
    if (!direct) return await open(path, flags, 0o644)
    try {
      return await open(path, flags | constants.O_DIRECT, 0o644)
    } catch (error) {
      // tmpfs and some overlays answer EINVAL.
      if (errnoOf(error) !== 'EINVAL') throw error
      return await open(path, flags, 0o644)
    }
  } catch (error) {
    throw createError(path, error)
  }
}
