/**
 * QCOW2, version 3: a header, and by clusters a table of reference counts and one of mappings in two levels. Big-endian.
 * Readers: QEMU and all that uses its block layer, libvirt, cloud importers. [QCOW2]
 */
import { type Infer, struct, u32be, u64be } from '../bytes/struct.js'

export const QCOW2_MAGIC = 0x514649fb
export const QCOW2_VERSION = 3

export const Qcow2Header = struct('qcow2_header', 104, {
  magic: [0, u32be],
  version: [4, u32be],
  backing_file_offset: [8, u64be],
  backing_file_size: [16, u32be],
  cluster_bits: [20, u32be],
  /** Bytes of the disk, a multiple of 512. */
  size: [24, u64be],
  crypt_method: [32, u32be],
  l1_size: [36, u32be],
  l1_table_offset: [40, u64be],
  refcount_table_offset: [48, u64be],
  refcount_table_clusters: [56, u32be],
  nb_snapshots: [60, u32be],
  snapshots_offset: [64, u64be],
  incompatible_features: [72, u64be],
  compatible_features: [80, u64be],
  autoclear_features: [88, u64be],
  /** 2^n bits for a count. */
  refcount_order: [96, u32be],
  header_length: [100, u32be],
})
export type Qcow2Header = Infer<typeof Qcow2Header>

/** Of a cluster that is used: counts have 16 bits. */
export const REFCOUNT_ORDER = 4

/** In an entry of L1 or L2: the count of the cluster that it names is exactly one. The upper half of the entry. */
export const OFLAG_COPIED_HIGH = 0x8000_0000
/** In an entry of L2: the cluster reads as zeros. */
export const OFLAG_ZERO = 1
