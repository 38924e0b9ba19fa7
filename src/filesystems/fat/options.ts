/** What a FAT volume can be told; each missing option follows mkfs.fat 4.2. Spelled as the config spells it. */
export type FatFamily = 'fat' | 'fat12' | 'fat16' | 'fat32'

export interface FatFormatOptions {
  /** `fat` chooses by size as mkfs.fat does; the others force the width of the FAT's entries. */
  readonly type: FatFamily
  /** At most 11 ASCII characters; missing = no label (`NO NAME` in the boot sector, no entry in the root). */
  readonly label?: string
  /** Bytes; a power of two from one sector to 128 sectors. */
  readonly cluster_size?: number
  /** Copies of the FAT, 1 to 4. */
  readonly fats?: number
  /** Sectors before the first FAT, at least; rounded up to whole clusters where structures are aligned. */
  readonly reserved_sectors?: number
  /** Slots of the root directory of FAT12/16, at least; 16 to 32,768. */
  readonly root_entries?: number
  /** Media descriptor: 0xF0, or 0xF8 to 0xFF. */
  readonly media?: number
  /** 0 to 2^32 − 1; missing = the first four bytes of the environment's UUID. */
  readonly volume_id?: number
  /** At most 8 ASCII characters. */
  readonly oem?: string
  /** Symlinks, devices, fifos and sockets are left out, owners and extended attributes dropped, with a warning. */
  readonly lossy?: boolean
  /** Paths of files or folders (`MLO`, `EFI/BOOT`) that stand first in their directories and in the data area. */
  readonly order?: readonly string[]
  /** Times in the volume have no zone: `UTC` (default) or a fixed offset `+01:00`, in which readers will take them. */
  readonly time_zone?: string
}
