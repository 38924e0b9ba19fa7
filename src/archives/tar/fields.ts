/** Values inside tar headers. */
import { type ByteString, byteStringFromBytes, displayName } from '../../bytes/text.js'
import { FormatError } from '../../errors.js'

/** Bytes up to the first NUL. */
export function tarText(field: Uint8Array): ByteString {
  const end = field.indexOf(0)
  return byteStringFromBytes(end === -1 ? field : field.subarray(0, end))
}

const BASE_256 = 0x80
const BASE_256_NEGATIVE = 0x40
const ZERO = 0x30
const SEVEN = 0x37
const SPACE = 0x20
/** More octal digits may exceed 2^53. */
const SAFE_DIGITS = 17

/** Octal text, or a big-endian two's complement number whose first bit marks it. `where` names field and offset. */
export function tarNumber(field: Uint8Array, where: () => string): number {
  const first = field[0] ?? 0
  if ((first & BASE_256) !== 0) return base256(field, first, where())
  let at = 0
  while (field[at] === SPACE) at++
  const start = at
  let value = 0
  for (; field[at]! >= ZERO && field[at]! <= SEVEN; at++) value = value * 8 + (field[at]! - ZERO)
  // A space or NUL ends the digits, or the field does.
  const isEnded = at === field.length || field[at] === 0 || field[at] === SPACE
  if (isEnded && at - start <= SAFE_DIGITS) return value
  throw new FormatError(`Cannot read ${where()}: it is "${displayName(tarText(field))}", an octal number is accepted`)
}

function base256(field: Uint8Array, first: number, where: string): number {
  const negative = (first & BASE_256_NEGATIVE) !== 0
  let value = negative ? BigInt(first) - 256n : BigInt(first & ~BASE_256)
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
  return safe(Number(value), where)
}

/** Decimal text of a PAX record. */
export function paxNumber(text: string, where: string): number {
  if (!/^[0-9]+$/.test(text)) {
    throw new FormatError(`Cannot read ${where}: it is "${text}", a decimal number is accepted`)
  }
  return safe(Number(text), where)
}

function safe(value: number, where: string): number {
  if (Number.isSafeInteger(value)) return value
  throw new FormatError(`Cannot read ${where}: ${value} exceeds 2^53 - 1`)
}

/** `-1.25` of a PAX record: seconds rounded down and nanoseconds; digits past the ninth are dropped. */
export function paxTime(text: string, where: string): { seconds: number; nanoseconds: number } {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text)
  if (match === null) {
    throw new FormatError(`Cannot read ${where}: it is "${text}", seconds with a fraction are accepted`)
  }
  const [, sign, whole, fraction = ''] = match as unknown as [string, string, string, string | undefined]
  const seconds = safe(Number(whole), where)
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'))
  if (sign === '') return { seconds, nanoseconds }
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds }
}
