/** What the readers of partition tables give: the same value for GPT and MBR. */
import type { FieldFinding } from '../bytes/field-error.js'

/** What the table says of it, which may be a place outside the disk: a finding tells so. */
export interface ReadPartition {
  /** As Linux counts: GPT's entry from 1; MBR's 1 to 4, logical ones from 5. */
  readonly number: number
  /** GPT's name; '' under MBR. */
  readonly name: string
  readonly startByte: number
  readonly sizeBytes: number
  /** A GUID in lower case, or `0x83`. */
  readonly type: string
  /** GPT only. */
  readonly uuid?: string
  /** GPT's attribute bits. */
  readonly attributes: bigint
  /** The active flag of MBR, or bit 2 of GPT. */
  readonly bootable: boolean
  readonly logical: boolean
}

export interface ReadTable {
  /** `hybrid`: a GPT whose MBR names partitions too; Linux and everything here follow the GPT. */
  readonly kind: 'gpt' | 'mbr' | 'hybrid'
  /** Bytes. A GPT tells it: 512 or 4096. */
  readonly sectorSize: number
  /** The disk GUID, or the disk signature as `0x1234abcd`. */
  readonly id: string
  /** Which copy was followed; MBR has but one. */
  readonly copy: 'primary' | 'backup'
  /** By number; without the extended partition, which only holds others. */
  readonly partitions: readonly ReadPartition[]
  /** MBR only: what the logical partitions stand in. */
  readonly extended?: ReadPartition
  /** What is wrong with either copy, with entries that overlap or leave the disk, with the protective MBR. */
  readonly findings: readonly FieldFinding[]
}
