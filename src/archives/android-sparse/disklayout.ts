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
export const CHUNK_TYPE = { raw: 0xcac1, fill: 0xcac2, dontCare: 0xcac3, crc32: 0xcac4 } as const
/** What a fill chunk repeats, and the body of a CRC chunk. */
export const CHUNK_WORD_BYTES = 4
