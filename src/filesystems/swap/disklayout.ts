/**
 * Swap: one page of header at the start, everything after it is the kernel's. Fields are in the byte order of the machine
 * that swaps; here little-endian. The first 1024 bytes are left to boot code.
 * Readers that matter: the kernel (mm/swapfile.c), swapon, blkid, systemd's hibernation.  [SWAP.H]
 */
import { bytes, type Infer, reserved, struct, u32le } from '../../bytes/struct.js'

export const SWAP_HEADER_OFFSET = 1024

/** `union swap_header`, its `info`, up to the list of bad pages. */
export const SwapHeaderInfo = struct('swap_header', 512, {
  version: [0, u32le],
  /** Number of the last page, that is pages − 1. */
  last_page: [4, u32le],
  nr_badpages: [8, u32le],
  sws_uuid: [12, bytes(16)],
  sws_volume: [28, bytes(16)],
  _padding: [44, reserved(468)],
})
export type SwapHeaderInfo = Infer<typeof SwapHeaderInfo>

/** Ends the first page. */
export const SWAP_MAGIC = 'SWAPSPACE2'
export const SWAP_VERSION = 1
