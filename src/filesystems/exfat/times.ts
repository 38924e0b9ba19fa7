/**
 * exFAT's times: 1980 to 2107, two seconds apart, with hundredths of a second and the offset from
 * UTC beside them. [EXFAT §7.4.5 to §7.4.10]
 *
 *   timestamp  bits 31-25 year − 1980, 24-21 month, 20-16 day, 15-11 hour, 10-5 minute, 4-0 seconds / 2
 */
import type { Timestamp } from '../../tree/file-tree.js'

const FIRST_YEAR = 1980
const LAST_YEAR = 2107
const FIRST_SECOND = Date.UTC(FIRST_YEAR, 0) / 1000
const END_SECOND = Date.UTC(LAST_YEAR + 1, 0) / 1000
const NANOSECONDS_PER_INCREMENT = 10_000_000
const INCREMENTS_PER_SECOND = 100
const SECONDS_PER_MINUTE = 60

/** The offset is valid, and it is 0: the time is UTC. [EXFAT §7.4.10] */
export const UTC = 0x80
const OFFSET_VALID = 0x80
const OFFSET_SIGN = 0x40
const OFFSET_STEP_MINUTES = 15

export interface ExfatTime {
  readonly timestamp: number
  /** Hundredths of a second after it, 0 to 199. */
  readonly increment: number
}

/** Returns the time as exFAT keeps it: within its years, to hundredths of a second. */
export function asExfatTime({ seconds, nanoseconds }: Timestamp): Timestamp {
  if (seconds < FIRST_SECOND) return { seconds: FIRST_SECOND, nanoseconds: 0 }
  if (seconds >= END_SECOND) {
    return { seconds: END_SECOND - 1, nanoseconds: (INCREMENTS_PER_SECOND - 1) * NANOSECONDS_PER_INCREMENT }
  }
  return { seconds, nanoseconds: nanoseconds - (nanoseconds % NANOSECONDS_PER_INCREMENT) }
}

/**
 * Encodes a time in UTC. Times outside the years become the first or the last that exFAT has; finer ones are cut
 * off.
 */
export function encodeExfatTime(time: Timestamp): ExfatTime {
  const { seconds, nanoseconds } = asExfatTime(time)
  const at = new Date(seconds * 1000)
  const date = ((at.getUTCFullYear() - FIRST_YEAR) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  const clock = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  return {
    timestamp: date * 0x10000 + clock,
    increment: (at.getUTCSeconds() % 2) * INCREMENTS_PER_SECOND + nanoseconds / NANOSECONDS_PER_INCREMENT,
  }
}

/**
 * Undefined where the fields name no time: month 0, hour 25. A time without a valid offset is taken
 * as UTC.
 */
export function decodeExfatTime({ timestamp, increment }: ExfatTime, utcOffset: number): Timestamp | undefined {
  const date = Math.floor(timestamp / 0x10000)
  const [year, month, day] = [FIRST_YEAR + (date >> 9), (date >> 5) & 0xf, date & 0x1f]
  const [hour, minute, second] = [(timestamp >> 11) & 0x1f, (timestamp >> 5) & 0x3f, 2 * (timestamp & 0x1f)]
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  const read = new Date(local)
  const isSound =
    month >= 1 &&
    day >= 1 &&
    read.getUTCMonth() === month - 1 &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    increment < 2 * INCREMENTS_PER_SECOND
  if (!isSound) return undefined
  const seconds = local / 1000 - offsetMinutes(utcOffset) * SECONDS_PER_MINUTE
  return {
    seconds: seconds + Math.floor(increment / INCREMENTS_PER_SECOND),
    nanoseconds: (increment % INCREMENTS_PER_SECOND) * NANOSECONDS_PER_INCREMENT,
  }
}

/** Seven bits with a sign, in quarters of an hour. */
function offsetMinutes(utcOffset: number): number {
  if ((utcOffset & OFFSET_VALID) === 0) return 0
  const steps = utcOffset & (OFFSET_SIGN - 1)
  return ((utcOffset & OFFSET_SIGN) === 0 ? steps : steps - OFFSET_SIGN) * OFFSET_STEP_MINUTES
}
