/** A file's content moved to its blocks on the volume. No byte is read. */
import type { DiskImage, Extent } from '../../image/extent.js'
import { clipExtent, extentEnd, firstEndingAfter, ZERO } from '../../image/extent.js'
import type { BlockRun } from './file-blocks.js'

/**
 * Appends what `runs` hold: the content, and zeros where an allocated block has none of it (behind the file's end, or beside
 * a hole). In order of the runs, O(extents).
 */
export function placeContent(
  target: Extent[],
  { extents }: DiskImage,
  runs: readonly BlockRun[],
  blockSize: number,
): void {
  for (const { logical, physical, length } of runs) {
    const start = logical * blockSize
    const end = start + length * blockSize
    const shift = (physical - logical) * blockSize
    let done = start
    for (let index = firstEndingAfter(extents, start); index < extents.length; index++) {
      const part = clipExtent(extents[index]!, start, end)
      if (part === undefined) break
      if (part.offset > done) target.push({ offset: done + shift, length: part.offset - done, source: ZERO })
      target.push({ offset: part.offset + shift, length: part.length, source: part.source })
      done = extentEnd(part)
    }
    if (done < end) target.push({ offset: done + shift, length: end - done, source: ZERO })
  }
}
