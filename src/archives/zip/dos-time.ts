/** MS-DOS date and time as zip and FAT store them: two-second steps, 1980 to 2107, no time zone (here: UTC). */
export interface DosTime {
  readonly date: number
  readonly time: number
}

const FIRST = Date.UTC(1980, 0, 1) / 1000
const LAST = Date.UTC(2107, 11, 31, 23, 59, 58) / 1000

/** Seconds since 1970, clamped to what the format can say. */
export function encodeDosTime(seconds: number): DosTime {
  const at = new Date(Math.min(LAST, Math.max(FIRST, Math.floor(seconds))) * 1000)
  return {
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  }
}
