/**
 * All SHA-256 sums of one pass: each partition's mapped digest and so the disk's, each payload file's, and on request the plain
 * sum of the raw image. They are planned from the image value; then only bytes have to flow.
 */
import { createHash, type Hash } from 'node:crypto'
import { struct, u64le } from '../bytes/struct.js'
import { sliceImage } from '../image/compose.js'
import { type DiskImage, type SourceFile, withoutPadding } from '../image/extent.js'
import { MappedDigest, outlineOf, type RunOutline } from '../image/mapped-digest.js'

/** A stretch of a payload file and where it stands on the disk. */
export interface FilePiece {
  /** Index of the file in `files`. */
  readonly file: number
  readonly offset: number
  readonly length: number
}

/** A partition, or what stands between two of them. */
export interface Stretch {
  readonly offset: number
  readonly sizeBytes: number
}

/** Plain data, so that it can be handed to a thread. */
export interface DigestPlan {
  readonly sizeBytes: number
  /** Ascending, touching, from 0 to the end of the disk; run offsets relative to `offset`. */
  readonly stretches: readonly (Stretch & { readonly runs: readonly RunOutline[] })[]
  /** Pieces in ascending offset; those of one file are in the file's order and cover it whole. */
  readonly pieces: readonly FilePiece[]
  readonly fileCount: number
  /** Whether the plain SHA-256 over every byte of the raw image is wanted: it costs the size of the disk. */
  readonly full: boolean
}

export interface DigestResults {
  /** Mapped digests, as the plan's stretches. */
  readonly stretches: readonly string[]
  /** As the plan's files. */
  readonly files: readonly string[]
  readonly full: string | undefined
}

/** A stretch of a payload file that is something of its own: the whole file, or a member of an archive. */
export interface FileRange {
  readonly file: SourceFile
  readonly offset: number
  readonly length: number
}

export interface PlannedDigests {
  readonly plan: DigestPlan
  /** What has its sum from the pass, in the order of `DigestResults.files`. */
  readonly files: readonly FileRange[]
}

/**
 * Plans the digests of `image`: its files', and of archives those of their `members`, in whose place the archive as a whole
 * has none. What does not stand on the disk whole, once and in its own order (a file with holes left out) is not among
 * `files`; its sum takes a read of its own.
 */
export function planDigests(
  image: DiskImage,
  partitions: readonly Stretch[],
  full: boolean,
  members: Iterable<FileRange> = [],
): PlannedDigests {
  const { files, pieces } = planPieces(image, members)
  pieces.sort((a, b) => a.offset - b.offset)
  const stretches = stretchesOf(image.sizeBytes, partitions).map(({ offset, sizeBytes }) => ({
    offset,
    sizeBytes,
    runs: outlineOf(sliceImage(image, offset, sizeBytes)),
  }))
  return { plan: { sizeBytes: image.sizeBytes, stretches, pieces, fileCount: files.length, full }, files }
}

interface RangeState extends FileRange {
  /** Byte of the file up to which it was found, in its order. */
  next: number
  readonly pieces: FilePiece[]
}

/** One pass over the extents: each continues the range that waits at its place in its file, if one does. */
function planPieces(image: DiskImage, members: Iterable<FileRange>): { files: FileRange[]; pieces: FilePiece[] } {
  const states: RangeState[] = []
  const waiting = new Map<SourceFile, Map<number, RangeState>>()
  const begin = (range: FileRange): Map<number, RangeState> => {
    const ofFile = waiting.get(range.file) ?? new Map<number, RangeState>()
    waiting.set(range.file, ofFile)
    if (ofFile.has(range.offset)) return ofFile
    const state = { ...range, next: range.offset, pieces: [] }
    ofFile.set(range.offset, state)
    states.push(state)
    return ofFile
  }
  for (const member of members) begin(member)
  for (const extent of image.extents) {
    const content = withoutPadding(extent)
    if (content?.source.kind !== 'file') continue
    const { offset, length, source } = content
    const { file } = source
    const ofFile = waiting.get(file) ?? begin({ file, offset: 0, length: file.sizeBytes })
    const state = ofFile.get(source.offset)
    if (state === undefined || state.next + length > state.offset + state.length) continue
    ofFile.delete(state.next)
    state.pieces.push({ file: 0, offset, length })
    state.next += length
    if (state.next < state.offset + state.length) ofFile.set(state.next, state)
  }
  const files: FileRange[] = []
  const pieces: FilePiece[] = []
  for (const { file, offset, length, next, pieces: own } of states) {
    if (next !== offset + length) continue
    for (const piece of own) pieces.push({ ...piece, file: files.length })
    files.push({ file, offset, length })
  }
  return { files, pieces }
}

