/**
 * GUID Partition Table, as stored. Little-endian; GUIDs mixed-endian. One header and one array of entries after the
 * protective MBR, the same again before the disk's end with the header last.
 *
 * Readers that matter: Linux (block/partitions/efi.c), U-Boot (disk/part_efi.c), UEFI firmware, Windows, sgdisk, parted.
 * Source: [UEFI 2.10 §5.3.2] header, [UEFI 2.10 §5.3.3] entries.
 */
import { ascii, bytes, flags64le, type Infer, reserved, struct, u32le, u64le } from '../../bytes/struct.js'

export const SIGNATURE = 'EFI PART'
/** Version 1.0: major in the upper half. */
export const REVISION = 0x00010000

/** GPT_HEADER. What follows it in its sector is reserved and zero. */
export const GptHeader = struct('GPT_HEADER', 92, {
  Signature: [0, ascii(8)],
  Revision: [8, u32le],
  HeaderSize: [12, u32le],
  /** CRC-32 over HeaderSize bytes with this field zero. */
  HeaderCRC32: [16, u32le],
  _Reserved: [20, reserved(4)],
  MyLBA: [24, u64le],
  AlternateLBA: [32, u64le],
  FirstUsableLBA: [40, u64le],
  /** Inclusive. */
  LastUsableLBA: [48, u64le],
  DiskGUID: [56, bytes(16)],
  PartitionEntryLBA: [72, u64le],
  NumberOfPartitionEntries: [80, u32le],
  SizeOfPartitionEntry: [84, u32le],
  /** CRC-32 over NumberOfPartitionEntries × SizeOfPartitionEntry bytes, unused entries included. */
  PartitionEntryArrayCRC32: [88, u32le],
})
export type GptHeader = Infer<typeof GptHeader>

/** The longest name, in UTF-16 units; a name of this length has no terminator. */
export const NAME_UNITS = 36

/** GPT_PARTITION_ENTRY. An unused entry is all zero: its type is the nil GUID. */
export const GptPartitionEntry = struct('GPT_PARTITION_ENTRY', 128, {
  PartitionTypeGUID: [0, bytes(16)],
  UniquePartitionGUID: [16, bytes(16)],
  StartingLBA: [32, u64le],
  /** Inclusive. */
  EndingLBA: [40, u64le],
  Attributes: [48, flags64le],
  /** UTF-16LE, NUL-padded. */
  PartitionName: [56, bytes(2 * NAME_UNITS)],
})
export type GptPartitionEntry = Infer<typeof GptPartitionEntry>

/** Bit 2 of Attributes: legacy BIOS bootable; bits 3 to 47 are reserved, those above belong to the type.  [UEFI 2.10 §5.3.3] */
export const ATTRIBUTE_LEGACY_BOOT = 1n << 2n
export const ATTRIBUTES_RESERVED = (1n << 48n) - (1n << 3n)
