/** The bundle: one zip to burn, the image first. */
import { type FileHandle, open } from 'node:fs/promises'
import { ZipWriter } from '../archives/zip/writer.js'
import type { DiskImage } from '../image/extent.js'
import type { ImageSink } from './sink.js'
import type { Threads } from './threads.js'
import { weave } from './weave.js'
import { createError } from './write-error.js'
import { writePieces } from './write-pieces.js'
import { ZipEntrySink } from './zip-entry-sink.js'

export interface ZipEntry {
  readonly name: string
  readonly content: DiskImage
  readonly modifiedSeconds: number
}

export interface ZipFileOptions {
  readonly level: number
  readonly signal?: AbortSignal | undefined
}

export class ZipFile {
  readonly #handle: FileHandle
  readonly #zip: ZipWriter
  readonly #threads: Threads
  readonly #options: ZipFileOptions

  private constructor(handle: FileHandle, path: string, threads: Threads, options: ZipFileOptions) {
    this.#handle = handle
    this.#threads = threads
    this.#options = options
    this.#zip = new ZipWriter({ write: (pieces, position) => writePieces(handle, path, pieces, position) })
  }

  static async create(path: string, threads: Threads, options: ZipFileOptions): Promise<ZipFile> {
    try {
      return new ZipFile(await open(path, 'w', 0o644), path, threads, options)
    } catch (error) {
      throw createError(path, error)
    }
  }

  /** Begins an entry whose content a pass over its image will give; the entry ends when the pass finishes the sink. */
  async entrySink(entry: ZipEntry): Promise<ImageSink> {
    const { name, content, modifiedSeconds } = entry
    await this.#zip.beginEntry({ name, sizeBytes: content.sizeBytes, modifiedSeconds })
    return new ZipEntrySink(this.#zip, this.#threads, { sizeBytes: content.sizeBytes, level: this.#options.level })
  }

  /** Writes a whole entry in a pass of its own. */
  async add(entry: ZipEntry): Promise<void> {
    await weave(entry.content, [await this.entrySink(entry)], this.#threads, { signal: this.#options.signal })
  }

  /** Writes the directory of the archive and gives its size in bytes. */
  async finish(): Promise<number> {
    const sizeBytes = await this.#zip.finish()
    await this.close()
    return sizeBytes
  }

  /** Lets the file go; safe to call twice. */
  async close(): Promise<void> {
    await this.#handle.close()
  }
}
