/**
 * An image in whole blocks, for the formats that know nothing smaller: which blocks hold data, which are a fill, and (in
 * between) which nobody relies on.
 */
import { alignDown, alignUp } from '../bytes/align.js'
import type { DiskImage } from '../image/extent.js'
import { runsOf } from '../image/runs.js'

/** Whole blocks, [start, end) in bytes; the last end may exceed the image. */
export interface BlockStretch {
  readonly start: number
  readonly end: number
  /** The byte of a fill; undefined for data. */
  readonly fill: number | undefined
}

/**
 * The specified blocks in order, each stretch as long as it can be; what lies between two is unspecified. A block that is
 * specified in part counts as specified whole: its rest is zeros, as in the raw file. A block is a zero fill where nothing
 * but zeros is specified in it, and a fill of another byte only where that byte is all that it holds; every other one is
 * data. The windows of a pass carry all bytes of data blocks that are not zero. O(n).
 *
 * @param blockBytes a multiple of the window's alignment
 */
export function* blockStretches(image: DiskImage, blockBytes: number): Generator<BlockStretch> {
  let pending: BlockStretch | undefined
  for (const stretch of disjoint(image, blockBytes)) {
    if (pending !== undefined && pending.end === stretch.start && pending.fill === stretch.fill) {
      pending = { ...pending, end: stretch.end }
      continue
    }
    if (pending !== undefined) yield pending
    pending = stretch
  }
  if (pending !== undefined) yield pending
}

/** Two runs can meet in one block, which then is data unless both are zeros. */
function* disjoint(image: DiskImage, blockBytes: number): Generator<BlockStretch> {
  let pending: BlockStretch | undefined
  for (const claim of claims(image, blockBytes)) {
    let next = claim
    if (pending !== undefined && next.start < pending.end) {
      if (pending.fill === next.fill) {
        next = { ...next, start: pending.end }
      } else if (pending.fill === undefined) {
        next = { ...next, start: pending.end }
      } else {
        pending = { ...pending, end: next.start }
      }
    }
    if (next.start >= next.end) continue
    if (pending !== undefined && pending.end > pending.start) yield pending
    pending = next
  }
  if (pending !== undefined && pending.end > pending.start) yield pending
}

/** What each run makes of the blocks that it touches; only the last block of one can be the first of the next. */
function* claims(image: DiskImage, blockBytes: number): Generator<BlockStretch> {
  for (const run of runsOf(image)) {
    const runEnd = run.offset + run.length
    const start = alignDown(run.offset, blockBytes)
    const end = alignUp(runEnd, blockBytes)
    if (run.kind === 'data' || run.byte === 0) {
      yield { start, end, fill: run.kind === 'data' ? undefined : 0 }
      continue
    }
    const innerStart = alignUp(run.offset, blockBytes)
    // Past the image's end nothing stands that could differ.
    const innerEnd = runEnd === image.sizeBytes ? end : alignDown(runEnd, blockBytes)
    if (innerStart >= innerEnd) {
      yield { start, end, fill: undefined }
      continue
    }
    if (start < innerStart) yield { start, end: innerStart, fill: undefined }
    yield { start: innerStart, end: innerEnd, fill: run.byte }
    if (innerEnd < end) yield { start: innerEnd, end, fill: undefined }
  }
}
