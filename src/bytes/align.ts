/** Rounds up to a multiple; both in the same unit. Safe up to 2^53, so no bit operators. */
export function alignUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}

/** Rounds down to a multiple; both in the same unit. */
export function alignDown(value: number, multiple: number): number {
  return Math.floor(value / multiple) * multiple
}

/** `value / unit`, rounded up. */
export function ceilDivide(value: number, unit: number): number {
  return Math.ceil(value / unit)
}

/** 1, 2, 4 … */
export function isPowerOfTwo(value: number): boolean {
  return value >= 1 && Number.isInteger(Math.log2(value))
}

/** `value / unit` where it is exact; otherwise a bug of ours. Conversion of units happens at a format's border, here. */
export function divideExactly(value: number, unit: number): number {
  const quotient = value / unit
  if (!Number.isSafeInteger(quotient)) throw new Error(`invariant: ${value} is not a multiple of ${unit}`)
  return quotient
}
