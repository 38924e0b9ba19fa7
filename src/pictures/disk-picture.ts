/**
 * What a picture of a disk shows, as plain figures: a plan and an image that somebody else made can both fill it, and every
 * drawing is made from it.
 */

/**
 * `table`: of the partition table · `metadata`: of a file system · `data`: contents of files and raw payloads · `zero`, `fill`:
 * zeros, or another byte over and over, that are written · what is none of them is unspecified, or free.
 */
export type StretchUse = 'table' | 'metadata' | 'data' | 'zero' | 'fill'

/** In the order in which they are drawn and told. */
export const STRETCH_USES: readonly StretchUse[] = ['table', 'metadata', 'data', 'zero', 'fill']

export interface PictureStretch {
  /** Byte of the disk. */
  readonly offset: number
  readonly length: number
  readonly use: StretchUse
}

export interface PicturePart {
  readonly kind: 'table' | 'partition' | 'blob' | 'gap'
  /** Of a partition in a table. */
  readonly number?: number
  /** `data`, `primary GPT header and entries`; empty for a gap. */
  readonly name: string
  /** `ext4`, `fat32`, a raw file's name; empty where nothing is known. */
  readonly content: string
  readonly startByte: number
  readonly endByte: number
  /** Sorted, without overlaps, inside the part. */
  readonly stretches: readonly PictureStretch[]
  /** Further figures for people. */
  readonly facts: readonly PictureFact[]
  /** The root of its files, largest folders first. */
  readonly folders?: FolderSize
}

export interface PictureFact {
  readonly name: string
  readonly value: string
}

export interface FolderSize {
  /** Of the last component; `/` for the root. */
  readonly name: string
  readonly path: string
  /** Of all files below it; a hard link counts once. */
  readonly bytes: number
  readonly files: number
  /** The largest first; small ones, and files right inside, are only in the parent's figures. */
  readonly folders: readonly FolderSize[]
}

export interface DiskPicture {
  readonly name: string
  readonly sizeBytes: number
  readonly sectorSize: number
  /** `GPT`, `MBR`, `no partition table`. */
  readonly table: string
  readonly facts: readonly PictureFact[]
  /** What is in no stretch: a plan leaves it as it was, of an image that is there nobody can say. */
  readonly rest: 'unspecified' | 'free'
  /** Sorted; together they cover the disk. */
  readonly parts: readonly PicturePart[]
}

/** Partitions and blobs: what somebody asked for. */
export function isVolumePart({ kind }: PicturePart): boolean {
  return kind === 'partition' || kind === 'blob'
}

/** Bytes of each use, and what is left. */
export function usesOf({ startByte, endByte, stretches }: PicturePart): Readonly<Record<StretchUse | 'rest', number>> {
  const uses = { table: 0, metadata: 0, data: 0, zero: 0, fill: 0, rest: endByte - startByte }
  for (const { use, length } of stretches) {
    uses[use] += length
    uses.rest -= length
  }
  return uses
}

/** `3 data`, `data`, `gap`. */
export function titleOf({ kind, number, name }: PicturePart): string {
  if (kind === 'gap') return 'gap'
  return number === undefined ? name : `${number} ${name}`
}
