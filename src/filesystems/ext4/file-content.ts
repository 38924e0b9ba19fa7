/** A file's content moved to its blocks on the volume. No byte is read. */
import type { DiskImage, Extent, ImageBuilder } from '../../image/extent.js'
import { clipExtent, extentEnd, firstEndingAfter } from '../../image/extent.js'
import type { BlockRun } from './file-blocks.js'

/**
 * Adds what `runs` hold: the content, and zeros where an allocated block has none of it (behind the file's end, or beside
 * a hole). In order of the runs, O(extents).
 */
export function placeContent(
  target: ImageBuilder,
  { extents }: DiskImage,
  runs: readonly BlockRun[],
  blockSize: number,
): void {
  for (const { logical, physical, length } of runs) {
    const start = logical * blockSize
    const end = start + length * blockSize
    const shift = (physical - logical) * blockSize
    // What was clipped last, until what follows it is known.
    let last: Extent | undefined
    for (let index = firstEndingAfter(extents, start); index < extents.length; index++) {
      const part = clipExtent(extents[index]!, start, end)
      if (part === undefined) break
      if (last === undefined) target.fill(start + shift, part.offset - start)
      else target.padded(shift, last, part.offset - extentEnd(last))
      last = part
    }
    if (last === undefined) target.fill(start + shift, end - start)
    else target.padded(shift, last, end - extentEnd(last))
  }
}
