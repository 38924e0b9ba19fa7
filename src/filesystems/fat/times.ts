/**
 * FAT's times: local time without a zone, 1980 to 2107, two seconds apart; creation times add hundredths.  [FATGEN §6.3]
 *
 *   date  bits 15-9 year − 1980, 8-5 month, 4-0 day      time  bits 15-11 hour, 10-5 minute, 4-0 seconds / 2
 */
import type { Timestamp } from '../../tree/file-tree.js'

export interface FatTime {
  readonly date: number
  readonly time: number
  /** Hundredths of a second after `time`, 0 to 199. */
  readonly hundredths: number
}

const FIRST_YEAR = 1980
const LAST_YEAR = 2107
const SECONDS_PER_MINUTE = 60
const NANOSECONDS_PER_HUNDREDTH = 10_000_000
const FIRST_SECOND = Date.UTC(FIRST_YEAR, 0) / 1000
/** The last instant is 2107-12-31 23:59:59.99. */
const END_SECOND = Date.UTC(LAST_YEAR + 1, 0) / 1000

/** `offsetMinutes` east of UTC. Times outside 1980-2107 become the first or the last that FAT has; finer ones are cut off. */
export function encodeFatTime({ seconds, nanoseconds }: Timestamp, offsetMinutes: number): FatTime {
  const wanted = seconds + offsetMinutes * SECONDS_PER_MINUTE
  const local = Math.min(Math.max(wanted, FIRST_SECOND), END_SECOND - 1)
  const fraction = wanted < FIRST_SECOND ? 0 : wanted >= END_SECOND ? 99 : nanoseconds / NANOSECONDS_PER_HUNDREDTH
  const at = new Date(local * 1000)
  return {
    date: ((at.getUTCFullYear() - FIRST_YEAR) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    hundredths: (at.getUTCSeconds() % 2) * 100 + Math.floor(fraction),
  }
}

const ZONE = /^([+-])(\d{2}):([0-5]\d)$/
/** The farthest that zones on Earth are from UTC. */
const MAX_OFFSET_MINUTES = 14 * 60

/**
 * `UTC` or `+05:30` → minutes east of UTC; undefined for anything else. Names of zones are not taken: what they mean
 * depends on the zone tables of the machine and its year, and the same inputs must give the same bytes.
 */
export function parseTimeZone(text: string): number | undefined {
  if (text === 'UTC' || text === 'Z') return 0
  const [, sign, hours, minutes] = ZONE.exec(text) ?? []
  if (sign === undefined) return undefined
  const offset = Number(hours) * 60 + Number(minutes)
  return offset > MAX_OFFSET_MINUTES ? undefined : sign === '-' ? 0 - offset : offset
}