/** The partitions and what stands between them, ascending, covering the disk. `partitions` in any order, disjoint. */
function stretchesOf(sizeBytes: number, partitions: readonly Stretch[]): Stretch[] {
  const stretches: Stretch[] = []
  let end = 0
  for (const partition of partitions.toSorted((a, b) => a.offset - b.offset)) {
    if (partition.offset > end) stretches.push({ offset: end, sizeBytes: partition.offset - end })
    stretches.push(partition)
    end = partition.offset + partition.sizeBytes
  }
  if (end < sizeBytes) stretches.push({ offset: end, sizeBytes: sizeBytes - end })
  return stretches
}

const StretchHeader = struct('mapped_digest_stretch', 16, { offset: [0, u64le], length: [8, u64le] })

/** The mapped digest of a disk from those of its stretches, so that each byte is hashed once for both. */
export function mappedDigestOfDisk(stretches: readonly Stretch[], digests: readonly string[]): string {
  const hash = createHash('sha256')
  stretches.forEach(({ offset, sizeBytes }, index) => {
    hash.update(StretchHeader.encode({ offset, length: sizeBytes })).update(Buffer.from(digests[index]!, 'hex'))
  })
  return hash.digest('hex')
}

/** The plan as two of about the same cost, for two threads; `mergeDigests` puts their results together. */
export function splitDigestPlan(plan: DigestPlan): readonly DigestPlan[] {
  return [
    { ...plan, pieces: [], fileCount: 0 },
    { ...plan, stretches: [], full: false },
  ]
}

/** The results of the parts of a plan as those of the whole. */
export function mergeDigests(parts: readonly DigestResults[]): DigestResults {
  return {
    stretches: parts.flatMap(({ stretches }) => stretches),
    files: parts.flatMap(({ files }) => files),
    full: parts.find(({ full }) => full !== undefined)?.full,
  }
}

const ZEROS = new Uint8Array(1 << 20)

/** Takes the windows of the image in ascending order and makes all sums at once. */
export class Digests {
  readonly #plan: DigestPlan
  readonly #stretches: MappedDigest[]
  /** Index of the first stretch that has not ended. */
  #stretch = 0
  readonly #open = new Map<number, Hash>()
  readonly #sums: string[]
  readonly #left: number[]
  readonly #full: Hash | undefined
  #fullEnd = 0
  #piece = 0
  #pieceDone = 0

  constructor(plan: DigestPlan) {
    this.#plan = plan
    this.#stretches = plan.stretches.map(({ runs }) => new MappedDigest(runs))
    this.#full = plan.full ? createHash('sha256') : undefined
    this.#sums = new Array<string>(plan.fileCount).fill('')
    this.#left = new Array<number>(plan.fileCount).fill(0)
    for (const piece of plan.pieces) this.#left[piece.file]! += piece.length
  }

  window(offset: number, bytes: Uint8Array): void {
    this.#eachStretch(offset, offset + bytes.length, (digest, from, to, start) =>
      digest.update(from - start, bytes.subarray(from - offset, to - offset)),
    )
    this.#files(offset, bytes)
    if (this.#full !== undefined) {
      const inside = bytes.subarray(0, Math.max(0, this.#plan.sizeBytes - offset))
      this.#fullFill(offset, ZEROS)
      this.#full.update(inside)
      this.#fullEnd = offset + inside.length
    }
  }

  fill(offset: number, length: number, byte: number): void {
    this.#eachStretch(offset, offset + length, (digest, from, to, start) => digest.fill(from - start, to - from, byte))
    if (this.#full === undefined) return
    this.#fullFill(offset, ZEROS)
    this.#fullFill(offset + length, new Uint8Array(ZEROS.length).fill(byte))
  }

  finish(): DigestResults {
    this.#fullFill(this.#plan.sizeBytes, ZEROS)
    return {
      stretches: this.#stretches.map((digest) => digest.finish()),
      files: this.#sums,
      full: this.#full?.digest('hex'),
    }
  }

  /** The digests that [offset, end) concerns, with the part [from, to) of it in each and where the stretch starts. */
  #eachStretch(
    offset: number,
    end: number,
    use: (digest: MappedDigest, from: number, to: number, start: number) => void,
  ): void {
    for (; this.#stretch < this.#plan.stretches.length; this.#stretch++) {
      const stretch = this.#plan.stretches[this.#stretch]!
      if (stretch.offset >= end) return
      const stretchEnd = stretch.offset + stretch.sizeBytes
      const from = Math.max(offset, stretch.offset)
      const to = Math.min(end, stretchEnd)
      if (from < to) use(this.#stretches[this.#stretch]!, from, to, stretch.offset)
      if (stretchEnd > end) return
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
