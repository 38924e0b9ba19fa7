/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), slicing by eight: the checksum of ext4's metadata.
 * As ext4 uses it: the seed is passed in (~0 at first) and nothing is inverted at the end.
 */
const POLYNOMIAL = 0x82f63b78
const SLICES = 8

const TABLES: readonly Int32Array[] = makeTables()

function makeTables(): Int32Array[] {
  const tables = Array.from({ length: SLICES }, () => new Int32Array(256))
  for (let index = 0; index < 256; index++) {
    let value = index
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    tables[0]![index] = value
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let index = 0; index < 256; index++) {
      const previous = tables[slice - 1]![index]!
      tables[slice]![index] = tables[0]![previous & 0xff]! ^ (previous >>> 8)
    }
  }
  return tables
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

/** Raw CRC-32C of `data` continued from `seed`, without the customary inversions; 0 to 2^32 − 1. */
export function crc32cRaw(seed: number, data: Uint8Array): number {
  let crc = seed | 0
  let at = 0
  for (const end = data.length - 7; at < end; at += 8) {
    const low = crc ^ (data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24))
    crc =
      T7[low & 0xff]! ^
      T6[(low >>> 8) & 0xff]! ^
      T5[(low >>> 16) & 0xff]! ^
      T4[low >>> 24]! ^
      T3[data[at + 4]!]! ^
      T2[data[at + 5]!]! ^
      T1[data[at + 6]!]! ^
      T0[data[at + 7]!]!
  }
  for (; at < data.length; at++) crc = T0[(crc ^ data[at]!) & 0xff]! ^ (crc >>> 8)
  return crc >>> 0
}
