/**
 * A boot sector, decoded as what it is, and the regions that follow from it. As Linux reads it: BPB_FATSz16 = 0 makes a FAT32.
 * [FATGEN §3]
 */
import { type BootSector, BootSector16, BootSector32, SLOT_BYTES } from './disklayout.js'

export interface DecodedBootSector {
  readonly isFat32: boolean
  readonly boot: BootSector
}

/** `bytes` are a sector's first 512. Nothing is checked. */
export function decodeBootSector(bytes: Uint8Array): DecodedBootSector {
  const narrow = BootSector16.decode(bytes)
  if (narrow.BPB_FATSz16 === 0) return { isFat32: true, boot: { ...narrow, ...BootSector32.decode(bytes) } }
  const none = { BPB_FATSz32: 0, BPB_ExtFlags: 0, BPB_FSVer: 0, BPB_RootClus: 0, BPB_FSInfo: 0, BPB_BkBootSec: 0 }
  return { isFat32: false, boot: { ...narrow, ...none } }
}

/** In bytes of the volume. */
export interface BootRegions {
  readonly fatOffset: number
  /** Of one FAT. */
  readonly fatBytes: number
  /** FAT12 and FAT16: the root directory's place; empty on FAT32. */
  readonly rootOffset: number
  readonly rootBytes: number
  readonly dataOffset: number
  readonly clusterBytes: number
}

export function regionsOf({ isFat32, boot }: DecodedBootSector): BootRegions {
  const { BPB_BytsPerSec: sectorSize, BPB_RsvdSecCnt, BPB_NumFATs, BPB_RootEntCnt } = boot
  const fatSectors = isFat32 ? boot.BPB_FATSz32 : boot.BPB_FATSz16
  const rootSector = BPB_RsvdSecCnt + BPB_NumFATs * fatSectors
  const rootSectors = Math.ceil((BPB_RootEntCnt * SLOT_BYTES) / sectorSize)
  return {
    fatOffset: BPB_RsvdSecCnt * sectorSize,
    fatBytes: fatSectors * sectorSize,
    rootOffset: rootSector * sectorSize,
    rootBytes: isFat32 ? 0 : BPB_RootEntCnt * SLOT_BYTES,
    dataOffset: (rootSector + rootSectors) * sectorSize,
    clusterBytes: boot.BPB_SecPerClus * sectorSize,
  }
}
