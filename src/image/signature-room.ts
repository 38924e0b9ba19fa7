import type { ImageBuilder } from './extent.js'

/** Superblocks stand in the first 64 KiB, btrfs' right behind them; swap's magic at the end of pages of up to 64 KiB. */
const HEAD_BYTES = 128 * 1024
/** Where software RAID, ZFS and backups of superblocks stand. */
const TAIL_BYTES = 64 * 1024

/**
 * Zeros behind content that ends at `contentEnd`, where an older life's signatures would be found: up to 128 KiB, and in
 * the last 64 KiB of the volume. What lies between stays unspecified.
 */
export function zeroSignatureRoom(builder: ImageBuilder, contentEnd: number, sizeBytes: number): ImageBuilder {
  const headEnd = Math.min(Math.max(HEAD_BYTES, contentEnd), sizeBytes)
  const tailStart = Math.max(headEnd, sizeBytes - TAIL_BYTES)
  return builder.fill(contentEnd, headEnd - contentEnd).fill(tailStart, sizeBytes - tailStart)
}
