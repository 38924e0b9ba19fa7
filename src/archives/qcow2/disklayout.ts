/**
 * The header of a qcow2 image, versions 2 and 3, and the words of its tables. Big-endian. Clusters are found through two
 * levels of tables.  [QCOW2]
 */
import { type Infer, struct, u32be, u64be } from '../../bytes/struct.js'

/** What both versions have. */
export const Qcow2Header = struct('qcow2_header', 72, {
  magic: [0, u32be],
  version: [4, u32be],
  backing_file_offset: [8, u64be],
  backing_file_size: [16, u32be],
  cluster_bits: [20, u32be],
  size: [24, u64be],
  crypt_method: [32, u32be],
  l1_size: [36, u32be],
  l1_table_offset: [40, u64be],
  refcount_table_offset: [48, u64be],
  refcount_table_clusters: [56, u32be],
  nb_snapshots: [60, u32be],
  snapshots_offset: [64, u64be],
})
export type Qcow2Header = Infer<typeof Qcow2Header>

/** What version 3 adds, behind the above. */
export const Qcow2HeaderV3 = struct('qcow2_header_v3', 32, {
  incompatible_features: [0, u64be],
  compatible_features: [8, u64be],
  autoclear_features: [16, u64be],
  /** 2^n bits for a count. */
  refcount_order: [24, u32be],
  header_length: [28, u32be],
})

export const QCOW2_MAGIC = 0x514649fb
export const QCOW2_VERSION = 3

/** Of a cluster that is used: counts have 16 bits. */
export const REFCOUNT_ORDER = 4

/** In an entry of L1 or L2: the count of the cluster that it names is exactly one. The upper half of the entry. */
export const OFLAG_COPIED_HIGH = 0x8000_0000
/** In an entry of L2: the cluster is compressed; its place has no alignment. The upper half of the entry. */
export const OFLAG_COMPRESSED_HIGH = 0x4000_0000
/** In an entry of L2, from version 3 on: the cluster reads as zeros. */
export const OFLAG_ZERO = 1

/** An entry of either table. */
export const TABLE_ENTRY_BYTES = 8
export const MIN_CLUSTER_BITS = 9
export const MAX_CLUSTER_BITS = 21
/** Compressed clusters count their stored length in these. */
export const COMPRESSED_SECTOR_BYTES = 512
