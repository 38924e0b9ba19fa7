/** What every file-system writer gives to the layout. Formats are pure: no clock, no randomness, no file system, no locale. */
import type { Guid } from '../bytes/guid.js'
import type { Problem } from '../errors.js'
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
  readonly warnings: readonly Problem[]
  /** The volume as a value of exactly the size asked for. May be called once; metadata is made here. */
  encode(): DiskImage
}

/** One file-system family. `Options` are the family's own, already checked by the config's schema for their type. */
export interface VolumeFormat<Options> {
  /**
   * Decides everything. Throws LayoutError when the payload does not fit or the volume is too small (needed and available
   * in bytes, and inodes where they are what lacks), FormatError when the format cannot hold something (all paths at once).
   */
  plan(tree: FileTree, sizeBytes: number, options: Options, environment: VolumeEnvironment): PlannedVolume
  /** The smallest size in bytes that `plan` accepts for this tree; the same errors otherwise. */
  smallestSizeBytes(tree: FileTree, options: Options, environment: VolumeEnvironment): number
}
