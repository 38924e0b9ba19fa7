/**
 * The records of exFAT, little-endian. Sector 0 holds the boot sector, sectors 1 to 11 the rest of
 * the main boot region, sectors 12 to 23 its backup; the FAT and the cluster heap follow at the
 * offsets that the boot sector names. Readers that matter: Linux fs/exfat (from 5.7), Windows,
 * macOS, exfatprogs. [EXFAT]
 */
import { ascii, bytes, type Infer, reserved, struct, u8, u16le, u32le, u64le } from '../../bytes/struct.js'

/** [EXFAT §3.1] */
export const ExfatBootSector = struct('exfat_boot_sector', 512, {
  JumpBoot: [0x00, bytes(3)],
  FileSystemName: [0x03, ascii(8)],
  _MustBeZero: [0x0b, reserved(53)],
  PartitionOffset: [0x40, u64le],
  VolumeLength: [0x48, u64le],
  FatOffset: [0x50, u32le],
  FatLength: [0x54, u32le],
  ClusterHeapOffset: [0x58, u32le],
  ClusterCount: [0x5c, u32le],
  FirstClusterOfRootDirectory: [0x60, u32le],
  VolumeSerialNumber: [0x64, u32le],
  FileSystemRevision: [0x68, u16le],
  VolumeFlags: [0x6a, u16le],
  BytesPerSectorShift: [0x6c, u8],
  SectorsPerClusterShift: [0x6d, u8],
  NumberOfFats: [0x6e, u8],
  DriveSelect: [0x6f, u8],
  PercentInUse: [0x70, u8],
  _Reserved: [0x71, reserved(7)],
  BootCode: [0x78, bytes(390)],
  BootSignature: [0x1fe, u16le],
})
export type ExfatBootSector = Infer<typeof ExfatBootSector>

export const JUMP_BOOT = Uint8Array.of(0xeb, 0x76, 0x90)
export const FILE_SYSTEM_NAME = 'EXFAT   '
export const FILE_SYSTEM_REVISION = 0x0100
export const BOOT_SIGNATURE = 0xaa55
/** Ends each of the sectors 1 to 8. [EXFAT §3.2] */
export const EXTENDED_BOOT_SIGNATURE = 0xaa550000
export const EXTENDED_BOOT_SECTORS = 8
/** The last sector of a boot region: its checksum, over and over. [EXFAT §3.4] */
export const CHECKSUM_SECTOR = 11
export const BOOT_REGION_SECTORS = 12
export const DRIVE_SELECT = 0x80
/** The whole volume's use in percent is not known. [EXFAT §3.1.18] */
export const PERCENT_UNKNOWN = 0xff
/** VolumeFlags. [EXFAT §3.1.13] */
export const VOLUME_DIRTY = 0x0002
export const MEDIA_FAILURE = 0x0004
export const ACTIVE_FAT = 0x0001

export const MIN_SECTOR_SHIFT = 9
export const MAX_SECTOR_SHIFT = 12
/** A cluster has 32 MiB at most. [EXFAT §3.1.15] */
export const MAX_CLUSTER_SHIFT = 25

export const FIRST_CLUSTER = 2
/** [EXFAT §4.1] */
export const FAT_MEDIA_ENTRY = 0xfffffff8
export const FAT_END = 0xffffffff
export const FAT_BAD = 0xfffffff7
export const FAT_ENTRY_BYTES = 4
/** [EXFAT §3.1.9] 2^32 − 11 */
export const MAX_CLUSTERS = 0xfffffff5

export const ENTRY_BYTES = 32
/** [EXFAT §6.2.1] The bit that says that an entry is in use. */
export const IN_USE = 0x80
/** TypeCategory: the entry belongs to the primary one before it. */
export const SECONDARY = 0x40
/** TypeImportance: a system that does not know the entry may pass over it. */
export const BENIGN = 0x20
export const TYPE_END = 0x00
export const TYPE_BITMAP = 0x81
export const TYPE_UP_CASE = 0x82
export const TYPE_LABEL = 0x83
export const TYPE_FILE = 0x85
export const TYPE_GUID = 0xa0
export const TYPE_STREAM = 0xc0
export const TYPE_NAME = 0xc1
/** A directory's length. [EXFAT §7.4.9] */
export const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024

