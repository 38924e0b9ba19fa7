import { invariant } from '../errors.js'
import {
  BLOCK_MAXIMUM_BYTES,
  BLOCK_TYPE_RLE,
  DESCRIPTOR_CONTENT_SIZE_4,
  FRAME_MAGIC,
  FrameHeader,
  LAST_BLOCK,
  RLE_BLOCK_BYTES,
  WINDOW_DESCRIPTOR_128_KIB,
} from './zst-disklayout.js'

/** `length` times `byte` as a frame of RLE blocks: 32768:1, and nothing to compute. From 1 byte to 4 GiB − 1. */
export function zstFillFrame(byte: number, length: number): Uint8Array {
  invariant(length >= 1, `a zstd frame of ${length} bytes`)
  const blocks = Math.ceil(length / BLOCK_MAXIMUM_BYTES)
  const frame = new Uint8Array(FrameHeader.SIZE + blocks * RLE_BLOCK_BYTES)
  FrameHeader.encodeInto(frame, 0, {
    Magic_Number: FRAME_MAGIC,
    Frame_Header_Descriptor: DESCRIPTOR_CONTENT_SIZE_4,
    Window_Descriptor: WINDOW_DESCRIPTOR_128_KIB,
    Frame_Content_Size: length,
  })
  const view = new DataView(frame.buffer)
  for (let index = 0; index < blocks; index++) {
    const isLast = index === blocks - 1
    const size = isLast ? length - index * BLOCK_MAXIMUM_BYTES : BLOCK_MAXIMUM_BYTES
    const header = (isLast ? LAST_BLOCK : 0) | (BLOCK_TYPE_RLE << 1) | (size << 3)
    // The fourth byte is the block's content.
    view.setUint32(FrameHeader.SIZE + index * RLE_BLOCK_BYTES, (header | (byte << 24)) >>> 0, true)
  }
  return frame
}
