/**
 * Long names: up to 255 UTF-16 units, 13 to a slot, the last part first, each slot with a checksum of the short name
 * that follows.  [FATGEN §7]
 */
import { isPlainAscii } from '../../bytes/text.js'
import { ATTR_LONG_NAME, LAST_LONG_ENTRY, LongNameEntry, SLOT_BYTES } from './disklayout.js'

const UNITS_PER_SLOT = 13
const NAME1_END = 10
const NAME2_END = 22
const NAME3_END = 26
const SLOT_NAME_BYTES = 2 * UNITS_PER_SLOT

const foldedUnits = new Map<string, string>()

/**
 * The form in which two names of a directory must differ: each UTF-16 unit in upper case by itself, as Windows' table has
 * it. Units whose upper case is longer (ß) or crosses into ASCII (ı, ſ) stay: those tables keep them apart.
 */
export function foldCase(name: string): string {
  if (isPlainAscii(name)) return name.toUpperCase()
  const ascii = name.replace(/[a-z]+/g, (part) => part.toUpperCase())
  return ascii.replace(/[\x80-\uffff]/g, (unit) => {
    let folded = foldedUnits.get(unit)
    if (folded === undefined) {
      const upper = unit.toUpperCase()
      folded = upper.length === 1 && upper >= '\x80' ? upper : unit
      foldedUnits.set(unit, folded)
    }
    return folded
  })
}

/** Slots that a long name takes before its short entry. */
export function longNameSlots(name: string): number {
  return Math.ceil(name.length / UNITS_PER_SLOT)
}

/** Checksum of the eleven characters of a short name: rotate right by one and add.  [FATGEN §7.2] */
export function shortNameChecksum(shortName: string): number {
  let sum = 0
  for (let index = 0; index < shortName.length; index++) {
    sum = (((sum & 1) << 7) + (sum >> 1) + shortName.charCodeAt(index)) & 0xff
  }
  return sum
}

/** Writes the slots of a long name at `offset` and gives the offset after them, where the short entry stands. */
export function encodeLongName(target: Uint8Array, offset: number, name: string, shortName: string): number {
  const slots = longNameSlots(name)
  const units = Buffer.alloc(slots * SLOT_NAME_BYTES, 0xff)
  const end = units.write(name, 'utf16le')
  // A name that fills its last slot has no terminator.
  if (end < units.length) units.writeUInt16LE(0, end)
  const checksum = shortNameChecksum(shortName)
  let at = offset
  for (let slot = slots; slot > 0; slot--, at += SLOT_BYTES) {
    const from = (slot - 1) * SLOT_NAME_BYTES
    LongNameEntry.encodeInto(target, at, {
      LDIR_Ord: slot | (slot === slots ? LAST_LONG_ENTRY : 0),
      LDIR_Name1: units.subarray(from, from + NAME1_END),
      LDIR_Attr: ATTR_LONG_NAME,
      LDIR_Chksum: checksum,
      LDIR_Name2: units.subarray(from + NAME1_END, from + NAME2_END),
      LDIR_Name3: units.subarray(from + NAME2_END, from + NAME3_END),
    })
  }
  return at
}
