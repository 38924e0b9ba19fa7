/** What another reader finds in a volume: the question that a thread is asked, and its answer. */
import type { DiskImage } from '../../image/extent.js'

export interface OpinionRequest {
  readonly package: 'ext2fs' | 'fatfs' | 'gpt'
  /** The volume; for `gpt` the disk. */
  readonly image: DiskImage
  readonly sectorSize: number
}

/** What is missing the package cannot tell, or tells wrong. */
export interface OtherEntry {
  readonly type: 'directory' | 'file' | 'symlink' | 'other'
  readonly mode?: number
  /** The lower 16 bits. */
  readonly uid?: number
  readonly gid?: number
  readonly sizeBytes?: number
  readonly target?: string
  readonly sha256?: string
}

export interface OtherPartition {
  readonly name: string
  readonly type: string
  readonly uuid: string
  readonly firstLba: number
  readonly lastLba: number
  readonly attributes: bigint
}

export type OpinionReply =
  | { readonly kind: 'files'; readonly entries: ReadonlyMap<string, OtherEntry> }
  | { readonly kind: 'partitions'; readonly id: string; readonly partitions: readonly OtherPartition[] }
  /** The package is not there, or gave up. */
  | { readonly kind: 'none'; readonly reason: string }
