/**
 * Master Boot Record, as stored in the first 512 bytes of the disk (of its first sector, whatever that one's size), and
 * the extended boot records of logical partitions, which have the same form. Little-endian.
 *
 * Readers that matter: Linux (block/partitions/msdos.c), U-Boot (disk/part_dos.c), boot ROMs, PC firmware, fdisk, parted.
 * Source: [UEFI 2.10 §5.2.1]; the disk signature's place also [MS-DISK-SIGNATURE].
 */
import { bytes, type Infer, reserved, struct, u8, u16le, u32le } from '../../bytes/struct.js'

/** 55 AA on the disk. */
export const SIGNATURE = 0xaa55
export const ENTRIES = 4
export const ACTIVE = 0x80

/** Types with a meaning of their own. */
export const TYPE_EXTENDED_CHS = 0x05
export const TYPE_EXTENDED_LBA = 0x0f
/** Linux takes it for an extended partition; DOS and Windows do not. */
export const TYPE_EXTENDED_LINUX = 0x85
export const TYPE_GPT_PROTECTIVE = 0xee

/** One of the four partition records; all zero when unused. */
export const MbrPartitionRecord = struct('MBR_PARTITION_RECORD', 16, {
  BootIndicator: [0, u8],
  StartingCHS: [1, bytes(3)],
  OSType: [4, u8],
  EndingCHS: [5, bytes(3)],
  StartingLBA: [8, u32le],
  SizeInLBA: [12, u32le],
})
export type MbrPartitionRecord = Infer<typeof MbrPartitionRecord>

export const Mbr = struct('MBR', 512, {
  /** Belongs to whoever boots from here; the writer leaves it zero and layout lays a boot blob over it. */
  _BootCode: [0, reserved(440)],
  UniqueMBRDiskSignature: [440, u32le],
  _Unknown: [444, reserved(2)],
  PartitionRecord: [446, bytes(ENTRIES * MbrPartitionRecord.SIZE)],
  Signature: [510, u16le],
})
export type Mbr = Infer<typeof Mbr>

/** Bytes at the start of sector 0 that no partition table uses. */
export const BOOT_CODE_BYTES = Mbr.FIELDS._BootCode![1]
