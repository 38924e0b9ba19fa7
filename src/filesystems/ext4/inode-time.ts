/**
 * Times: 32 signed bits of seconds, and in large inodes a second word with two more bits (which reach to 2446) and
 * nanoseconds.  [EXT4 disk layout, inode timestamps]
 */
import type { Timestamp } from '../../tree/file-tree.js'
import { EXT4_GOOD_OLD_INODE_SIZE } from './disklayout/inode.js'

const EPOCH_SECONDS = 2 ** 32
const EPOCH_BITS = 2
const MIN_SECONDS = -(2 ** 31)
const MAX_SECONDS_SMALL = 2 ** 31 - 1
const MAX_SECONDS_LARGE = 3 * EPOCH_SECONDS + MAX_SECONDS_SMALL

/** First and last second that an inode of this size can hold. */
export function timeRange(inodeSize: number): { readonly min: number; readonly max: number } {
  return { min: MIN_SECONDS, max: inodeSize > EXT4_GOOD_OLD_INODE_SIZE ? MAX_SECONDS_LARGE : MAX_SECONDS_SMALL }
}

/** The nearest time that an inode of this size can hold. */
export function clampTime(time: Timestamp, inodeSize: number): Timestamp {
  const { min, max } = timeRange(inodeSize)
  if (time.seconds > max) return { seconds: max, nanoseconds: 0 }
  return time.seconds < min ? { seconds: min, nanoseconds: 0 } : time
}

/** `base` for i_mtime and the like, `extra` for i_mtime_extra. The time is in range. */
export function encodeTime({ seconds, nanoseconds }: Timestamp): { base: number; extra: number } {
  // The base is read as signed, so an epoch begins at its lower half: 2^31 is epoch 1 with the base −2^31.
  const epoch = Math.floor((seconds - MIN_SECONDS) / EPOCH_SECONDS)
  const base = ((seconds % EPOCH_SECONDS) + EPOCH_SECONDS) % EPOCH_SECONDS
  return { base, extra: nanoseconds * 2 ** EPOCH_BITS + epoch }
}

/** The time from `i_mtime` and `i_mtime_extra` (0 where the inode has none). */
export function decodeTime(base: number, extra: number): Timestamp {
  const signed = base >= EPOCH_SECONDS / 2 ? base - EPOCH_SECONDS : base
  const epoch = extra % 2 ** EPOCH_BITS
  return { seconds: signed + epoch * EPOCH_SECONDS, nanoseconds: Math.floor(extra / 2 ** EPOCH_BITS) }
}
