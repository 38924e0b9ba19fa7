import type { Codec } from '../../bytes/struct.js'

/** A 64-bit offset or size, big-endian, as a safe integer; reading a larger one throws RangeError. */
export const u64be: Codec<number> = {
  size: 8,
  accepts: 'an integer from 0 to 2^53 - 1',
  check: (value) => Number.isSafeInteger(value) && value >= 0,
  write: (view, at, value) => view.setBigUint64(at, BigInt(value)),
  read: (view, at) => {
    const value = view.getBigUint64(at)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} at byte ${at} exceeds 2^53 - 1`)
    return Number(value)
  },
}
