/**
 * All SHA-256 sums of one pass: the image's mapped digest, each partition's, each payload file's, and on request the plain
 * sum of the raw image. They are planned from the image value; then only bytes have to flow.
 */
import { createHash, type Hash } from 'node:crypto'
import { sliceImage } from '../image/compose.js'
import type { DiskImage, SourceFile } from '../image/extent.js'
import { MappedDigest, outlineOf, type RunOutline } from '../image/mapped-digest.js'

/** A stretch of a payload file and where it stands on the disk. */
export interface FilePiece {
  /** Index of the file in `files`. */
  readonly file: number
  readonly offset: number
  readonly length: number
}

/** Plain data, so that it can be handed to a thread. */
export interface DigestPlan {
  readonly sizeBytes: number
  /** The image itself first (offset 0), then each partition; run offsets relative to `offset`. */
  readonly mapped: readonly {
    readonly offset: number
    readonly sizeBytes: number
    readonly runs: readonly RunOutline[]
  }[]
  /** Pieces in ascending offset; those of one file are in the file's order and cover it whole. */
  readonly pieces: readonly FilePiece[]
  readonly fileCount: number
  /** Whether the plain SHA-256 over every byte of the raw image is wanted: it costs the size of the disk. */
  readonly full: boolean
}

export interface DigestResults {
  /** As `mapped` in the plan. */
  readonly mapped: readonly string[]
  /** As the plan's files. */
  readonly files: readonly string[]
  readonly full: string | undefined
}

export interface PlannedDigests {
  readonly plan: DigestPlan
  /** Files whose sum comes from the pass, in the order of `DigestResults.files`. */
  readonly files: readonly SourceFile[]
}

export interface Stretch {
  readonly offset: number
  readonly sizeBytes: number
}

/**
 * Plans the digests of `image`. A file that does not stand on the disk whole, once and in its own order (a member of a tar, a
 * file with holes left out) is not among `files`; its sum takes a read of its own.
 */
export function planDigests(image: DiskImage, partitions: readonly Stretch[], full: boolean): PlannedDigests {
  const states = new Map<SourceFile, { next: number; pieces: FilePiece[] }>()
  for (const { offset, length, source } of image.extents) {
    if (source.kind !== 'file') continue
    let state = states.get(source.file)
    if (state === undefined) {
      state = { next: 0, pieces: [] }
      states.set(source.file, state)
    }
    if (source.offset !== state.next) continue
    state.pieces.push({ file: 0, offset, length })
    state.next += length
  }
  const files: SourceFile[] = []
  const pieces: FilePiece[] = []
  for (const [file, state] of states) {
    if (state.next !== file.sizeBytes) continue
    for (const piece of state.pieces) pieces.push({ ...piece, file: files.length })
    files.push(file)
  }
  pieces.sort((a, b) => a.offset - b.offset)
  const stretches = [{ offset: 0, sizeBytes: image.sizeBytes }, ...partitions]
  const mapped = stretches.map(({ offset, sizeBytes }, index) => ({
    offset,
    sizeBytes,
    runs: outlineOf(index === 0 ? image : sliceImage(image, offset, sizeBytes)),
  }))
  return { plan: { sizeBytes: image.sizeBytes, mapped, pieces, fileCount: files.length, full }, files }
}

const ZEROS = new Uint8Array(1 << 20)

/** Takes the windows of the image in ascending order and makes all sums at once. */
export class Digests {
  readonly #plan: DigestPlan
  readonly #mapped: MappedDigest[]
  readonly #open = new Map<number, Hash>()
  readonly #sums: string[]
  readonly #left: number[]
  readonly #full: Hash | undefined
  #fullEnd = 0
  #piece = 0
  #pieceDone = 0

  constructor(plan: DigestPlan) {
    this.#plan = plan
    this.#mapped = plan.mapped.map(({ runs }) => new MappedDigest(runs))
    this.#full = plan.full ? createHash('sha256') : undefined
    this.#sums = new Array<string>(plan.fileCount).fill('')
    this.#left = new Array<number>(plan.fileCount).fill(0)
    for (const piece of plan.pieces) this.#left[piece.file]! += piece.length
  }

  window(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    this.#plan.mapped.forEach((stretch, index) => {
      const from = Math.max(offset, stretch.offset)
      const to = Math.min(end, stretch.offset + stretch.sizeBytes)
      if (from < to) this.#mapped[index]!.update(from - stretch.offset, bytes.subarray(from - offset, to - offset))
    })
    this.#files(offset, bytes)
    if (this.#full !== undefined) {
      const inside = bytes.subarray(0, Math.max(0, this.#plan.sizeBytes - offset))
      this.#fullFill(offset, ZEROS)
      this.#full.update(inside)
      this.#fullEnd = offset + inside.length
    }
  }

  fill(offset: number, length: number, byte: number): void {
    if (this.#full === undefined) return
    this.#fullFill(offset, ZEROS)
    this.#fullFill(offset + length, new Uint8Array(ZEROS.length).fill(byte))
  }

  finish(): DigestResults {
    this.#fullFill(this.#plan.sizeBytes, ZEROS)
    return {
      mapped: this.#mapped.map((digest) => digest.finish()),
      files: this.#sums,
      full: this.#full?.digest('hex'),
    }
  }

  #files(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    for (; this.#piece < this.#plan.pieces.length; this.#piece++, this.#pieceDone = 0) {
      const piece = this.#plan.pieces[this.#piece]!
      const from = piece.offset + this.#pieceDone
      if (from >= end) return
      const to = Math.min(piece.offset + piece.length, end)
      this.#updateFile(piece.file, bytes.subarray(from - offset, to - offset))
      if (to < piece.offset + piece.length) {
        this.#pieceDone = to - piece.offset
        return
      }
    }
  }

  #updateFile(file: number, bytes: Uint8Array): void {
    let hash = this.#open.get(file)
    if (hash === undefined) {
      hash = createHash('sha256')
      this.#open.set(file, hash)
    }
    hash.update(bytes)
    this.#left[file]! -= bytes.length
    if (this.#left[file] === 0) {
      this.#sums[file] = hash.digest('hex')
      this.#open.delete(file)
    }
  }

  #fullFill(end: number, block: Uint8Array): void {
    if (this.#full === undefined) return
    while (this.#fullEnd < end) {
      const length = Math.min(block.length, end - this.#fullEnd)
      this.#full.update(block.subarray(0, length))
      this.#fullEnd += length
    }
  }
}
