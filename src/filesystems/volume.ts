/** What every file-system writer gives to the layout. Formats are pure: no clock, no randomness, no file system, no locale. */
import { formatSize } from '../bytes/format-size.js'
import type { Guid } from '../bytes/guid.js'
import type { Warning } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import type { FileTree, Timestamp } from '../tree/file-tree.js'

/** What a volume takes from outside its payload and options; `layout` derives it from seed and clock. */
export interface VolumeEnvironment {
  /** Volume creation time. */
  readonly time: Timestamp
  /** Identifier of the volume, RFC 9562 text; FAT takes its volume id from the first four bytes. */
  readonly uuid: Guid
  /** Bytes from the start of the disk to the start of the volume (FAT's BPB_HiddSec). */
  readonly offsetBytes: number
  /** 512 or 4096. */
  readonly sectorSize: number
}

/** A volume with every decision made: block, inode and cluster numbers are settled, no byte exists yet. */
export interface PlannedVolume {
  /** `ext4`, `fat32` … as decided. */
  readonly format: string
  /** Size of the file system; at most the size asked for (it may be rounded down to whole blocks or tracks). */
  readonly sizeBytes: number
  /** Figures for `plan` and the manifest, in the words of the format: `{ block_size: 4096, inodes: 203200, free_blocks: … }`. */
  readonly facts: Readonly<Record<string, string | number | readonly string[]>>
  readonly warnings: readonly Warning[]
  /** The volume as a value of exactly the size asked for. May be called once; metadata is made here. */
  encode(): DiskImage
  /** What stands where without a look at any content, for pictures; missing where `encode` looks at none. */
  sketch?(): DiskImage
  /** Figures that only the content gives. */
  contentFacts?(): PlannedVolume['facts']
}

/**
 * Room that a filled volume still has for its users, at least: bytes that statfs gives as available (f_bavail: without what
 * is reserved), or these as a share of the volume's whole size.
 */
export type FreeSpace =
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** 0 to less than 100. */
  | { readonly kind: 'percent'; readonly percent: number }

export const NO_FREE_SPACE: FreeSpace = { kind: 'bytes', bytes: 0 }

/** The bytes that `free` asks for in a volume of this size. */
export function freeBytesIn(sizeBytes: number, free: FreeSpace): number {
  return free.kind === 'bytes' ? free.bytes : Math.ceil((sizeBytes * free.percent) / WHOLE_PERCENT)
}

const WHOLE_PERCENT = 100

/** `20%`, `64 MiB`, for messages. */
export function freeSpaceText(free: FreeSpace): string {
  return free.kind === 'bytes' ? formatSize(free.bytes) : `${free.percent}%`
}

export interface SmallestRequest {
  readonly free: FreeSpace
  /** The volume will have a multiple of so many bytes: a sector, an erase block, a block of what covers it. */
  readonly grainBytes: number
}

/** The smallest volume over the options that the config leaves open. */
export interface SmallestChoice {
  readonly sizeBytes: number
  /** The family's own options that were chosen beside the given ones; empty where the format's defaults are as small. */
  readonly options: object
}

/** One file-system family. `Options` are the family's own, already checked by the config's schema for their type. */
export interface VolumeFormat<Options> {
  /**
   * Decides everything. Throws LayoutError when the payload does not fit or the volume is too small (needed and available
   * in bytes, and inodes where they are what lacks), FormatError when the format cannot hold something (all paths at once).
   * A problem's or warning's `path` begins at the partition: `['label']`, `['options', 'cluster_size']`.
   */
  plan(tree: FileTree, sizeBytes: number, options: Options, environment: VolumeEnvironment): PlannedVolume
  /** The smallest size in bytes that `plan` accepts for this tree and that has `free` left; the same errors otherwise. */
  smallestSizeBytes(tree: FileTree, options: Options, environment: VolumeEnvironment, free?: FreeSpace): number
  /**
   * Returns the smallest volume over all options that are not given; `plan` accepts its size with them. The same errors
   * otherwise. Missing where no option makes a volume of the format smaller.
   */
  chooseSmallest?(
    tree: FileTree,
    options: Options,
    environment: VolumeEnvironment,
    request: SmallestRequest,
  ): SmallestChoice
}
