/** The `_lo` and `_hi` parts of a number, for every record here. Division, not shifts: values go up to 2^53. */
const U16 = 0x1_0000
const U32 = 0x1_0000_0000

/** The lower 32 bits of a non-negative integer. */
export function lowHalf(value: number): number {
  return value % U32
}

/** What is above the lower 32 bits; the field that takes it checks its range. */
export function highHalf(value: number): number {
  return Math.floor(value / U32)
}

/** The lower 16 bits of a non-negative integer. */
export function lowShort(value: number): number {
  return value % U16
}

/** What is above the lower 16 bits. */
export function highShort(value: number): number {
  return Math.floor(value / U16)
}

/** A number from its lower and upper 32 bits. It may exceed 2^53 where a disk is damaged: check it. */
export function fromHalves(low: number, high: number): number {
  return high * U32 + low
}

/** A number from its lower and upper 16 bits. */
export function fromShorts(low: number, high: number): number {
  return high * U16 + low
}
