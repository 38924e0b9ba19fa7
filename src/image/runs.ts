/**
 * The normal form of an image. Two images that specify the same bytes by differently cut extents have the same runs,
 * and every output and digest is made from runs, so how a writer cuts its extents never shows.
 *
 * A run is a maximal stretch of *data*, or a *fill* of at least MIN_FILL bytes. A shorter fill (the tail of a file's last
 * block, say) counts as data: a hole of less than 64 KiB saves nothing, and 100,000 small files become one run instead of 200,000.
 */
import type { DiskImage, Extent } from './extent.js'
import { extentEnd } from './extent.js'

/** Fills below this length are data. 64 KiB is what a host's file system may use as its smallest hole. */
export const MIN_FILL_BYTES = 65536

export type Run =
  | { readonly kind: 'data'; readonly offset: number; readonly length: number }
  | { readonly kind: 'fill'; readonly offset: number; readonly length: number; readonly byte: number }

/** The runs in order; what lies between two of them is unspecified. O(n). */
export function* runsOf(image: DiskImage): Generator<Run> {
  // Data that no run was made of yet: [start, end), empty where they are equal.
  let start = 0
  let end = 0
  for (const { offset, length, source } of mergedFills(image.extents)) {
    const isFill = source.kind === 'fill' && length >= MIN_FILL_BYTES
    if (start < end && (isFill || offset > end)) {
      yield { kind: 'data', offset: start, length: end - start }
      start = end
    }
    if (start === end) start = offset
    end = offset + length
    if (!isFill) continue
    yield { kind: 'fill', offset, length, byte: source.byte }
    start = end
  }
  if (start < end) yield { kind: 'data', offset: start, length: end - start }
}

/** Joins touching fills of the same byte: their total decides whether they are a run of their own. */
function* mergedFills(extents: readonly Extent[]): Generator<Extent> {
  let pending: Extent | undefined
  for (const extent of extents) {
    if (pending !== undefined && joins(pending, extent)) {
      pending = { ...pending, length: pending.length + extent.length }
      continue
    }
    if (pending !== undefined) yield pending
    pending = undefined
    if (extent.source.kind === 'fill') pending = extent
    else yield extent
  }
  if (pending !== undefined) yield pending
}

function joins(a: Extent, b: Extent): boolean {
  return (
    a.source.kind === 'fill' && b.source.kind === 'fill' && a.source.byte === b.source.byte && extentEnd(a) === b.offset
  )
}
