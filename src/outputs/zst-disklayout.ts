/**
 * The parts of a zstd stream that are written by us: frames of one repeated byte, and the seek table behind all frames.
 * Little-endian.  [RFC 8878 §3.1] [ZSTD-SEEKABLE]
 */
import { struct, u8, u32le } from '../bytes/struct.js'

/** What begins every frame; which fields follow, and how long they are, is in the descriptor. [RFC 8878 §3.1.1.1] */
export const FrameStart = struct('zstd_frame_start', 5, {
  Magic_Number: [0, u32le],
  Frame_Header_Descriptor: [4, u8],
})

/** A frame with a window, a content size of four bytes, no dictionary and no checksum. [RFC 8878 §3.1.1.1] */
export const FrameHeader = struct('zstd_frame_header', 10, {
  Magic_Number: [0, u32le],
  Frame_Header_Descriptor: [4, u8],
  Window_Descriptor: [5, u8],
  Frame_Content_Size: [6, u32le],
})

/** Three bytes, then content: `Last_Block | Block_Type << 1 | Block_Size << 3`; here with the one byte of an RLE block. */
export const RLE_BLOCK_BYTES = 4
export const LAST_BLOCK = 1
export const BLOCK_TYPE_RLE = 1
/** Block_Maximum_Size, however large the window. [RFC 8878 §3.1.1.2.4] */
export const BLOCK_MAXIMUM_BYTES = 128 << 10

export const SkippableFrameHeader = struct('zstd_skippable_frame_header', 8, {
  Magic_Number: [0, u32le],
  Frame_Size: [4, u32le],
})

export const SeekTableEntry = struct('zstd_seek_table_entry', 8, {
  Compressed_Size: [0, u32le],
  Decompressed_Size: [4, u32le],
})

export const SeekTableFooter = struct('zstd_seek_table_footer', 9, {
  Number_Of_Frames: [0, u32le],
  Seek_Table_Descriptor: [4, u8],
  Seekable_Magic_Number: [5, u32le],
})

/** In the descriptor: behind the last block stand the low four bytes of the content's XXH64. [RFC 8878 §3.1.1] */
export const CONTENT_CHECKSUM_FLAG = 1 << 2
export const CONTENT_CHECKSUM_BYTES = 4

export const FRAME_MAGIC = 0xfd2fb528
export const SKIPPABLE_MAGIC_OF_SEEK_TABLE = 0x184d2a5e
export const SEEKABLE_MAGIC = 0x8f92eab1
/** Frame_Content_Size_flag 2: four bytes. */
export const DESCRIPTOR_CONTENT_SIZE_4 = 2 << 6
/** Exponent 7, mantissa 0: 2^(10 + 7) bytes, one block. */
export const WINDOW_DESCRIPTOR_128_KIB = 7 << 3
