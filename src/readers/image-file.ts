/** A file that holds an image, open for reading at places; every read is bounded by its length. */
import { ArchiveFile } from '../archives/archive-file.js'
import { fieldError } from '../bytes/field-error.js'
import type { Struct } from '../bytes/struct.js'
import type { SourceFile } from '../image/extent.js'

export interface ImageFileOptions {
  /** Nobody else can change it: a spool. */
  readonly isSpool?: boolean
  /** What people call it; default: its path. */
  readonly name?: string
}

export class ImageFile {
  /** For messages. */
  readonly name: string
  readonly path: string
  readonly #archive: ArchiveFile

  /** Throws IoError where it cannot be opened. */
  constructor(path: string, { isSpool = false, name = path }: ImageFileOptions = {}) {
    this.#archive = new ArchiveFile(path, { isSpool })
    this.path = path
    this.name = name
  }

  /** For the readers of archives. */
  get archive(): ArchiveFile {
    return this.#archive
  }

  get source(): SourceFile {
    return this.#archive.file
  }

  get sizeBytes(): number {
    return this.#archive.sizeBytes
  }

  /** `length` bytes at `offset`, valid until the next read. FormatError where the file ends before. */
  read(offset: number, length: number, structure: string): Uint8Array {
    if (offset + length > this.sizeBytes) {
      throw fieldError(this.name, {
        structure,
        offset,
        field: 'what is left of the file',
        found: `${Math.max(0, this.sizeBytes - offset)} bytes`,
        expected: `${length} or more`,
      })
    }
    return this.#archive.read(offset, length, structure)
  }

  /** The first bytes of the file, at most `length`. */
  head(length: number): Uint8Array {
    return this.#archive.read(0, Math.min(length, this.sizeBytes), 'the first bytes')
  }

  /** A record at `offset`. FormatError where the file ends before, or a number exceeds 2^53 - 1. */
  decode<V>(record: Struct<V>, offset: number): V {
    const bytes = this.read(offset, record.SIZE, record.name)
    try {
      return record.decode(bytes)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw fieldError(this.name, {
        structure: record.name,
        offset,
        field: 'a 64-bit number',
        found: error.message,
        expected: 'at most 2^53 - 1',
      })
    }
  }

  close(): void {
    this.#archive.close()
  }
}
