/**
 * The files of a tar, which stay where they are: the image in one of them is a stretch of the
 * archive.
 */
import { readTar, type TarEntry } from '../archives/tar/tar-reader.js'
import { displayName } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import type { ArchiveMember } from './archive-member.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'

/** A regular file in a tar. */
export class TarMember implements ArchiveMember {
  readonly name: string
  readonly sizeBytes: number
  readonly #file: ImageFile
  readonly #entry: TarEntry

  constructor(file: ImageFile, entry: TarEntry) {
    this.name = displayName(entry.path).replace(/^(?:\.\/)+/, '')
    this.sizeBytes = entry.sizeBytes
    this.#file = file
    this.#entry = entry
  }

  async head(length: number): Promise<Uint8Array> {
    const target = new Uint8Array(Math.min(length, this.sizeBytes))
    const reader = new PayloadReader()
    try {
      readImage(this.content(), 0, target, reader)
      reader.close()
    } finally {
      reader.abandon()
    }
    return target
  }

  /**
   * Its bytes; the holes of a sparse member are zeros. FormatError where it is longer than any
   * image.
   */
  content(): DiskImage {
    const { sizeBytes, stretches } = this.#entry
    if (sizeBytes > MAX_IMAGE_BYTES) {
      throw new FormatError(
        `Cannot read "${this.name}" of "${this.#file.name}": it has ${sizeBytes} bytes, at most ${MAX_IMAGE_BYTES} are accepted`,
      )
    }
    const builder = new ImageBuilder(sizeBytes)
    let end = 0
    for (const { offset, length, archiveOffset } of stretches.toSorted((a, b) => a.offset - b.offset)) {
      if (length === 0) continue
      builder.fill(end, offset - end)
      builder.file(offset, length, this.#file.source, archiveOffset)
      end = offset + length
    }
    return builder.fill(end, sizeBytes - end).finish()
  }
}

/** In the order of the archive. FormatError where the archive is damaged or cut off. */
export function tarMembers(file: ImageFile): TarMember[] {
  const members: TarMember[] = []
  for (const entry of readTar(file.archive)) if (entry.type === 'file') members.push(new TarMember(file, entry))
  return members
}
