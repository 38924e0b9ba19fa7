/**
 * FAT12, FAT16 and FAT32 on disk. Little-endian; offsets from the start of the volume:
 *
 *   reserved sectors   boot sector at 0; FAT32: FSInfo at sector 1, copies of both at 6 and 7
 *   FATs               one entry per cluster, the first two reserved
 *   root directory     FAT12/16 only: a fixed number of 32-byte slots
 *   clusters           numbered from 2: files and directories
 *
 * A volume's width follows from its number of clusters alone; the text in BS_FilSysType decides nothing, but libblkid and
 * U-Boot look for it. Long names are extra slots before the short entry.  [FATGEN §3-§7]
 *
 * Readers that matter: Linux vfat, U-Boot, EDK2, GRUB, boot ROMs, Windows, mtools, fsck.fat 4.2.
 */
import { ascii, bytes, type Infer, reserved, struct, u8, u16le, u32le } from '../../bytes/struct.js'

/** A boot sector's records fill this much; the rest of a longer sector is zeros.  [FATGEN §3.1] */
export const BOOT_RECORD_BYTES = 512
export const BOOT_SIGNATURE = 0xaa55
/** BS_BootSig: volume id, label and type follow. */
export const EXTENDED_BOOT_SIGNATURE = 0x29

/** The older form: only the volume id follows. */
export const VOLUME_ID_SIGNATURE = 0x28

const BOOT_CODE_16_BYTES = 448
const BOOT_CODE_32_BYTES = 420

/** The boot sector of FAT12 and FAT16.  [FATGEN §3.1, §3.2] */
export const BootSector16 = struct('boot_sector_fat16', BOOT_RECORD_BYTES, {
  BS_jmpBoot: [0x000, bytes(3)],
  BS_OEMName: [0x003, ascii(8, ' ')],
  BPB_BytsPerSec: [0x00b, u16le],
  BPB_SecPerClus: [0x00d, u8],
  BPB_RsvdSecCnt: [0x00e, u16le],
  BPB_NumFATs: [0x010, u8],
  BPB_RootEntCnt: [0x011, u16le],
  BPB_TotSec16: [0x013, u16le],
  BPB_Media: [0x015, u8],
  BPB_FATSz16: [0x016, u16le],
  BPB_SecPerTrk: [0x018, u16le],
  BPB_NumHeads: [0x01a, u16le],
  BPB_HiddSec: [0x01c, u32le],
  BPB_TotSec32: [0x020, u32le],
  BS_DrvNum: [0x024, u8],
  /** Zero when the volume is made; Windows and Linux keep STATE_… here while it is mounted. */
  BS_Reserved1: [0x025, u8],
  BS_BootSig: [0x026, u8],
  BS_VolID: [0x027, u32le],
  BS_VolLab: [0x02b, ascii(11, ' ')],
  BS_FilSysType: [0x036, ascii(8, ' ')],
  BS_BootCode: [0x03e, bytes(BOOT_CODE_16_BYTES)],
  Signature_word: [0x1fe, u16le],
})

/** The boot sector of FAT32.  [FATGEN §3.1, §3.3] */
export const BootSector32 = struct('boot_sector_fat32', BOOT_RECORD_BYTES, {
  BS_jmpBoot: [0x000, bytes(3)],
  BS_OEMName: [0x003, ascii(8, ' ')],
  BPB_BytsPerSec: [0x00b, u16le],
  BPB_SecPerClus: [0x00d, u8],
  BPB_RsvdSecCnt: [0x00e, u16le],
  BPB_NumFATs: [0x010, u8],
  BPB_RootEntCnt: [0x011, u16le],
  BPB_TotSec16: [0x013, u16le],
  BPB_Media: [0x015, u8],
  BPB_FATSz16: [0x016, u16le],
  BPB_SecPerTrk: [0x018, u16le],
  BPB_NumHeads: [0x01a, u16le],
  BPB_HiddSec: [0x01c, u32le],
  BPB_TotSec32: [0x020, u32le],
  BPB_FATSz32: [0x024, u32le],
  BPB_ExtFlags: [0x028, u16le],
  BPB_FSVer: [0x02a, u16le],
  BPB_RootClus: [0x02c, u32le],
  BPB_FSInfo: [0x030, u16le],
  BPB_BkBootSec: [0x032, u16le],
  _BPB_Reserved: [0x034, reserved(12)],
  BS_DrvNum: [0x040, u8],
  BS_Reserved1: [0x041, u8],
  BS_BootSig: [0x042, u8],
  BS_VolID: [0x043, u32le],
  BS_VolLab: [0x047, ascii(11, ' ')],
  BS_FilSysType: [0x052, ascii(8, ' ')],
  BS_BootCode: [0x05a, bytes(BOOT_CODE_32_BYTES)],
  Signature_word: [0x1fe, u16le],
})

/** BS_Reserved1, as Windows NT and Linux use it. */
export const STATE_DIRTY = 0x01
export const STATE_ERRORS = 0x02

/** BPB_ExtFlags: with the first bit set the FAT of this number alone is kept, the others are not.  [FATGEN §3.3] */
export const EXT_FLAGS_NOT_MIRRORED = 0x80
export const EXT_FLAGS_ACTIVE_FAT = 0x0f

/** What either boot sector says; zeros for what FAT12 and FAT16 do not have. */
export type BootSector = Infer<typeof BootSector16> & Infer<typeof BootSector32>

