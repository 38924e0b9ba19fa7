/**
 * What an image holds where its manifest specifies nothing. No digest covers it, and yet a boot loader put there would be found by
 * the board's ROM: so in every file that a build writes it must be zeros, as the build left it.
 */
import { readSync } from 'node:fs'
import { alignDown, alignUp } from '../bytes/align.js'
import { isZero } from '../bytes/zeros.js'
import { IoError, type Problem, systemReason } from '../errors.js'
import { makeDataScanner, ZERO_BLOCK_BYTES } from '../tree/data-ranges.js'
import type { Manifest, ManifestStretch } from './manifest-schema.js'
import { parseRun } from './run-text.js'

/** Bytes of the disk, [start, end). */
export interface ByteStretch {
  readonly start: number
  readonly end: number
}

/** What no run of `stretches` covers, ascending; neighbours are joined. Runs must be in order. */
export function unspecifiedStretches(stretches: readonly ManifestStretch[]): ByteStretch[] {
  const result: ByteStretch[] = []
  const add = (start: number, end: number): void => {
    const last = result.at(-1)
    if (start >= end) return
    if (last?.end === start) result[result.length - 1] = { start: last.start, end }
    else result.push({ start, end })
  }
  for (const { start_byte, size_bytes, runs } of stretches) {
    let at = start_byte
    for (const { offset, length } of runs.map(parseRun)) {
      add(at, start_byte + offset)
      at = start_byte + offset + length
    }
    add(at, start_byte + size_bytes)
  }
  return result
}

export function lengthOfStretches(stretches: readonly ByteStretch[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** The first byte that should be zero and is not. */
interface Leftover {
  readonly offset: number
  readonly byte: number
}

function leftoverProblem({ image }: Manifest, { offset, byte }: Leftover): Problem {
  const value = `0x${byte.toString(16).padStart(2, '0')}`
  return {
    message: `Cannot verify ${image.name}: byte ${offset} of the disk is ${value}, 0x00 is expected where the manifest specifies nothing`,
    hint: 'Something was put there after the build; no digest of the manifest covers it.',
  }
}

/** The check for an image that comes whole, in ascending order. */
export class UnspecifiedCheck {
  readonly #manifest: Manifest
  readonly #stretches: readonly ByteStretch[]
  #next = 0
  #leftover: Leftover | undefined

  constructor(manifest: Manifest) {
    this.#manifest = manifest
    this.#stretches = unspecifiedStretches(manifest.stretches)
  }

  update(offset: number, bytes: Uint8Array): void {
    const until = offset + bytes.length
    for (; this.#next < this.#stretches.length; this.#next++) {
      const { start, end } = this.#stretches[this.#next]!
      if (start >= until) return
      const from = Math.max(start, offset) - offset
      const to = Math.min(end, until) - offset
      if (this.#leftover === undefined && from < to) this.#leftover = leftoverIn(bytes, offset, from, to)
      if (end > until) return
    }
  }

  finish(): Problem[] {
    return this.#leftover === undefined ? [] : [leftoverProblem(this.#manifest, this.#leftover)]
  }
}

function leftoverIn(bytes: Uint8Array, offset: number, from: number, to: number): Leftover | undefined {
  if (isZero(bytes, from, to)) return undefined
  let at = from
  while (bytes[at] === 0) at++
  return { offset: offset + at, byte: bytes[at]! }
}

export interface CheckedFile {
  readonly fd: number
  /** Opens the same file again. */
  readonly path: string
  readonly sizeBytes: number
  /** Where on the disk its first byte stands. */
  readonly startByte: number
}

/** Short stretches are read; in long ones holes are found first, which direct reads make cheap. */
const SCANNED_FROM_BYTES = 1 << 20

/**
 * The first byte of a file that is not zero in `stretches` of the disk, as a problem. A file may end before a stretch does.
 * IoError where it cannot be read.
 */
export function leftoverOfFile(file: CheckedFile, stretches: readonly ByteStretch[], manifest: Manifest): Problem[] {
  const scanner = makeDataScanner()
  for (const { start, end } of stretches) {
    const from = start - file.startByte
    const to = Math.min(end - file.startByte, file.sizeBytes)
    for (const [pieceStart, pieceEnd] of dataWithin(file, from, to, scanner)) {
      const bytes = new Uint8Array(pieceEnd - pieceStart)
      readInto(file, bytes, pieceStart)
      const leftover = leftoverIn(bytes, file.startByte + pieceStart, 0, bytes.length)
      if (leftover !== undefined) return [leftoverProblem(manifest, leftover)]
    }
  }
  return []
}

type Piece = readonly [start: number, end: number]

/** Pieces of at most SCANNED_FROM_BYTES that hold all of [start, end) that is not zeros. */
function* dataWithin(
  { path }: CheckedFile,
  start: number,
  end: number,
  scanner: ReturnType<typeof makeDataScanner>,
): Generator<Piece> {
  if (start >= end) return
  if (end - start < SCANNED_FROM_BYTES) {
    yield [start, end]
    return
  }
  // Direct reads begin on a block; the ends that do not are read.
  const from = alignUp(start, ZERO_BLOCK_BYTES)
  const to = alignDown(end, ZERO_BLOCK_BYTES)
  if (start < from) yield [start, from]
  for (const [first, last] of scanner.scan(path, to - from, from)) {
    for (let at = first; at < last; at += SCANNED_FROM_BYTES) {
      yield [from + at, from + Math.min(last, at + SCANNED_FROM_BYTES)]
    }
  }
  if (to < end) yield [to, end]
}

function readInto({ fd, path }: CheckedFile, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length; ) {
    let count: number
    try {
      count = readSync(fd, target, done, target.length - done, position + done)
    } catch (error) {
      throw new IoError(`Cannot read ${path}: ${systemReason(error)}`, { details: { path }, cause: error })
    }
    if (count === 0) return
    done += count
  }
}
