/** What `diff` finds, as plain data: by partition, and in each by file. Values are as people read them. */

/** A value of one side; missing where that side has none. */
export interface FieldDifference {
  /** `mode`, `sha256`, `block_size`. */
  readonly field: string
  readonly a?: FieldValue
  readonly b?: FieldValue
}

export type FieldValue = string | number | boolean

export interface FileDifference {
  /** From the root of the volume, `/` first. */
  readonly path: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** Of the one side that has it, else of `a`. */
  readonly type: string
  readonly fields: readonly FieldDifference[]
  /** Of a file: the first byte that differs; the shorter one's length where it is the beginning of the longer. */
  readonly firstDifferentByte?: number
  /** Unified diff, where it was asked for and both are text. */
  readonly text?: string
}

export interface ContentDifference {
  readonly startByte: number
  readonly endByte: number
  /** From the start of the disk. */
  readonly firstDifferentByte: number
}

export interface PartitionName {
  /** Missing where the disk has no table. */
  readonly number?: number
  readonly name: string
}

export interface PartitionDifference {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly a?: PartitionName
  readonly b?: PartitionName
  /** Of its entry in the table. */
  readonly fields: readonly FieldDifference[]
  /** What the volume says of itself, and its format. */
  readonly volume: readonly FieldDifference[]
  readonly files: readonly FileDifference[]
  /** For partitions whose files are not read: the first byte of the partition that differs. */
  readonly firstDifferentByte?: number
}

export interface DiskDifferences {
  readonly a: string
  readonly b: string
  /** Of the disk and its table. */
  readonly disk: readonly FieldDifference[]
  /** Only those that differ. */
  readonly partitions: readonly PartitionDifference[]
  /** Stretches outside all partitions and tables that differ: boot code and blobs. */
  readonly outside: readonly ContentDifference[]
}

export function isSame({ disk, partitions, outside }: DiskDifferences): boolean {
  return disk.length === 0 && partitions.length === 0 && outside.length === 0
}
