/**
 * The grammar of sizes and places: `7456MiB`, `15269888s`, `1.5GiB`, `0x8000`, `50%`, `rest`, `auto`.
 *
 * A plain integer counts bytes. K, M, G and T are binary with and without `iB`, as everywhere in this field; `kB` and
 * `MB` are refused, because half of the tools mean 1000 by them. A fraction must come to whole bytes.
 */

import { Refusal } from './refusal.js'

/** A length or a place, as far as the config alone determines it. */
export type SizeSpec =
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** Of the whole disk, 0 to 100. */
  | { readonly kind: 'percent'; readonly percent: number }
  /** All that is left up to the next partition or the end of the usable space. */
  | { readonly kind: 'rest' }
  /** The smallest that holds the payload. */
  | { readonly kind: 'auto' }

/** As written; sectors become bytes once the sector size is known. */
export type Quantity =
  /** `boundary`: written in a unit above the byte, so that as an `end` it names a boundary and no last byte. */
  | { readonly kind: 'bytes'; readonly bytes: number; readonly boundary: boolean }
  | { readonly kind: 'sectors'; readonly sectors: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'rest' }
  | { readonly kind: 'auto' }

const KIB = 1024
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: KIB,
  k: KIB,
  KiB: KIB,
  M: KIB ** 2,
  MiB: KIB ** 2,
  G: KIB ** 3,
  GiB: KIB ** 3,
  T: KIB ** 4,
  TiB: KIB ** 4,
}
const UNIT_SPELLINGS = [...Object.keys(UNIT_BYTES), 's', '%']

/** Sectors have 512 bytes where nothing else is said. */
export const DEFAULT_SECTOR_SIZE = 512
const LARGEST_SECTOR_SIZE = 4096
const WHOLE = 100

/** What a refusal says where the key takes the whole grammar. */
export const ANY_SIZE = 'accepted are bytes, KiB, MiB, GiB, TiB (or K, M, G, T), s for sectors, %, rest, auto'
const FIXED_SIZE = 'accepted are bytes, KiB, MiB, GiB, TiB, s for sectors'
const DECIMAL = /^(\d+)(?:\.(\d+))?\s*([A-Za-z%]*)$/
const HEXADECIMAL = /^0x([0-9a-f]+)(s?)$/i

export function parseQuantity(text: string): Quantity | Refusal {
  const trimmed = text.trim()
  if (trimmed === 'rest' || trimmed === 'auto') return { kind: trimmed }
  const hexadecimal = HEXADECIMAL.exec(trimmed)
  if (hexadecimal) {
    const count = BigInt(`0x${hexadecimal[1]}`)
    return hexadecimal[2] === '' ? bytesOf(text, count, false) : sectorsOf(text, count)
  }
  const decimal = DECIMAL.exec(trimmed)
  if (!decimal) return new Refusal(`"${text}" is no size`, ANY_SIZE)
  const [, whole = '', fraction = '', unit = ''] = decimal
  if (whole.length > 1 && whole.startsWith('0')) {
    return new Refusal(`"${text}" begins with 0`, 'a decimal number without leading zeros, or 0x… is accepted')
  }
  if (unit === '%') return percentOf(text, Number(`${whole}.${fraction}`))
  if (unit === 's') {
    return fraction === '' ? sectorsOf(text, BigInt(whole)) : new Refusal(`"${text}" is no whole number of sectors`)
  }
  const unitBytes = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined
  if (unitBytes === undefined) return unknownUnit(text, unit)
  const scaled = BigInt(whole + fraction) * BigInt(unitBytes)
  const divisor = 10n ** BigInt(fraction.length)
  if (scaled % divisor !== 0n) {
    return new Refusal(
      `"${text}" is no whole number of bytes`,
      'a fraction is accepted where it comes to whole bytes, such as 1.5GiB',
    )
  }
  return bytesOf(text, scaled / divisor, unitBytes > 1)
}

function bytesOf(text: string, bytes: bigint, boundary: boolean): Quantity | Refusal {
  if (bytes > Number.MAX_SAFE_INTEGER)
    return new Refusal(`"${text}" is past 8 PiB`, 'at most 2^53 − 1 bytes are accepted')
  return { kind: 'bytes', bytes: Number(bytes), boundary }
}

function sectorsOf(text: string, sectors: bigint): Quantity | Refusal {
  const bytes = bytesOf(text, sectors * BigInt(LARGEST_SECTOR_SIZE), false)
  return bytes instanceof Refusal ? bytes : { kind: 'sectors', sectors: Number(sectors) }
}

function percentOf(text: string, percent: number): Quantity | Refusal {
  return percent <= WHOLE
    ? { kind: 'percent', percent }
    : new Refusal(`"${text}" is more than the disk`, '0% to 100% is accepted')
}

function unknownUnit(text: string, unit: string): Refusal {
  if (/^[kmgt]b$/i.test(unit)) {
    const binary = `${unit[0]!.toUpperCase()}iB`
    return new Refusal(`"${text}" may mean powers of 1000 or of 1024`, ANY_SIZE, `Write ${binary} for powers of 1024`)
  }
  const meant = UNIT_SPELLINGS.find((spelling) => spelling.toLowerCase() === unit.toLowerCase())
  return new Refusal(
    `"${text}" has the unknown unit "${unit}"`,
    ANY_SIZE,
    meant === undefined ? undefined : `Did you mean "${meant}"?`,
  )
}

/** For `--size` and options in bytes: a fixed number of bytes; `s` counts sectors of 512 unless told otherwise. */
export function parseByteCount(text: string, sectorSize: number = DEFAULT_SECTOR_SIZE): number | Refusal {
  const quantity = parseQuantity(text)
  if (quantity instanceof Refusal) return quantity.accepted === ANY_SIZE ? quantity.accepting(FIXED_SIZE) : quantity
  const size = toSizeSpec(quantity, sectorSize)
  return size.kind === 'bytes' ? size.bytes : new Refusal(`"${text}" is no fixed size`, FIXED_SIZE)
}

export function toSizeSpec(quantity: Quantity, sectorSize: number): SizeSpec {
  switch (quantity.kind) {
    case 'bytes':
      return { kind: 'bytes', bytes: quantity.bytes }
    case 'sectors':
      return { kind: 'bytes', bytes: quantity.sectors * sectorSize }
    default:
      return quantity
  }
}

/**
 * An `end` as written → the first byte after the partition. In sectors and bytes it names the last one that belongs to it
 * (as parted prints and PartConfig writes it). In larger units and % it names a boundary, and the last sector is the one
 * before it, as parted reads its IEC units: `end: 1GiB` and the next `start: 1GiB` meet without a gap.
 */
export function toEndExclusive(quantity: Quantity, sectorSize: number): SizeSpec {
  switch (quantity.kind) {
    case 'bytes':
      return { kind: 'bytes', bytes: quantity.boundary ? quantity.bytes : quantity.bytes + 1 }
    case 'sectors':
      return { kind: 'bytes', bytes: (quantity.sectors + 1) * sectorSize }
    default:
      return quantity
  }
}