/** [EXFAT §7.1] */
export const BitmapEntry = struct('allocation_bitmap', ENTRY_BYTES, {
  EntryType: [0, u8],
  BitmapFlags: [1, u8],
  _Reserved: [2, reserved(18)],
  FirstCluster: [20, u32le],
  DataLength: [24, u64le],
})

/** [EXFAT §7.2] */
export const UpCaseEntry = struct('up_case_table', ENTRY_BYTES, {
  EntryType: [0, u8],
  _Reserved1: [1, reserved(3)],
  TableChecksum: [4, u32le],
  _Reserved2: [8, reserved(12)],
  FirstCluster: [20, u32le],
  DataLength: [24, u64le],
})

/** An uncompressed table has one unit for each of the 65,536. [EXFAT §7.2.5] */
export const MAX_UP_CASE_BYTES = 0x20000

export const MAX_LABEL_UNITS = 11
/** [EXFAT §7.3] */
export const LabelEntry = struct('volume_label', ENTRY_BYTES, {
  EntryType: [0, u8],
  CharacterCount: [1, u8],
  VolumeLabel: [2, bytes(2 * MAX_LABEL_UNITS)],
  _Reserved: [24, reserved(8)],
})

/** [EXFAT §7.5] */
export const GuidEntry = struct('volume_guid', ENTRY_BYTES, {
  EntryType: [0, u8],
  SecondaryCount: [1, u8],
  SetChecksum: [2, u16le],
  GeneralPrimaryFlags: [4, u16le],
  VolumeGuid: [6, bytes(16)],
  _Reserved: [22, reserved(10)],
})

/** [EXFAT §7.4] */
export const FileEntry = struct('file', ENTRY_BYTES, {
  EntryType: [0, u8],
  SecondaryCount: [1, u8],
  SetChecksum: [2, u16le],
  FileAttributes: [4, u16le],
  _Reserved1: [6, reserved(2)],
  CreateTimestamp: [8, u32le],
  LastModifiedTimestamp: [12, u32le],
  LastAccessedTimestamp: [16, u32le],
  Create10msIncrement: [20, u8],
  LastModified10msIncrement: [21, u8],
  CreateUtcOffset: [22, u8],
  LastModifiedUtcOffset: [23, u8],
  LastAccessedUtcOffset: [24, u8],
  _Reserved2: [25, reserved(7)],
})
export type FileEntry = Infer<typeof FileEntry>

/** FileAttributes. [EXFAT §7.4.4] */
export const ATTR_READ_ONLY = 0x01
export const ATTR_HIDDEN = 0x02
export const ATTR_SYSTEM = 0x04
export const ATTR_DIRECTORY = 0x10
export const ATTR_ARCHIVE = 0x20

/** [EXFAT §7.6] */
export const StreamEntry = struct('stream_extension', ENTRY_BYTES, {
  EntryType: [0, u8],
  GeneralSecondaryFlags: [1, u8],
  _Reserved1: [2, reserved(1)],
  NameLength: [3, u8],
  NameHash: [4, u16le],
  _Reserved2: [6, reserved(2)],
  ValidDataLength: [8, u64le],
  _Reserved3: [16, reserved(4)],
  FirstCluster: [20, u32le],
  DataLength: [24, u64le],
})
export type StreamEntry = Infer<typeof StreamEntry>

/** GeneralSecondaryFlags. [EXFAT §6.3.4] */
export const ALLOCATION_POSSIBLE = 0x01
/** The clusters lie one after the other, and the FAT says nothing of them. */
export const NO_FAT_CHAIN = 0x02

export const UNITS_PER_NAME_ENTRY = 15
/** [EXFAT §7.7] */
export const NameEntry = struct('file_name', ENTRY_BYTES, {
  EntryType: [0, u8],
  GeneralSecondaryFlags: [1, u8],
  FileName: [2, bytes(2 * UNITS_PER_NAME_ENTRY)],
})
