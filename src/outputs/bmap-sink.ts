/** A bmap from the one pass. Its sums are made on a thread of their own. */
import type { DiskImage } from '../image/extent.js'
import { type BlockStretch, blockStretches } from './block-stretches.js'
import { BMAP_BLOCK_BYTES, bmapText } from './bmap-text.js'
import type { FileSink } from './sink.js'
import type { RangeDigestStream, Threads } from './threads.js'
import { writeWholeFile } from './whole-file.js'

/**
 * Longer fills are cut into ranges of this length. The sum of one serves all of them, so that zeros cost the same however
 * many there are; and a reader that verifies range by range meets an error sooner.
 */
const FILL_RANGE_BYTES = 16 << 20

/** Everything that is specified is mapped, zeros too; what is not, is not. */
export class BmapSink implements FileSink {
  readonly #path: string | undefined
  readonly #sizeBytes: number
  readonly #ranges: readonly BlockStretch[]
  readonly #digests: RangeDigestStream
  #text: string | undefined

  /** `path` undefined: only `text` is wanted. */
  constructor(path: string | undefined, image: DiskImage, threads: Threads) {
    this.#path = path
    this.#sizeBytes = image.sizeBytes
    this.#ranges = [...rangesOf(image)]
    this.#digests = threads.rangeDigests(
      this.#ranges.map(({ start, end, fill }) => ({
        offset: start,
        length: Math.min(end, image.sizeBytes) - start,
        fill,
      })),
    )
  }

  /** After `finish`. */
  get text(): string {
    if (this.#text === undefined) throw new Error('invariant: a bmap asked for before the pass was over')
    return this.#text
  }

  get isBrief(): boolean {
    return this.#digests.isBrief ?? false
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    return this.#digests.window(offset, bytes)
  }

  fill(): Promise<void> {
    return Promise.resolve()
  }

  async finish(): Promise<void> {
    const sums = await this.#digests.finish()
    this.#text = bmapText(
      this.#sizeBytes,
      this.#ranges.map(({ start, end }, index) => ({ start, end, sha256: sums[index]! })),
    )
    if (this.#path !== undefined) writeWholeFile(this.#path, Buffer.from(this.#text, 'utf8'))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export async function createBmapSink(
  path: string | undefined,
  image: DiskImage,
  _options: object,
  threads: Threads,
): Promise<BmapSink> {
  return new BmapSink(path, image, threads)
}

function* rangesOf(image: DiskImage): Generator<BlockStretch> {
  for (const stretch of blockStretches(image, BMAP_BLOCK_BYTES)) {
    if (stretch.fill === undefined) {
      yield stretch
      continue
    }
    for (let { start } = stretch; start < stretch.end; start += FILL_RANGE_BYTES) {
      yield { start, end: Math.min(stretch.end, start + FILL_RANGE_BYTES), fill: stretch.fill }
    }
  }
}
