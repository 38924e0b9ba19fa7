/** What stands in each partition, as a value of its size, made when it is first asked for and once. */
import { ERASED } from '../bytes/erased.js'
import type { ImageSpec } from '../config/spec.js'
import { invariant } from '../errors.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { overlayImages } from '../image/compose.js'
import { type DiskImage, ImageBuilder, imageOfFill } from '../image/extent.js'
import type { Payloads } from './disk-plan.js'
import { luksHeaderBytes } from './luks.js'
import type { Stretch } from './sectors.js'
import { coveringIndex } from './verity.js'

/** Zeroed at either end of a partition without a file system, so that nothing old is recognised there. */
const SIGNATURE_ROOM_BYTES = 64 * 1024

/** A partition and its volume; of an encrypted one, `volume` is the whole and `inside` the volume in it. */
export interface ContentPlace extends Stretch {
  readonly volume?: PlannedVolume
  readonly inside?: PlannedVolume
}

export class PartitionContents {
  readonly #spec: ImageSpec
  readonly #payloads: Payloads
  /** By index in the spec. */
  readonly #places: readonly ContentPlace[]
  readonly #made = new Map<number, DiskImage>()

  constructor(spec: ImageSpec, payloads: Payloads, places: readonly (Stretch & { readonly volume?: PlannedVolume })[]) {
    this.#spec = spec
    this.#payloads = payloads
    this.#places = places
  }

  /** Volumes' metadata is made here; hash trees read what they cover. */
  of(index: number): DiskImage {
    let content = this.#made.get(index)
    if (content === undefined) {
      content = this.#make(index)
      this.#made.set(index, content)
    }
    return content
  }

  /** What stands in an encrypted partition before it is encrypted; of any other the same as `of`. */
  insideOf(index: number): DiskImage {
    return this.#contentOf(index, this.#places[index]!.inside)
  }

  /** The same for drawing it: no content is read, and what is not made yet is unspecified. */
  sketchOf(index: number): DiskImage {
    return this.#made.get(index) ?? this.#places[index]!.volume?.sketch?.() ?? this.of(index)
  }

  #make(index: number): DiskImage {
    const content = this.#contentOf(index, this.#places[index]!.volume)
    if (coveringIndex(this.#spec, index) === undefined) return content
    // Its hashes are over every byte, so that nothing is left to what the medium held.
    return overlayImages(imageOfFill(content.sizeBytes), content)
  }

  #contentOf(index: number, volume: PlannedVolume | undefined): DiskImage {
    const { startByte, endByte } = this.#places[index]!
    const sizeBytes = endByte - startByte - luksHeaderBytes(this.#spec, index)
    if (volume !== undefined) return volume.encode()
    const asked = this.#spec.partitions[index]!.volume
    const payload = this.#payloads[index]!
    const builder = new ImageBuilder(sizeBytes)
    if (payload.kind === 'file') {
      const { file } = payload
      builder.file(0, file.sizeBytes, file)
      if (asked.kind === 'raw' && asked.fill !== undefined) {
        builder.fill(file.sizeBytes, sizeBytes - file.sizeBytes, asked.fill)
      }
    } else {
      invariant(asked.kind === 'none' && payload.kind === 'none', `partition ${index} has its payload`)
      // Flash is erased where nothing stands, and no signature is recognised in that.
      fillNothing(builder, sizeBytes, this.#spec.mtd === undefined ? asked.fill : (asked.fill ?? ERASED))
    }
    return builder.finish()
  }
}

/** Unspecified but for both ends, or filled as asked. */
function fillNothing(builder: ImageBuilder, length: number, fill: number | undefined): void {
  if (fill !== undefined || length <= 2 * SIGNATURE_ROOM_BYTES) {
    builder.fill(0, length, fill)
    return
  }
  builder.fill(0, SIGNATURE_ROOM_BYTES)
  builder.fill(length - SIGNATURE_ROOM_BYTES, SIGNATURE_ROOM_BYTES)
}
