/** The boot sector and FSInfo of a volume.  [FATGEN §3, §5] */
import {
  BOOT_SIGNATURE,
  BootSector16,
  BootSector32,
  EXTENDED_BOOT_SIGNATURE,
  FILE_SYSTEM_TYPE,
  FIRST_CLUSTER,
  FSI_LEAD_SIGNATURE,
  FSI_STRUCTURE_SIGNATURE,
  FSI_TRAIL_SIGNATURE,
  FSINFO_SECTOR,
  FsInfo,
  NO_LABEL,
} from './disklayout.js'
import type { FatGeometry } from './geometry.js'
import type { FatSettings } from './settings.js'

/** The largest BPB_TotSec16. */
const MAX_SECTORS_16 = 0xffff

/**
 * Not bootable, but sound code for a BIOS that starts it all the same: INT 18h, on which the BIOS tries its next boot device
 * [BBS], and where that returns, HLT for ever. Zeros would run on as ADD [BX+SI],AL into whatever follows.
 */
const BOOT_CODE = [0xcd, 0x18, /* hlt: */ 0xf4, /* jmp hlt */ 0xeb, 0xfd] as const
/** JMP SHORT to the code and a NOP: the form that Windows, FatFs and ROMs ask of a FAT boot sector. */
const JUMP_OPCODE = 0xeb
const JUMP_BYTES = 2
const NOP_OPCODE = 0x90

/** The 512 bytes of the boot sector. */
export function encodeBootSector(geometry: FatGeometry, settings: FatSettings): Uint8Array {
  const { width, totalSectors } = geometry
  const record = width === 32 ? BootSector32 : BootSector16
  const [codeOffset, codeBytes] = record.FIELDS.BS_BootCode!
  const code = new Uint8Array(codeBytes)
  code.set(BOOT_CODE)
  const fitsIn16 = totalSectors <= MAX_SECTORS_16
  const common = {
    BS_jmpBoot: Uint8Array.of(JUMP_OPCODE, codeOffset - JUMP_BYTES, NOP_OPCODE),
    BS_OEMName: settings.oem,
    BPB_BytsPerSec: geometry.sectorSize,
    BPB_SecPerClus: geometry.clusterSectors,
    BPB_RsvdSecCnt: geometry.reservedSectors,
    BPB_NumFATs: geometry.fats,
    BPB_RootEntCnt: geometry.rootEntries,
    BPB_TotSec16: fitsIn16 ? totalSectors : 0,
    BPB_Media: geometry.media,
    BPB_SecPerTrk: geometry.sectorsPerTrack,
    BPB_NumHeads: geometry.heads,
    BPB_HiddSec: settings.hiddenSectors,
    BPB_TotSec32: fitsIn16 ? 0 : totalSectors,
    BS_DrvNum: geometry.driveNumber,
    BS_Reserved1: 0,
    BS_BootSig: EXTENDED_BOOT_SIGNATURE,
    BS_VolID: settings.volumeId,
    BS_VolLab: settings.label ?? NO_LABEL,
    BS_FilSysType: FILE_SYSTEM_TYPE[width],
    BS_BootCode: code,
    Signature_word: BOOT_SIGNATURE,
  }
  if (width !== 32) return BootSector16.encode({ ...common, BPB_FATSz16: geometry.fatSectors })
  return BootSector32.encode({
    ...common,
    BPB_FATSz16: 0,
    BPB_FATSz32: geometry.fatSectors,
    BPB_ExtFlags: 0,
    BPB_FSVer: 0,
    BPB_RootClus: FIRST_CLUSTER,
    BPB_FSInfo: FSINFO_SECTOR,
    BPB_BkBootSec: geometry.backupBootSector,
  })
}

/** The 512 bytes of FAT32's FSInfo. */
export function encodeFsInfo(geometry: FatGeometry, usedClusters: number): Uint8Array {
  return FsInfo.encode({
    FSI_LeadSig: FSI_LEAD_SIGNATURE,
    FSI_StrucSig: FSI_STRUCTURE_SIGNATURE,
    FSI_Free_Count: geometry.clusters - usedClusters,
    // A hint: the last cluster in use, as mkfs.fat and Linux keep it, valid on a full volume too. (The specification of
    // 2005 has the first free one instead, that of 2000 the last allocated.)
    FSI_Nxt_Free: FIRST_CLUSTER + usedClusters - 1,
    FSI_TrailSig: FSI_TRAIL_SIGNATURE,
  })
}
