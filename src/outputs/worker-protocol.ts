/** What the main thread and a worker say to each other. Bytes travel as views of shared memory. */
import type { HostPath, PackedListing } from '../tree/folder-listing.js'
import type { DigestPlan, DigestResults } from './digests.js'
import type { PackedExtents } from './packed-extents.js'
import type { DigestRange } from './range-digests.js'
import type { DeflatedBlock, EncoderName } from './threads.js'
import type { ZstdFrame } from './zstd-frame.js'

export type WorkerRequest =
  | { readonly kind: 'warm-up'; readonly id: number; readonly encoders: readonly EncoderName[] }
  | { readonly kind: 'deflate'; readonly id: number; readonly bytes: Uint8Array; readonly level: number }
  | {
      readonly kind: 'deflate-clusters'
      readonly id: number
      readonly bytes: Uint8Array
      readonly clusterBytes: number
      readonly level: number
    }
  | { readonly kind: 'zstd-frame'; readonly id: number; readonly bytes: Uint8Array; readonly level: number }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly extents: PackedExtents
      readonly offset: number
      readonly target: Uint8Array
    }
  | { readonly kind: 'list'; readonly id: number; readonly folders: readonly HostPath[] }
  | { readonly kind: 'digest-plan'; readonly plan: DigestPlan }
  | { readonly kind: 'digest-window'; readonly id: number; readonly offset: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'digest-fill'
      readonly id: number
      readonly offset: number
      readonly length: number
      readonly byte: number
    }
  | { readonly kind: 'digest-finish'; readonly id: number }
  | { readonly kind: 'ranges-plan'; readonly ranges: readonly DigestRange[] }
  | { readonly kind: 'ranges-window'; readonly id: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'ranges-finish'; readonly id: number }
  | { readonly kind: 'file-digest'; readonly id: number; readonly path: string }

export type WorkerResult =
  | DeflatedBlock
  | DigestResults
  | readonly Uint8Array[]
  | readonly PackedListing[]
  | ZstdFrame
  | readonly string[]
  | string
  | undefined

export type WorkerReply =
  | { readonly id: number; readonly result: WorkerResult }
  | { readonly id: number; readonly error: string }
