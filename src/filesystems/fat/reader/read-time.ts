/** FAT's dates and times of day.  [FATGEN §6.3] */
import type { Timestamp } from '../../../tree/file-tree.js'

const FIRST_YEAR = 1980
const SECONDS_PER_MINUTE = 60
const HUNDREDTHS_PER_SECOND = 100
const NANOSECONDS_PER_HUNDREDTH = 10_000_000

/**
 * `time` counts two seconds, `hundredths` (0 to 199) go on from there. `offsetMinutes` east of UTC is the zone in which it was
 * written. A month or day of 0, which means "unknown", is the first, as Linux has it.
 */
export function decodeFatTime(date: number, time: number, hundredths: number, offsetMinutes: number): Timestamp {
  const year = FIRST_YEAR + (date >> 9)
  const month = Math.max(1, (date >> 5) & 0xf)
  const day = Math.max(1, date & 0x1f)
  const local = Date.UTC(year, month - 1, day, time >> 11, (time >> 5) & 0x3f, (time & 0x1f) * 2) / 1000
  const seconds = local - offsetMinutes * SECONDS_PER_MINUTE + Math.floor(hundredths / HUNDREDTHS_PER_SECOND)
  return { seconds, nanoseconds: (hundredths % HUNDREDTHS_PER_SECOND) * NANOSECONDS_PER_HUNDREDTH }
}
