/** UUIDs, type codes and other identifiers, read from what is written: YAML's numbers would spoil them. */
import { isGuid } from '../bytes/guid.js'
import { leaf, text } from './leaf.js'
import { Refusal } from './refusal.js'

const HYPHENS = 4
const GUID_EXAMPLE = 'accepted are 32 hexadecimal digits as 8-4-4-4-12'

/** Lower-case text of a UUID. */
export function guid() {
  return leaf(
    (value): string | Refusal =>
      isGuid(value) ? value.toLowerCase() : new Refusal(`"${value}" is no UUID`, GUID_EXAMPLE),
    {
      type: 'string',
    },
  )
}

/** `1234-ABCD`, as blkid and dosfstools print a FAT volume id. */
const VOLUME_ID = /^([0-9a-f]{4})-([0-9a-f]{4})$/i

/** The 32 bits of `1234-ABCD`. */
export function parseVolumeId(value: string): number | undefined {
  const match = VOLUME_ID.exec(value)
  return match ? Number.parseInt(`${match[1]}${match[2]}`, 16) : undefined
}

const MAX_U32 = 0xffff_ffff

/** 32 bits as a number or as `1234-ABCD`. */
export function volumeId() {
  return leaf(
    (value): number | Refusal => {
      const number = parseVolumeId(value) ?? (/^(?:0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : Number.NaN)
      return number <= MAX_U32
        ? number
        : new Refusal(`"${value}" is no volume id`, 'accepted are 1234-ABCD or a 32-bit number such as 0x1234ABCD')
    },
    { type: ['string', 'integer'] },
  )
}

/** Identifier of a file system: a UUID or `1234-ABCD` (FAT). Which one fits is settled with the file system. */
export function fileSystemId() {
  return leaf(
    (value): string | Refusal => {
      if (isGuid(value)) return value.toLowerCase()
      if (parseVolumeId(value) !== undefined) return value.toUpperCase()
      return new Refusal(`"${value}" identifies no file system`, 'accepted are a UUID, or 1234-ABCD (FAT)')
    },
    { type: 'string' },
  )
}

const MAX_TYPE_BYTE = 0xff

/** A partition's type: a name, a byte or a GUID. Which names there are is the layout's to say, with the table. */
export function partitionType() {
  return text((value) => {
    if (/^0x/i.test(value)) {
      const byte = Number(value)
      const accepted = 'accepted are 0x01 to 0xFF'
      return byte >= 1 && byte <= MAX_TYPE_BYTE ? undefined : new Refusal(`"${value}" is no type byte`, accepted)
    }
    // fdisk and sfdisk print type bytes in bare hexadecimal: 83 there is not 83 here.
    if (/^(?:\d{1,3}|\d[0-9a-f])$/i.test(value)) {
      return new Refusal(
        `"${value}" may be decimal or hexadecimal`,
        'accepted are a name, 0x01 to 0xFF, or a GUID',
        `Write 0x${value} for the type that fdisk calls ${value}`,
      )
    }
    if (value.split('-').length === HYPHENS + 1 && /^[0-9a-f-]+$/i.test(value) && !isGuid(value)) {
      return new Refusal(`"${value}" is no GUID`, GUID_EXAMPLE)
    }
    return undefined
  })
}
