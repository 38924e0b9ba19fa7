/** A file's content moved to its blocks on the volume. No byte is read. */
import type { DiskImage, ImageBuilder } from '../../image/extent.js'
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
    let done = start
    for (let index = firstEndingAfter(extents, start); index < extents.length; index++) {
      const part = clipExtent(extents[index]!, start, end)
      if (part === undefined) break
      target.fill(done + shift, part.offset - done)
      target.extent(shift, part)
      done = extentEnd(part)
    }
    target.fill(done + shift, end - done)
  }
}
