/**
 * The mapped digest: SHA-256 over what an image specifies, at the cost of its payload (OUTPUT.md, "Mapped digest").
 *
 * Per run, in order of offset: offset and length as 64-bit little-endian, one byte 0 (data) or 1 (fill), one byte (the
 * fill's, else 0); for data its content follows. Unspecified space has no part in it, and how a writer cuts its extents
 * has none either, since runs are a normal form.
 */
import { createHash, type Hash } from 'node:crypto'
import { struct, u8, u64le } from '../bytes/struct.js'
import { invariant } from '../errors.js'
import type { DiskImage } from './extent.js'
import { runsOf } from './runs.js'

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

/** Takes the bytes of an image in ascending order, in pieces cut anyhow; skips those outside its runs. */
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
    const end = offset + bytes.length
    for (;;) {
      const run = this.#runs[this.#index]
      if (run === undefined) return
      const from = run.offset + this.#doneBytes
      if (from >= end) return
      invariant(from >= offset, `digest expects byte ${from}, given are those from ${offset}`)
      const to = Math.min(run.offset + run.length, end)
      this.#hash.update(bytes.subarray(from - offset, to - offset))
      this.#doneBytes += to - from
      if (this.#doneBytes < run.length) return
      this.#next()
    }
  }

  /** Lower-case hexadecimal. */
  finish(): string {
    invariant(this.#index >= this.#runs.length, 'digest finished before all data were given')
    return this.#hash.digest('hex')
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
