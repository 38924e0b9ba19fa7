/**
 * Long names, put together from the slots before a short entry: the last part first, each slot with its number and the checksum
 * of the short name. What does not fit together is nobody's, and the short name counts, as in Linux and Windows.  [FATGEN §7]
 */
import type { ByteString } from '../../../bytes/text.js'
import { LAST_LONG_ENTRY, LongNameEntry } from '../disklayout.js'

const MAX_SLOTS = 20
const MAX_UNITS = 255
const NUMBER_MASK = 0x3f
const PADDING = 0xffff

/** Of a slot: field, what it holds, what was expected; harmless where every reader takes the short name or shows the long one. */
export type SlotReport = (
  slot: number,
  field: string,
  found: number | string,
  expected: string,
  isHarmless?: true,
) => void

interface OpenName {
  /** Slot of the directory at which it begins. */
  readonly slot: number
  readonly checksum: number
  /** The number of the slot before, counting down. */
  left: number
  /** Parts in the order of the name. */
  text: string
}

export class LongNameReader {
  readonly #report: SlotReport
  #open: OpenName | undefined

  constructor(report: SlotReport) {
    this.#report = report
  }

  /** A slot with a part of a name; `bytes` are its 32. */
  add(slot: number, bytes: Uint8Array): void {
    const { LDIR_Ord, LDIR_Chksum, LDIR_Name1, LDIR_Name2, LDIR_Name3 } = LongNameEntry.decode(bytes)
    const number = LDIR_Ord & NUMBER_MASK
    const isLast = (LDIR_Ord & LAST_LONG_ENTRY) !== 0
    const units = Buffer.concat([LDIR_Name1, LDIR_Name2, LDIR_Name3]).toString('utf16le')
    if (isLast) {
      this.#orphan()
      if (number === 0 || number > MAX_SLOTS) {
        this.#report(slot, 'LDIR_Ord', LDIR_Ord, `${LAST_LONG_ENTRY + 1} to ${LAST_LONG_ENTRY + MAX_SLOTS}`)
        return
      }
      this.#open = { slot, checksum: LDIR_Chksum, left: number, text: units }
    } else {
      const open = this.#open
      if (open === undefined) {
        this.#report(slot, 'LDIR_Ord', LDIR_Ord, 'the last part of a long name first')
        return
      }
      if (number !== open.left - 1 || LDIR_Chksum !== open.checksum) {
        const isOrder = number !== open.left - 1
        this.#report(
          slot,
          isOrder ? 'LDIR_Ord' : 'LDIR_Chksum',
          isOrder ? LDIR_Ord : LDIR_Chksum,
          `${isOrder ? open.left - 1 : open.checksum}`,
          true,
        )
        this.#open = undefined
        return
      }
      open.left = number
      open.text = units + open.text
    }
    this.#checkReserved(slot, bytes)
  }

  /** The name of the entry that follows the slots so far; undefined where it has none, or none that counts. */
  finish(slot: number, shortName: string): string | undefined {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return undefined
    if (open.left !== 1) {
      this.#report(open.slot, 'LDIR_Ord', 'a long name without its first part', 'all its parts', true)
      return undefined
    }
    const checksum = shortNameChecksum(shortName)
    if (open.checksum !== checksum) {
      const expected = `${checksum}, as the short name in slot ${slot} gives,`
      this.#report(open.slot, 'LDIR_Chksum', open.checksum, expected, true)
      return undefined
    }
    return this.#nameOf(open)
  }

  /** No entry follows: a deleted slot, the volume's label, or the end. */
  abandon(): void {
    this.#orphan()
  }

  #orphan(): void {
    if (this.#open !== undefined)
      this.#report(this.#open.slot, 'LDIR_Ord', 'a long name of no entry', 'an entry behind it')
    this.#open = undefined
  }

  #nameOf({ slot, text }: OpenName): string | undefined {
    const end = text.indexOf('\0')
    const name = end < 0 ? text : text.slice(0, end)
    for (let index = end + 1; end >= 0 && index < text.length; index++) {
      if (text.charCodeAt(index) === PADDING) continue
      this.#report(slot, 'LDIR_Name', hex16(text.charCodeAt(index)), `${hex16(PADDING)} behind the end of the name`)
      break
    }
    if (name.length === 0 || name.length > MAX_UNITS) {
      this.#report(slot, 'LDIR_Name', `a name of ${name.length} units`, `1 to ${MAX_UNITS}`)
      return undefined
    }
    const fault = longNameFault(name)
    if (fault === undefined) return name
    const isShown = isUsable(name) && !CONTROL.test(name)
    this.#report(slot, 'LDIR_Name', JSON.stringify(name), fault, isShown ? true : undefined)
    return isUsable(name) ? name : undefined
  }

  #checkReserved(slot: number, bytes: Uint8Array): void {
    for (const field of ['_LDIR_Type', '_LDIR_FstClusLO'] as const) {
      const [at, size] = LongNameEntry.FIELDS[field]!
      const found = bytes.subarray(at, at + size).find((byte) => byte !== 0)
      if (found !== undefined) this.#report(slot, field.slice(1), found, '0')
    }
  }
}

/** What no path can hold. */
function isUsable(name: string): boolean {
  return !/[/\0]/.test(name) && name !== '.' && name !== '..'
}

const CONTROL = /[\x00-\x1f]/
const FORBIDDEN = /[\x00-\x1f"*/:<>?\\|]/

/** What is expected of a name that is none; undefined for a proper one. */
function longNameFault(name: string): string | undefined {
  if (!isUsable(name)) return 'a name without "/", and not "." or ".."'
  return FORBIDDEN.test(name) ? 'a name without control characters and " * / : < > ? \\ |' : undefined
}

/** Of the eleven characters: rotate right by one and add.  [FATGEN §7.2] */
function shortNameChecksum(shortName: string): number {
  let sum = 0
  for (const character of shortName) sum = (((sum << 7) | (sum >> 1)) + character.charCodeAt(0)) & 0xff
  return sum
}

function hex16(unit: number): string {
  return `0x${unit.toString(16).padStart(4, '0')}`
}

/**
 * UTF-16 → UTF-8. A surrogate without its other half, which Windows allows, keeps its three bytes (as WTF-8 has it): the name
 * is no UTF-8 then, but no two names become one, and it can be written back.
 */
export function utf8OfUnits(name: string): ByteString {
  if (!/\p{Surrogate}/u.test(name)) return Buffer.from(name, 'utf8').toString('latin1') as ByteString
  let bytes = ''
  for (const character of name) {
    const code = character.codePointAt(0)!
    bytes +=
      code >= 0xd800 && code <= 0xdfff
        ? String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
        : Buffer.from(character, 'utf8').toString('latin1')
  }
  return bytes as ByteString
}
