/** A file whose structure is known beforehand: it is written first, then content goes to its places as it flows. */
import { OutputFile } from './output-file.js'
import { type PlacedBytes, PlacedSum } from './placed-sum.js'
import { type PlacedStretch, PlacedWriter } from './placed-writer.js'
import type { FileSink } from './sink.js'

export interface PlannedFile {
  readonly sizeBytes: number
  /** Everything that is not content, with its place. */
  readonly headers: Iterable<PlacedBytes>
  /** Where the content goes; what lies in no stretch is not written. */
  readonly stretches: readonly PlacedStretch[]
  /** Headers and stretches stand in the file in the order in which they are listed: the sink then knows the file's sum. */
  readonly ascending?: boolean
}

class PlannedSink implements FileSink {
  readonly isBrief = true
  readonly #file: OutputFile
  readonly #writer: PlacedWriter
  readonly #sizeBytes: number
  readonly #sum: PlacedSum | undefined
  #sha256: string | undefined

  constructor(file: OutputFile, { sizeBytes, headers, stretches, ascending }: PlannedFile) {
    this.#file = file
    this.#sizeBytes = sizeBytes
    this.#sum = ascending ? new PlacedSum(headers) : undefined
    this.#writer = new PlacedWriter(file, stretches, this.#sum)
  }

  get sha256(): string | undefined {
    return this.#sha256
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#writer.window(offset, bytes)
  }

  fill(offset: number, length: number, byte: number): Promise<void> {
    return this.#writer.fill(offset, length, byte)
  }

  finish(): Promise<void> {
    this.#sha256 = this.#sum?.finish(this.#sizeBytes)
    return this.close()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Creates or truncates `path`. Throws IoError. */
export async function createPlannedSink(path: string, planned: PlannedFile): Promise<FileSink> {
  const file = await OutputFile.create(path, planned.sizeBytes)
  // Those of a large qcow2 are not held.
  const headers = planned.ascending ? [...planned.headers] : planned.headers
  try {
    for (const { position, bytes } of headers) await file.write(position, bytes)
  } catch (error) {
    await file.close()
    throw error
  }
  return new PlannedSink(file, { ...planned, headers })
}
