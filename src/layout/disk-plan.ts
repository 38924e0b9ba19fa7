/** What layout decides: where everything stands on the disk, and what each partition and volume will be. */
import type { Guid } from '../bytes/guid.js'
import type { FileSystemSpec, ImageSpec, LuksSpec, UbiSpec, VolumeSpec } from '../config/spec.js'
import type { Warning } from '../errors.js'
import type { PlannedVerity } from '../filesystems/verity/plan.js'
import type { PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import type { DiskImage, SourceFile } from '../image/extent.js'
import type { PartitionType } from '../tables/types.js'
import type { FileTree, Timestamp } from '../tree/file-tree.js'

/** What goes into one partition, measured. One for each entry of `spec.partitions`, in that order. */
export type Payload =
  /** For a volume. */
  | {
      readonly kind: 'tree'
      readonly tree: FileTree
      /** Files that the source stores with holes and the volume in full, and what those save there. */
      readonly sparseAtSource?: { readonly files: number; readonly bytes: number }
      /** The tree is another than copies of its folders with all their attributes would be. */
      readonly isAltered?: boolean
    }
  /** A raw file. */
  | { readonly kind: 'file'; readonly file: SourceFile }
  /** A finished volume: what the host's tools made. */
  | {
      readonly kind: 'image'
      readonly image: DiskImage
      readonly facts: PlannedVolume['facts']
      /** Of the files that went in. */
      readonly measure: PayloadMeasure
    }
  /** Of UBI: one for each of its volumes. */
  | { readonly kind: 'volumes'; readonly payloads: Payloads }
  /** What a whole partition is: its header, and its volume encrypted. */
  | {
      readonly kind: 'sealed'
      readonly image: DiskImage
      readonly facts: PlannedVolume['facts']
      readonly measure: PayloadMeasure
    }
  /** Nothing: an empty volume where the config asks for one, otherwise an empty partition. */
  | { readonly kind: 'none' }

export type Payloads = readonly Payload[]

export interface PayloadMeasure {
  /** Of the files, holes included; of a raw file its length. */
  readonly bytes: number
  /** The newest modification time; 1980-01-01 where there is none, or none later. */
  readonly newest: Timestamp
}

export interface LayoutEnvironment {
  /**
   * The time of every volume (SOURCE_DATE_EPOCH, which overrides the config's `source_date_epoch`). Where neither is
   * there, a volume takes the newest time in its payload, else 1980-01-01.
   */
  readonly time?: Timestamp
}

/**
 * `table`: sectors of the partition table itself · `partition`: of the table, or of `table: none` · `blob`: outside the
 * table (`in_table: false`) · `gap`: what nobody claims.
 */
export type RegionKind = 'table' | 'partition' | 'blob' | 'gap'

/** A stretch of the disk, [startByte, endByte). */
export interface Region {
  readonly kind: RegionKind
  /** For people: a partition's name, `primary GPT header and entries`, '' for a gap. */
  readonly name: string
  readonly startByte: number
  readonly endByte: number
  /** Index in `spec.partitions`, for partitions and blobs. */
  readonly index?: number
}

/** A partition or blob with its place. */
export interface PlacedPartition {
  /** In `spec.partitions`. */
  readonly index: number
  /** As the kernel will number it; undefined for a blob outside the table. */
  readonly number?: number
  readonly name: string
  readonly startByte: number
  readonly endByte: number
  readonly logical: boolean
  /** For its volume, where it has one. */
  readonly environment: VolumeEnvironment
  /** Byte of its extended boot record, for a logical partition. */
  readonly ebrByte?: number
  /** Of a partition whose size is `auto`: the volume with the options that make it the smallest, which its plan takes. */
  readonly chosen?: { readonly volume: FileSystemSpec | UbiSpec; readonly choices: readonly string[] }
}

/** Everything has its place, no volume is planned yet: what the host engine needs to know. */
export interface Placement {
  readonly sizeBytes: number
  /** [startByte, endByte) that partitions of the table may use. */
  readonly usable: { readonly startByte: number; readonly endByte: number }
  /** In the order of `spec.partitions`. */
  readonly partitions: readonly PlacedPartition[]
  /** Of an MBR with logical partitions: from its first EBR to the end of its last partition. */
  readonly extended?: { readonly number: number; readonly startByte: number; readonly endByte: number }
  /** Sorted; together with the gaps they cover the disk exactly. */
  readonly regions: readonly Region[]
}

export type PayloadWord = VolumeSpec['kind'] | 'luks'

export interface PlannedPartition extends PlacedPartition {
  /** Undefined outside the table and with `table: none`. */
  readonly type?: PartitionType
  /** GPT: the partition's GUID. MBR: `<signature>-<number>`, as the kernel makes its PARTUUID. */
  readonly uuid?: string
  /** GPT attribute bits, `bootable` (bit 2) included; 0n under MBR. */
  readonly attributes: bigint
  readonly bootable: boolean
  readonly payload: PayloadWord
  /** Bytes of the files that go in; of a raw file its length. */
  readonly payloadBytes: number
  /** `ext4`, `fat32` …, a raw file's base name, or `none`: the last word of its PartList.cfg line. */
  readonly fs: string
  readonly volume?: PlannedVolume
}

/** An encrypted partition. */
export interface PlannedSeal {
  /** In `spec.partitions`. */
  readonly index: number
  readonly luks: LuksSpec
  readonly uuid: Guid
  /** What stands in it, before it is encrypted. */
  inside(): DiskImage
}

/** A hash partition and what it covers, by index in `spec.partitions`. */
export interface PlannedCover {
  readonly index: number
  readonly dataIndex: number
  readonly volume: PlannedVerity
}

/** Everything but the bytes. */
export interface DiskDecisions extends Placement {
  readonly spec: ImageSpec
  readonly sectorSize: 512 | 4096
  readonly table: ImageSpec['table']
  /** Under GPT. */
  readonly diskGuid?: Guid
  /** Under MBR. */
  readonly mbrSignature?: number
  readonly partitions: readonly PlannedPartition[]
  /** Encrypted partitions, in the order of the list. */
  readonly seals: readonly PlannedSeal[]
  /** Hash partitions, in the order of the list. */
  readonly covers: readonly PlannedCover[]
  readonly warnings: readonly Warning[]
}

export interface DiskPlan extends DiskDecisions {
  /** The whole disk as a value. Volumes' metadata is made at the first call; later calls give the same value. */
  image(): DiskImage
  /** The same for drawing it: no content is read, hashes are blank, and what is not made yet is unspecified. */
  sketch(): DiskImage
}
