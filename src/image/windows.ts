/**
 * How an image is carried to its outputs: aligned windows that hold every byte worth moving, and spans of a non-zero fill.
 * Everything else of a raw file is zeros, which no output has to be handed.
 *
 * Windows are aligned to 4 KiB since direct I/O wants that of offset, length and memory; partitions may begin at any
 * sector, so a window may cover the ends of two runs and the gap between them.
 */
import { alignDown, alignUp } from '../bytes/align.js'
import type { DiskImage } from './extent.js'
import { runsOf } from './runs.js'

export const WINDOW_ALIGN_BYTES = 4096
/** The most that one window holds: large enough for the disk's full rate, small enough to share among threads and to hold many. */
export const WINDOW_BYTES = 1 << 20

/** `fill` is missing for a window of bytes to be read, and the byte for a span of it. The last end may exceed the image. */
export interface Window {
  readonly start: number
  readonly end: number
  readonly fill?: number
}

/** In order of offset, without overlap; none longer than WINDOW_BYTES but the fills, none across a multiple of it. O(n). */
export function* windowsOf(image: DiskImage): Generator<Window> {
  for (const stretch of alignedStretches(image)) {
    if (stretch.fill !== undefined) {
      yield stretch
      continue
    }
    for (let start = stretch.start; start < stretch.end; ) {
      const end = Math.min(stretch.end, alignDown(start, WINDOW_BYTES) + WINDOW_BYTES)
      yield { start, end }
      start = end
    }
  }
}

function* alignedStretches(image: DiskImage): Generator<Window> {
  let pending: { start: number; end: number } | undefined
  function* data(start: number, end: number): Generator<Window> {
    if (start >= end) return
    if (pending !== undefined && start <= pending.end) {
      pending.end = Math.max(pending.end, end)
      return
    }
    if (pending !== undefined) yield pending
    pending = { start, end }
  }
  for (const run of runsOf(image)) {
    const end = run.offset + run.length
    const outerStart = alignDown(run.offset, WINDOW_ALIGN_BYTES)
    const outerEnd = alignUp(end, WINDOW_ALIGN_BYTES)
    if (run.kind === 'data') {
      yield* data(outerStart, outerEnd)
    } else if (run.byte !== 0) {
      // Only whole blocks can be a span of the fill; its ragged ends travel as bytes.
      const innerStart = alignUp(run.offset, WINDOW_ALIGN_BYTES)
      const innerEnd = alignDown(end, WINDOW_ALIGN_BYTES)
      yield* data(outerStart, innerStart)
      if (pending !== undefined) yield pending
      pending = undefined
      yield { start: innerStart, end: innerEnd, fill: run.byte }
      yield* data(innerEnd, outerEnd)
    }
  }
  if (pending !== undefined) yield pending
}

/** Bytes that the windows of an image carry: what a pass over it costs. */
export function carriedBytes(image: DiskImage): number {
  let total = 0
  for (const window of windowsOf(image)) if (window.fill === undefined) total += window.end - window.start
  return total
}
