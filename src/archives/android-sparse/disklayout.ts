/**
 * Android's sparse image: a header, then chunks that cover the disk in order. Little-endian, counted in blocks. Readers that
 * matter: fastboot of bootloaders (U-Boot among them), simg2img.  [ANDROID-SPARSE]
 */
import { type Infer, struct, u16le, u32le } from '../../bytes/struct.js'

export const SparseHeader = struct('sparse_header', 28, {
  magic: [0, u32le],
  major_version: [4, u16le],
  minor_version: [6, u16le],
  file_hdr_sz: [8, u16le],
  chunk_hdr_sz: [10, u16le],
  /** In bytes, a multiple of 4. */
  blk_sz: [12, u32le],
  /** Blocks of the disk. */
  total_blks: [16, u32le],
  total_chunks: [20, u32le],
  /** CRC-32 of the disk, don't-care as zeros; 0: none. */
  image_checksum: [24, u32le],
})
export type SparseHeader = Infer<typeof SparseHeader>

export const ChunkHeader = struct('chunk_header', 12, {
  chunk_type: [0, u16le],
  reserved1: [2, u16le],
  /** Blocks of the disk that it covers. */
  chunk_sz: [4, u32le],
  /** Bytes in the file, this header included. */
  total_sz: [8, u32le],
})
export type ChunkHeader = Infer<typeof ChunkHeader>

export const SPARSE_HEADER_MAGIC = 0xed26ff3a
export const SPARSE_MAJOR_VERSION = 1

export const CHUNK_TYPE_RAW = 0xcac1
export const CHUNK_TYPE_FILL = 0xcac2
export const CHUNK_TYPE_DONT_CARE = 0xcac3
/** Of what stands before it. Never written: half of the readers refuse it. */
export const CHUNK_TYPE_CRC32 = 0xcac4

/** The value of a fill chunk, repeated. */
export const FILL_VALUE_BYTES = 4
/** The body of a CRC chunk. */
export const CRC32_BYTES = 4
