/**
 * What every file-system reader gives to those who look inside: `inspect`, `ls`, `extract`, `verify`, `diff`. The content of
 * a volume is the same value as a payload, so all that is done with payload trees is done with volumes too, and the content
 * of a file is a composition of stretches of the image: no reader copies a byte of it.
 *
 * A reader trusts nothing: every offset, count and chain is bounded, and a cycle ends. What cannot be followed is a
 * FormatError with structure, field, byte offset in the volume, what was found and what was expected.
 */
import type { FieldFinding } from '../bytes/field-error.js'
import type { ByteString } from '../bytes/text.js'
import type { FileNode, FileTree } from '../tree/file-tree.js'

/** What a volume says of itself. */
export interface VolumeSummary {
  /** `ext4`, `fat32`, `jffs2`. */
  readonly format: string
  readonly label?: string
  /** RFC 9562 text, or FAT's `1234-ABCD`. */
  readonly uuid?: string
  /** Of the file system; at most the view's. */
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly freeBytes: number
  /** Missing where the format has no fixed number of them. */
  readonly usedInodes?: number
  readonly freeInodes?: number
  /** `clean`, or what the volume says is the matter (`not unmounted`, `errors were found`, `the journal needs recovery`). */
  readonly state: string
  /** Further figures in the words of the format, in the order in which they are shown: `{ block_size: 4096, features: […] }`. */
  readonly facts: Readonly<Record<string, string | number | readonly string[]>>
}

/** What a stretch of a volume is for. What is in none is free. */
export interface UsedStretch {
  /** Bytes from the start of the volume. */
  readonly offset: number
  readonly length: number
  readonly use: 'metadata' | 'data'
}

/** What a format tells of one node beyond the node itself, in the words of the format: `{ inode: 12, links: 1, flags: '0x80000' }`. */
export type NodeDetails = Readonly<Record<string, string | number>>

/** An open volume. Errors of all its methods: FormatError where the volume is damaged, IoError where it cannot be read. */
export interface VolumeReader {
  readonly summary: VolumeSummary
  /**
   * The node at a path of names from the root (none: the root itself), reading no more than the way there; undefined where
   * there is none. Symlinks are not followed. Of a directory the children are read, theirs are not: their `children` are empty.
   */
  find(path: readonly ByteString[]): FileNode | undefined
  details(path: readonly ByteString[]): NodeDetails | undefined
  /**
   * The whole volume; hard links are the same object. What is wrong with the content of one file (its map is damaged, it is
   * encrypted) is thrown when its `content.extents` are asked for, so that it can be listed and the others read.
   */
  tree(): FileTree
  /** Sorted, without overlaps. */
  usedStretches(): readonly UsedStretch[]
  /**
   * Everything that contradicts itself or the specification, all at once; throws only where the volume cannot be read at all.
   * A sound volume gives none. At most MAX_FINDINGS of them (bytes/findings.ts).
   */
  check(): readonly FieldFinding[]
}
