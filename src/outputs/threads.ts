/** The work that outputs, and the walk over a folder, hand to other threads; `build` decides whether there are any. */
import { crc32 } from '../bytes/crc32.js'
import type { Extent } from '../image/extent.js'
import type { FolderLister } from '../tree/folder-listing.js'
import { type DigestPlan, type DigestResults, Digests } from './digests.js'
import { fileDigestAt } from './file-digest.js'
import { type DigestRange, RangeDigests } from './range-digests.js'
import { type ZstdFrame, zstdFrame } from './zstd-frame.js'

export interface DeflatedBlock {
  readonly crc32: number
  /** Non-final deflate blocks that end at a byte boundary and refer to nothing before them, in pieces that stand end to end. Some may be parts of the bytes that they are made of. */
  readonly deflated: readonly Uint8Array[]
}

/** Takes windows in ascending order. A promise settles when its bytes are no longer needed. */
export interface DigestStream {
  /** `window` is done when it returns. */
  readonly isBrief?: true
  window(offset: number, bytes: Uint8Array): Promise<void>
  fill(offset: number, length: number, byte: number): Promise<void>
  finish(): Promise<DigestResults>
}

/** As DigestStream; fills need not be told. One sum for each range. */
export interface RangeDigestStream {
  readonly isBrief?: true
  window(offset: number, bytes: Uint8Array): Promise<void>
  finish(): Promise<readonly string[]>
}

/** What takes time to load. */
export type EncoderName = 'deflate' | 'zstd'

export interface Threads extends FolderLister {
  /** Starts the compressing threads and loads what they will need, while the caller still has other work to do. */
  warmUp(encoders: readonly EncoderName[]): void
  /** `bytes` is in shared memory where threads are real, and lent until the promise settles. */
  deflate(bytes: Uint8Array, level: number): Promise<DeflatedBlock>
  /** Each cluster as a stream of its own, as deflate-block.ts makes it for a qcow2; `bytes` as above. */
  deflateClusters(bytes: Uint8Array, clusterBytes: number, level: number): Promise<readonly Uint8Array[]>
  /** One frame, as zstd-frame.ts makes it. `bytes`, in shared memory likewise, is given away with what is behind it in its buffer. */
  zstdFrame(bytes: Uint8Array, level: number): Promise<ZstdFrame>
  digests(plan: DigestPlan): DigestStream
  rangeDigests(ranges: readonly DigestRange[]): RangeDigestStream
  /** SHA-256 of a finished output, lower-case hexadecimal. Rejects where it cannot be read. */
  fileDigest(path: string): Promise<string>
  /**
   * Fills `target`, which begins at byte `offset` of the image, from extents of files and fills; undefined where no thread is
   * free to, or they cannot be told to one (packed-extents.ts). Rejects where a file cannot be read or has changed, with an
   * error that says little.
   */
  read(extents: readonly Extent[], offset: number, target: Uint8Array): Promise<void> | undefined
  close(): Promise<void>
}

/** Its tables alone take 20 ms, and a build with real threads has them there. */
const loadDeflate = () => import('./deflate-block.js')

/** Everything in the calling thread: for tests, and for images too small to be worth a thread's 40 ms of start. */
export const INLINE_THREADS: Threads = {
  warmUp: () => {},
  deflate: async (bytes, level) => {
    const { deflateBlock } = await loadDeflate()
    return { crc32: crc32(bytes), deflated: await deflateBlock(bytes, level) }
  },
  deflateClusters: async (bytes, clusterBytes, level) => {
    const { deflateClusters } = await loadDeflate()
    return deflateClusters(bytes, clusterBytes, level)
  },
  zstdFrame,
  digests: (plan) => {
    const digests = new Digests(plan)
    return {
      isBrief: true,
      window: (offset, bytes) => Promise.resolve(digests.window(offset, bytes)),
      fill: (offset, length, byte) => Promise.resolve(digests.fill(offset, length, byte)),
      finish: () => Promise.resolve(digests.finish()),
    }
  },
  rangeDigests: (ranges) => {
    const digests = new RangeDigests(ranges)
    return {
      isBrief: true,
      window: (offset, bytes) => Promise.resolve(digests.window(offset, bytes)),
      finish: () => Promise.resolve(digests.finish()),
    }
  },
  fileDigest: async (path) => fileDigestAt(path),
  read: () => undefined,
  list: () => undefined,
  close: () => Promise.resolve(),
}
