/** A file whose structure is known beforehand: it is written first, then content goes to its places as it flows. */
import { OutputFile } from './output-file.js'
import { type PlacedStretch, PlacedWriter } from './placed-writer.js'
import type { FileSink } from './sink.js'

export interface PlannedFile {
  readonly sizeBytes: number
  /** Everything that is not content, with its place. */
  readonly headers: Iterable<{ readonly position: number; readonly bytes: Uint8Array }>
  /** Where the content goes; what lies in no stretch is not written. */
  readonly stretches: readonly PlacedStretch[]
}

class PlannedSink implements FileSink {
  readonly writesOnly = true
  readonly #file: OutputFile
  readonly #writer: PlacedWriter

  constructor(file: OutputFile, stretches: readonly PlacedStretch[]) {
    this.#file = file
    this.#writer = new PlacedWriter(file, stretches)
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#writer.window(offset, bytes)
  }

  fill(offset: number, length: number, byte: number): Promise<void> {
    return this.#writer.fill(offset, length, byte)
  }

  finish(): Promise<void> {
    return this.close()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Creates or truncates `path`. Throws IoError. */
export async function createPlannedSink(path: string, planned: PlannedFile): Promise<FileSink> {
  const file = await OutputFile.create(path, planned.sizeBytes)
  try {
    for (const { position, bytes } of planned.headers) await file.write(position, bytes)
  } catch (error) {
    await file.close()
    throw error
  }
  return new PlannedSink(file, planned.stretches)
}
