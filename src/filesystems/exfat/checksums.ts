/** Computes the three checksums of exFAT and the hash of names: rotate right by one, then add. */

const U16_TOP = 0x8000
const BITS_OF_U32_TOP = 31

/** VolumeFlags and PercentInUse, which change in use. [EXFAT §3.4] */
const NOT_IN_BOOT_CHECKSUM: readonly number[] = [0x6a, 0x6b, 0x70]
/** SetChecksum itself. [EXFAT §6.3.3] */
const NOT_IN_SET_CHECKSUM: readonly number[] = [2, 3]

/**
 * Returns the checksum of the first eleven sectors of a boot region, in their order. [EXFAT §3.4]
 */
export function bootChecksum(sectors: Uint8Array): number {
  return sum32(sectors, NOT_IN_BOOT_CHECKSUM)
}

/** Returns the checksum of an up-case table as it is stored. [EXFAT §7.2.2] */
export function tableChecksum(table: Uint8Array): number {
  return sum32(table, [])
}

function sum32(source: Uint8Array, leftOut: readonly number[]): number {
  let sum = 0
  for (let at = 0; at < source.length; at++) {
    if (leftOut.includes(at)) continue
    sum = (((sum << BITS_OF_U32_TOP) | (sum >>> 1)) + source[at]!) >>> 0
  }
  return sum
}

/** Returns the checksum of a directory entry set, from its primary entry on. [EXFAT §6.3.3] */
export function setChecksum(set: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < set.length; at++) {
    if (!NOT_IN_SET_CHECKSUM.includes(at)) sum = rotateAndAdd(sum, set[at]!)
  }
  return sum
}

/** Returns the hash of a name in upper case, as UTF-16 little-endian. [EXFAT §7.6.4] */
export function nameHash(upCased: Uint8Array): number {
  let sum = 0
  for (const byte of upCased) sum = rotateAndAdd(sum, byte)
  return sum
}

function rotateAndAdd(sum: number, byte: number): number {
  return (((sum & 1) === 0 ? 0 : U16_TOP) + (sum >>> 1) + byte) & 0xffff
}
