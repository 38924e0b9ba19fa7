/** A file that is written front to back. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { createError } from './write-error.js'
import { writePieces } from './write-pieces.js'

export class AppendedFile {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #hash = createHash('sha256')
  #position = 0

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle
    this.#path = path
  }

  /** Creates or truncates `path`. Throws IoError. */
  static async create(path: string): Promise<AppendedFile> {
    try {
      return new AppendedFile(await open(path, 'w', 0o644), path)
    } catch (error) {
      throw createError(path, error)
    }
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#position
  }

  /** SHA-256 of the bytes written so far, lower-case hexadecimal: what is written in order need not be read for it. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Appends all of `pieces`; calls must not overlap. Throws IoError with the place. */
  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    await writePieces(this.#handle, this.#path, pieces, this.#position)
    for (const piece of pieces) {
      this.#hash.update(piece)
      this.#position += piece.length
    }
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#handle.close()
  }
}
