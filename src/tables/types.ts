/** A partition's type as its table stores it. */
import type { Guid } from '../bytes/guid.js'

export type PartitionType =
  | { readonly table: 'gpt'; readonly guid: Guid }
  | { readonly table: 'mbr'; readonly byte: number }
