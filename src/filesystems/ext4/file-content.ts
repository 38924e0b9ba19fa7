/** A file's content moved to its blocks on the volume. No byte is read. */
import type { DiskImage, ImageBuilder } from '../../image/extent.js'
import type { BlockRun } from './file-blocks.js'

/**
 * Adds what `runs` hold: the content, and zeros where an allocated block has none of it (behind the file's end, or beside
 * a hole). In order of the runs, O(extents).
 */
export function placeContent(
  target: ImageBuilder,
  content: DiskImage,
  runs: readonly BlockRun[],
  blockSize: number,
): void {
  for (const { logical, physical, length } of runs) {
    const start = logical * blockSize
    target.withoutHoles((physical - logical) * blockSize, content, start, start + length * blockSize)
  }
}
