/** A partition's type: by name, by byte or by GUID, as its table stores it. */
import { type Guid, isGuid, NIL_GUID } from '../bytes/guid.js'
import { nearestWord } from '../bytes/nearest.js'
import { FormatError } from '../errors.js'
import { discoverablePartitionTypes } from './discoverable-partitions.js'

export type PartitionType =
  | { readonly table: 'gpt'; readonly guid: Guid }
  | { readonly table: 'mbr'; readonly byte: number }

/**
 * GPT types by name. Where one has several names the usual one comes first.
 * Sources: [UEFI 2.10 §5.3.3] esp; [DPS]; [MS-GPT-TYPES] data, msr, recovery; [GRUB] bios-boot; [U-BOOT-ENV]; [CHROMEOS]; [SIFIVE].
 */
const GPT_TYPES: ReadonlyMap<string, Guid> = new Map([
  ['linux', '0fc63daf-8483-4772-8e79-3d69d8477de4'],
  ['linux-generic', '0fc63daf-8483-4772-8e79-3d69d8477de4'],
  ['esp', 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'],
  ['efi', 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'],
  ['xbootldr', 'bc13c2ff-59e6-4262-a352-b275fd6f7172'],
  ['swap', '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f'],
  ['home', '933ac7e1-2eb4-4f13-b844-0e14e2aef915'],
  ['user-home', '773f91ef-66d4-49b5-bd83-d683bf40ad16'],
  ['srv', '3b8f8425-20e0-4f3b-907f-1a25a76f98e8'],
  ['var', '4d21b016-b534-45c2-a9fb-5c16e091fd2d'],
  ['tmp', '7ec6f557-3bc5-4aca-b293-16ef5df639d1'],
  ['data', 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7'],
  ['basic-data', 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7'],
  ['msr', 'e3c9e316-0b5c-4db8-817d-f92df00215ae'],
  ['windows-recovery', 'de94bba4-06d1-4d40-a16a-bfd50179d6ac'],
  ['bios-boot', '21686148-6449-6e6f-744e-656564454649'],
  ['prep', '9e1a2d38-c612-4316-aa26-8b49521e5a8b'],
  ['linux-reserved', '8da63339-0007-60c0-c436-083ac8230908'],
  ['lvm', 'e6d6d379-f507-44c2-a23c-238f2a3df928'],
  ['raid', 'a19d880f-05fc-4d3b-a006-743f0f84911e'],
  ['luks', 'ca7d7ccb-63ed-4c53-861c-1742536059cc'],
  ['u-boot-env', '3de21764-95bd-54bd-a5c3-4abe786f38a8'],
  ['sifive-fsbl', '5b193300-fc78-40cd-8002-e86c45580b47'],
  ['sifive-bbl', '2e54b353-1271-4842-806f-e436d6af6985'],
  ['chromeos-kernel', 'fe3a2a5d-4f32-41a7-b725-accc3285a309'],
  ['chromeos-root', '3cb8e202-3b7e-47dd-8a3c-7ff2a13cfcec'],
  ['chromeos-reserved', '2e0a753d-9e48-43b0-8337-b15192cb1b5e'],
  ...discoverablePartitionTypes(),
])

/** MBR types by name. [MBR-TYPES] */
const MBR_TYPES: ReadonlyMap<string, number> = new Map([
  ['linux', 0x83],
  ['swap', 0x82],
  ['lvm', 0x8e],
  ['raid', 0xfd],
  ['fat12', 0x01],
  ['fat16', 0x06],
  ['fat16-small', 0x04],
  ['fat16-lba', 0x0e],
  ['fat32', 0x0b],
  ['fat32-lba', 0x0c],
  // What Windows calls a basic data partition: the LBA form of FAT32, inside which it looks for any system of its own.
  ['data', 0x0c],
  ['basic-data', 0x0c],
  ['ntfs', 0x07],
  ['exfat', 0x07],
  ['esp', 0xef],
  ['efi', 0xef],
  ['prep', 0x41],
  ['xbootldr', 0xea],
  ['non-fs', 0xda],
])

const BYTE_PATTERN = /^0x([0-9a-f]{1,2})$/i

/**
 * The type that `text` names in a table of that kind: a name, `0xC` (MBR) or a GUID (GPT).
 * Throws FormatError with the nearest known name as its hint.
 */
export function parsePartitionType(text: string, table: 'gpt' | 'mbr'): PartitionType {
  return table === 'gpt' ? { table, guid: parseGuid(text) } : { table, byte: parseByte(text) }
}

function parseGuid(text: string): Guid {
  if (isGuid(text) && text !== NIL_GUID) return text.toLowerCase()
  const known = GPT_TYPES.get(text.toLowerCase())
  if (known !== undefined) return known
  throw unknownType(text, 'GPT', 'a name (linux, esp, swap, data, root-arm64 …) or a GUID', GPT_TYPES, MBR_TYPES)
}

function parseByte(text: string): number {
  const digits = BYTE_PATTERN.exec(text)?.[1]
  const byte = digits === undefined ? MBR_TYPES.get(text.toLowerCase()) : Number.parseInt(digits, 16)
  // 0 is an unused entry: the partition would be there and nobody would see it.
  if (byte !== undefined && byte !== 0) return byte
  throw unknownType(
    text,
    'MBR',
    'a name (linux, swap, fat32-lba, esp …) or a byte from 0x01 to 0xFF',
    MBR_TYPES,
    GPT_TYPES,
  )
}

function unknownType(
  text: string,
  table: string,
  accepted: string,
  here: ReadonlyMap<string, unknown>,
  elsewhere: ReadonlyMap<string, unknown>,
): FormatError {
  const other = table === 'GPT' ? 'an MBR' : 'a GPT'
  const nearest = nearestWord(text, here.keys())
  const hint =
    elsewhere.has(text.toLowerCase()) || isGuid(text) || BYTE_PATTERN.test(text)
      ? `"${text}" is a type of ${other}, the table of this disk is of the other kind`
      : nearest && `Did you mean "${nearest}"?`
  return new FormatError(
    `Cannot use partition type "${text}" in the ${table}: accepted are ${accepted}`,
    hint ? { hint } : {},
  )
}

/** A name for people, where the type has one; otherwise its GUID or byte. */
export function partitionTypeName(type: PartitionType): string {
  if (type.table === 'gpt') return keyOf(GPT_TYPES, type.guid) ?? type.guid
  return keyOf(MBR_TYPES, type.byte) ?? `0x${type.byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function keyOf<V>(map: ReadonlyMap<string, V>, value: V): string | undefined {
  for (const [key, item] of map) if (item === value) return key
  return undefined
}

/** Every name that `parsePartitionType` knows, for completion and for the tests. */
export function partitionTypeNames(table: 'gpt' | 'mbr'): readonly string[] {
  return [...(table === 'gpt' ? GPT_TYPES : MBR_TYPES).keys()]
}
