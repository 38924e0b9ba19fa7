/**
 * The mapped digest: SHA-256 over what an image specifies, at the cost of its payload (OUTPUT.md, "Mapped digest").
 *
 * Per run, in order of offset: offset and length as 64-bit little-endian, one byte 0 (data) or 1 (fill), one byte (the
 * fill's, else 0); for data its content follows. Unspecified space has no part in it, and how a writer cuts its extents
 * has none either, since runs are a normal form.
 */
import { createHash, type Hash } from 'node:crypto'
import { struct, u8, u64le } from '../bytes/struct.js'
import type { DiskImage } from './extent.js'
import { MIN_FILL_BYTES, runsOf } from './runs.js'

const RunHeader = struct('mapped_digest_run', 18, {
  offset: [0, u64le],
  length: [8, u64le],
  kind: [16, u8],
  byte: [17, u8],
})

/** A run without its extents: what a digest needs to know beforehand. */
export interface RunOutline {
  readonly offset: number
  readonly length: number
  /** Undefined for data. */
  readonly fill: number | undefined
}

export function outlineOf(image: DiskImage): RunOutline[] {
  return Array.from(runsOf(image), (run) => ({
    offset: run.offset,
    length: run.length,
    fill: run.kind === 'fill' ? run.byte : undefined,
  }))
}

/** The most bytes of a fill that are hashed from one buffer. */
const FILL_CHUNK_BYTES = MIN_FILL_BYTES

/**
 * Takes an image as sinks do: bytes in ascending order, cut anyhow, spans of a fill, and zeros for what is not given. A short
 * fill is data here, while the pass may not carry it: over the border of two partitions it can be part of a longer one.
 */
export class MappedDigest {
  readonly #runs: readonly RunOutline[]
  readonly #hash: Hash = createHash('sha256')
  #index = -1
  #doneBytes = 0

  /** Runs with offsets relative to the start of what is digested. */
  constructor(runs: readonly RunOutline[]) {
    this.#runs = runs
    this.#next()
  }

  /** Bytes at `offset`, relative as the runs are. */
  update(offset: number, bytes: Uint8Array): void {
    this.#advance(offset, (length) => this.#hashFill(0, length))
    this.#advance(offset + bytes.length, (length, from) =>
      this.#hash.update(bytes.subarray(from - offset, from - offset + length)),
    )
  }

  /** A span of one byte, as `update` with that many of it. */
  fill(offset: number, length: number, byte: number): void {
    this.#advance(offset, (count) => this.#hashFill(0, count))
    this.#advance(offset + length, (count) => this.#hashFill(byte, count))
  }

  /** Lower-case hexadecimal. */
  finish(): string {
    this.#advance(Number.POSITIVE_INFINITY, (length) => this.#hashFill(0, length))
    return this.#hash.digest('hex')
  }

  /** Hands every stretch of data before `end` that is still missing to `hash`. */
  #advance(end: number, hash: (length: number, from: number) => void): void {
    for (;;) {
      const run = this.#runs[this.#index]
      if (run === undefined) return
      const from = run.offset + this.#doneBytes
      if (from >= end) return
      const to = Math.min(run.offset + run.length, end)
      hash(to - from, from)
      this.#doneBytes += to - from
      if (this.#doneBytes < run.length) return
      this.#next()
    }
  }

  #hashFill(byte: number, length: number): void {
    const block = new Uint8Array(Math.min(length, FILL_CHUNK_BYTES)).fill(byte)
    for (let done = 0; done < length; done += block.length) {
      this.#hash.update(block.subarray(0, Math.min(block.length, length - done)))
    }
  }

  /** Writes headers up to and including that of the next data run. */
  #next(): void {
    this.#doneBytes = 0
    for (;;) {
      const run = this.#runs[++this.#index]
      if (run === undefined) return
      const { offset, length, fill } = run
      this.#hash.update(RunHeader.encode({ offset, length, kind: fill === undefined ? 0 : 1, byte: fill ?? 0 }))
      if (fill === undefined) return
    }
  }
}
