/** Volumes for tests of the ext reader: planned in memory, over a medium full of 0xD1, or read from a file. */
import type { PlannedVolume } from '../../src/filesystems/volume.js'
import { overlayImages } from '../../src/image/compose.js'
import type { DiskImage } from '../../src/image/extent.js'
import { ImageView } from '../../src/image/image-view.js'
import { ImageFile } from '../../src/readers/image-file.js'
import { wholeFile, withZerosFound } from '../../src/readers/raw-image.js'

const USED_MEDIUM = 0xd1

/** The volume as it stands on a used card: what nobody writes is not zero. */
export function onUsedMedium(volume: PlannedVolume): DiskImage {
  const image = volume.encode()
  const { sizeBytes } = image
  const used = { offset: 0, length: sizeBytes, source: { kind: 'fill', byte: USED_MEDIUM } } as const
  return overlayImages({ sizeBytes, extents: [used] }, image)
}

/** A raw image in a file, as the commands see it. */
export function viewFile(path: string): ImageView {
  const file = new ImageFile(path)
  try {
    return ImageView.of(withZerosFound(wholeFile(file)), path)
  } finally {
    file.close()
  }
}
