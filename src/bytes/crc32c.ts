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

/** What `zeroBytes` zeros make of a checksum: of 1, 2, 4, … bytes each, in the form of four tables, one for a byte of it. */
const ZERO_STEPS: Int32Array[] = []
const STEP_SLICE = 256

/** `crc32cRaw(crc, zeros)` without going through them: most of a small directory's block is zeros. O(log zeroBytes). */
export function crc32cOfZeros(crc: number, zeroBytes: number): number {
  let sum = crc | 0
  for (let exponent = 0, rest = zeroBytes; rest > 0; exponent++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) sum = step(zeroStep(exponent), sum)
  }
  return sum >>> 0
}

function step(table: Int32Array, crc: number): number {
  return (
    table[crc & 0xff]! ^
    table[STEP_SLICE + ((crc >>> 8) & 0xff)]! ^
    table[2 * STEP_SLICE + ((crc >>> 16) & 0xff)]! ^
    table[3 * STEP_SLICE + (crc >>> 24)]!
  )
}

/** Of 2^exponent bytes: twice the step of half as many. The step is linear, so a table for each byte of the checksum is enough. */
function zeroStep(exponent: number): Int32Array {
  const made = ZERO_STEPS[exponent]
  if (made !== undefined) return made
  const half = exponent === 0 ? undefined : zeroStep(exponent - 1)
  const table = new Int32Array(4 * STEP_SLICE)
  for (let slice = 0; slice < 4; slice++) {
    for (let value = 0; value < STEP_SLICE; value++) {
      const crc = value << (8 * slice)
      table[slice * STEP_SLICE + value] =
        half === undefined ? T0[crc & 0xff]! ^ (crc >>> 8) : step(half, step(half, crc))
    }
  }
  ZERO_STEPS[exponent] = table
  return table
}