/** FAT32's hints about free clusters.  [FATGEN §5] */
export const FsInfo = struct('fsinfo', BOOT_RECORD_BYTES, {
  FSI_LeadSig: [0x000, u32le],
  _FSI_Reserved1: [0x004, reserved(480)],
  FSI_StrucSig: [0x1e4, u32le],
  FSI_Free_Count: [0x1e8, u32le],
  FSI_Nxt_Free: [0x1ec, u32le],
  _FSI_Reserved2: [0x1f0, reserved(12)],
  FSI_TrailSig: [0x1fc, u32le],
})
export const FSI_LEAD_SIGNATURE = 0x41615252
export const FSI_STRUCTURE_SIGNATURE = 0x61417272
export const FSI_TRAIL_SIGNATURE = 0xaa550000

/** One slot of a directory.  [FATGEN §6] */
export const DirectoryEntry = struct('directory_entry', 32, {
  DIR_Name: [0x00, ascii(11, ' ')],
  DIR_Attr: [0x0b, u8],
  DIR_NTRes: [0x0c, u8],
  DIR_CrtTimeTenth: [0x0d, u8],
  DIR_CrtTime: [0x0e, u16le],
  DIR_CrtDate: [0x10, u16le],
  DIR_LstAccDate: [0x12, u16le],
  DIR_FstClusHI: [0x14, u16le],
  DIR_WrtTime: [0x16, u16le],
  DIR_WrtDate: [0x18, u16le],
  DIR_FstClusLO: [0x1a, u16le],
  DIR_FileSize: [0x1c, u32le],
})
export type DirectoryEntry = Infer<typeof DirectoryEntry>

/** One slot with 13 UTF-16 units of a long name.  [FATGEN §7] */
export const LongNameEntry = struct('long_name_entry', 32, {
  LDIR_Ord: [0x00, u8],
  LDIR_Name1: [0x01, bytes(10)],
  LDIR_Attr: [0x0b, u8],
  _LDIR_Type: [0x0c, reserved(1)],
  LDIR_Chksum: [0x0d, u8],
  LDIR_Name2: [0x0e, bytes(12)],
  _LDIR_FstClusLO: [0x1a, reserved(2)],
  LDIR_Name3: [0x1c, bytes(4)],
})

export const SLOT_BYTES = DirectoryEntry.SIZE

/** FSI_Free_Count and FSI_Nxt_Free where they are not known. */
export const FSI_UNKNOWN = 0xffffffff

/** DIR_Attr */
export const ATTR_READ_ONLY = 0x01
export const ATTR_HIDDEN = 0x02
export const ATTR_SYSTEM = 0x04
export const ATTR_VOLUME_ID = 0x08
export const ATTR_DIRECTORY = 0x10
export const ATTR_ARCHIVE = 0x20
export const ATTR_LONG_NAME = 0x0f

/** DIR_NTRes, as Windows NT, Linux and mtools use it: base or extension of the short name are in lower case. */
export const NTRES_LOWER_BASE = 0x08
export const NTRES_LOWER_EXTENSION = 0x10

/** First byte of DIR_Name: a deleted slot; the end of the directory; and 0xE5 itself, which a name may begin with. */
export const DELETED_SLOT = 0xe5
export const END_OF_DIRECTORY = 0x00
export const ESCAPED_E5 = 0x05

/** Set in LDIR_Ord of the slot that holds the end of the name; it stands first. */
export const LAST_LONG_ENTRY = 0x40

/** Clusters are numbered from here; the first two entries of a FAT are reserved.  [FATGEN §4, §4.2] */
export const FIRST_CLUSTER = 2

/** A directory may not be larger than this many slots (2 MiB): Linux and Windows stop there.  [FATGEN §6.4] */
export const MAX_DIRECTORY_SLOTS = 65536

/** DIR_FileSize has 32 bits. */
export const MAX_FILE_BYTES = 0xffffffff

export type FatWidth = 12 | 16 | 32

/**
 * Last entry of a chain: all ones, the one value that the specification defines. (Readers take 0x?FF8 and up, and mkfs.fat
 * writes 0x0FFFFFF8, but the `fatfs` reader takes that for a cluster number.)  [FATGEN §4]
 */
export const END_OF_CHAIN: Readonly<Record<FatWidth, number>> = { 12: 0xfff, 16: 0xffff, 32: 0x0fffffff }

/** Everything from here on ends a chain; the value before it marks a cluster that is broken.  [FATGEN §4] */
export const FIRST_END_OF_CHAIN: Readonly<Record<FatWidth, number>> = { 12: 0xff8, 16: 0xfff8, 32: 0x0ffffff8 }
export const BAD_CLUSTER: Readonly<Record<FatWidth, number>> = { 12: 0xff7, 16: 0xfff7, 32: 0x0ffffff7 }

/** More clusters than these make the next wider FAT.  [FATGEN §3.5] */
export const MAX_CLUSTERS_12 = 4084
export const MAX_CLUSTERS_16 = 65524

/** Set in entry 1 of a FAT16 or FAT32: unmounted cleanly; no read or write failed.  [FATGEN §4.2] */
export const CLEAN_SHUTDOWN: Readonly<Record<16 | 32, number>> = { 16: 0x8000, 32: 0x08000000 }
export const NO_DISK_ERRORS: Readonly<Record<16 | 32, number>> = { 16: 0x4000, 32: 0x04000000 }

export const FILE_SYSTEM_TYPE: Readonly<Record<FatWidth, string>> = { 12: 'FAT12', 16: 'FAT16', 32: 'FAT32' }

/** What BS_VolLab holds where a volume has no label.  [FATGEN §3.2] */
export const NO_LABEL = 'NO NAME'

/** FAT32's fixed places, in sectors.  [FATGEN §3.3, §5] */
export const FSINFO_SECTOR = 1
export const BACKUP_BOOT_SECTOR = 6
