/**
 * A zip archive written front to back into something that can seek: sizes and CRC go into each local header once they are
 * known, so there is no data descriptor and streaming readers (funzip, bmaptool) are served.
 * zip64 records appear only where a number needs them: funzip ends with status 4 on any of them.
 */
import { invariant } from '../../errors.js'
import { OVERFLOW_16 } from './disklayout.js'
import { encodeDosTime } from './dos-time.js'
import { type EntryRecord, encodeCentralHeader, encodeEnd, encodeLocalHeader } from './encode-records.js'

export interface RandomAccessOutput {
  /** `pieces` stand end to end. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
}

export interface ZipEntryOptions {
  /** Path inside the archive, with `/`. */
  readonly name: string
  /** Of the content, before compression. */
  readonly sizeBytes: number
  /** Seconds since 1970; clamped to 1980–2107. */
  readonly modifiedSeconds: number
}

interface Entry extends EntryRecord {
  crc32: number
  compressedSize: number
}

export class ZipWriter {
  readonly #output: RandomAccessOutput
  readonly #entries: Entry[] = []
  #position = 0
  #current: Entry | undefined

  constructor(output: RandomAccessOutput) {
    this.#output = output
  }

  /** Begins an entry; its deflated content follows in `write` calls. */
  async beginEntry(options: ZipEntryOptions): Promise<void> {
    invariant(this.#current === undefined, 'zip entry begun inside another')
    const nameBytes = new TextEncoder().encode(options.name)
    invariant(nameBytes.length <= OVERFLOW_16, `zip name of ${nameBytes.length} bytes`)
    const { sizeBytes, modifiedSeconds } = options
    const modified = encodeDosTime(modifiedSeconds)
    this.#current = { sizeBytes, modified, nameBytes, headerOffset: this.#position, crc32: 0, compressedSize: 0 }
    await this.#append(encodeLocalHeader(this.#current))
  }

  /** Deflated content, in pieces that stand end to end. */
  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    invariant(this.#current !== undefined, 'zip content outside an entry')
    const start = this.#position
    await this.#append(...pieces)
    this.#current.compressedSize += this.#position - start
  }

  /** Ends the entry, whose content had this CRC-32, and completes its header. */
  async endEntry(crc32: number): Promise<void> {
    const entry = this.#current
    invariant(entry !== undefined, 'zip entry ended twice')
    entry.crc32 = crc32
    await this.#output.write([encodeLocalHeader(entry)], entry.headerOffset)
    this.#entries.push(entry)
    this.#current = undefined
  }

  /** Writes the central directory and gives the size of the archive in bytes. */
  async finish(): Promise<number> {
    invariant(this.#current === undefined, 'zip finished inside an entry')
    const offset = this.#position
    for (const entry of this.#entries) await this.#append(encodeCentralHeader(entry))
    const end = encodeEnd(this.#entries.length, offset, this.#position - offset)
    await this.#append(...end.map(({ bytes }) => bytes))
    return this.#position
  }

  async #append(...pieces: readonly Uint8Array[]): Promise<void> {
    await this.#output.write(pieces, this.#position)
    for (const { length } of pieces) this.#position += length
  }
}
