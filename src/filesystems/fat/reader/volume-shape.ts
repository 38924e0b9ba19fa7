/**
 * What the boot sector says: where everything stands. As Linux reads it: BPB_FATSz16 = 0 makes a FAT32, among the others the
 * number of clusters decides.  [FATGEN §3]
 */
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { findingOf } from '../../../bytes/findings.js'
import type { ImageView } from '../../../image/image-view.js'
import {
  BACKUP_BOOT_SECTOR,
  BOOT_SIGNATURE,
  type BootSector,
  BootSector16,
  BootSector32,
  EXT_FLAGS_ACTIVE_FAT,
  EXT_FLAGS_NOT_MIRRORED,
  type FatWidth,
  FIRST_CLUSTER,
  MAX_CLUSTERS_12,
  SLOT_BYTES,
} from '../disklayout.js'

/** All in bytes of the volume where the name says nothing else. */
export interface FatShape {
  readonly width: FatWidth
  readonly boot: BootSector
  /** 0, or where the copy of the boot sector stands that was read in its place. */
  readonly bootOffset: number
  /** Why it was. */
  readonly bootProblem: FieldFinding | undefined
  readonly sectorSize: number
  readonly clusterBytes: number
  readonly fatOffset: number
  /** Of one FAT. */
  readonly fatBytes: number
  /** Which FAT is followed, from 0. */
  readonly activeFat: number
  /** All FATs are to be alike. */
  readonly isMirrored: boolean
  /** FAT12 and FAT16: the root directory's place; empty on FAT32. */
  readonly rootOffset: number
  readonly rootBytes: number
  /** FAT32: the root's first cluster; 0 otherwise. */
  readonly rootCluster: number
  readonly dataOffset: number
  readonly clusters: number
  /** The highest cluster number. */
  readonly lastCluster: number
  /** By the boot sector; the view may end before. */
  readonly sizeBytes: number
}

export const SECTOR_SIZES: readonly number[] = [512, 1024, 2048, 4096]
/** More FATs than anybody has made: a volume of that many is none. */
const MAX_FATS = 4
const REMOVABLE_MEDIA = 0xf0
const FIRST_FIXED_MEDIA = 0xf8

/** Throws FormatError where nothing can be found from it, nor from FAT32's backup of it. */
export function readShape(view: ImageView): FatShape {
  try {
    return shapeAt(view, 0, undefined)
  } catch (error) {
    const problem = findingOf(error)
    const backup = problem && backupShape(view, problem)
    if (backup === undefined) throw error
    return backup
  }
}

/** The sector size is lost with the boot sector, so every one is tried. */
function backupShape(view: ImageView, problem: FieldFinding): FatShape | undefined {
  for (const sectorSize of SECTOR_SIZES) {
    try {
      const shape = shapeAt(view, BACKUP_BOOT_SECTOR * sectorSize, problem)
      if (shape.width === 32 && shape.sectorSize === sectorSize) return shape
    } catch (error) {
      if (findingOf(error) === undefined) throw error
    }
  }
  return undefined
}

function shapeAt(view: ImageView, bootOffset: number, bootProblem: FieldFinding | undefined): FatShape {
  const narrow = view.decode(BootSector16, bootOffset, 'boot sector')
  const isFat32 = narrow.BPB_FATSz16 === 0
  const boot: BootSector = isFat32
    ? { ...narrow, ...view.decode(BootSector32, bootOffset, 'boot sector') }
    : { ...narrow, BPB_FATSz32: 0, BPB_ExtFlags: 0, BPB_FSVer: 0, BPB_RootClus: 0, BPB_FSInfo: 0, BPB_BkBootSec: 0 }
  const refuse = (field: keyof BootSector, found: number, expected: string): never => {
    throw fieldError(view.name, { structure: 'boot sector', offset: bootOffset, field, found, expected })
  }
  const { BPB_BytsPerSec: sectorSize, BPB_SecPerClus, BPB_RsvdSecCnt, BPB_NumFATs, BPB_RootEntCnt, BPB_Media } = boot
  if (boot.Signature_word !== BOOT_SIGNATURE) refuse('Signature_word', boot.Signature_word, `${BOOT_SIGNATURE} (55 AA)`)
  if (!SECTOR_SIZES.includes(sectorSize)) refuse('BPB_BytsPerSec', sectorSize, SECTOR_SIZES.join(', '))
  if (!Number.isInteger(Math.log2(BPB_SecPerClus))) refuse('BPB_SecPerClus', BPB_SecPerClus, 'a power of two')
  if (BPB_RsvdSecCnt === 0) refuse('BPB_RsvdSecCnt', 0, 'at least 1')
  if (BPB_NumFATs === 0 || BPB_NumFATs > MAX_FATS) refuse('BPB_NumFATs', BPB_NumFATs, `1 to ${MAX_FATS}`)
  if (!isMedia(BPB_Media)) refuse('BPB_Media', BPB_Media, `${REMOVABLE_MEDIA}, or ${FIRST_FIXED_MEDIA} to 255`)
  const fatSectors = isFat32 ? boot.BPB_FATSz32 : boot.BPB_FATSz16
  if (fatSectors === 0) refuse('BPB_FATSz32', 0, 'the sectors of a FAT')
  const totalField = boot.BPB_TotSec16 > 0 ? 'BPB_TotSec16' : 'BPB_TotSec32'
  const rootSectors = Math.ceil((BPB_RootEntCnt * SLOT_BYTES) / sectorSize)
  const dataSector = BPB_RsvdSecCnt + BPB_NumFATs * fatSectors + rootSectors
  const dataClusters = Math.floor((boot[totalField] - dataSector) / BPB_SecPerClus)
  if (dataClusters < 1) refuse(totalField, boot[totalField], `at least ${dataSector + BPB_SecPerClus}`)
  if (dataSector * sectorSize > view.sizeBytes) {
    refuse(totalField, boot[totalField], `at most ${Math.floor(view.sizeBytes / sectorSize)}`)
  }
  const width = isFat32 ? 32 : dataClusters <= MAX_CLUSTERS_12 ? 12 : 16
  const fatBytes = fatSectors * sectorSize
  // Linux leaves clusters alone that the FAT has no entry for.
  const clusters = Math.min(dataClusters, entriesOf(fatBytes, width) - FIRST_CLUSTER)
  if (clusters < 1) refuse(isFat32 ? 'BPB_FATSz32' : 'BPB_FATSz16', fatSectors, 'more')
  const isMirrored = (boot.BPB_ExtFlags & EXT_FLAGS_NOT_MIRRORED) === 0
  const activeFat = isMirrored ? 0 : boot.BPB_ExtFlags & EXT_FLAGS_ACTIVE_FAT
  if (activeFat >= BPB_NumFATs) refuse('BPB_ExtFlags', boot.BPB_ExtFlags, `a FAT of the ${BPB_NumFATs} there are`)
  return {
    width,
    boot,
    bootOffset,
    bootProblem,
    sectorSize,
    clusterBytes: BPB_SecPerClus * sectorSize,
    fatOffset: BPB_RsvdSecCnt * sectorSize,
    fatBytes,
    activeFat,
    isMirrored,
    rootOffset: (dataSector - rootSectors) * sectorSize,
    rootBytes: isFat32 ? 0 : BPB_RootEntCnt * SLOT_BYTES,
    rootCluster: boot.BPB_RootClus,
    dataOffset: dataSector * sectorSize,
    clusters,
    lastCluster: clusters + FIRST_CLUSTER - 1,
    sizeBytes: boot[totalField] * sectorSize,
  }
}

function isMedia(byte: number): boolean {
  return byte === REMOVABLE_MEDIA || byte >= FIRST_FIXED_MEDIA
}

/** Entries that a FAT has room for, the two reserved ones included. */
export function entriesOf(fatBytes: number, width: FatWidth): number {
  return Math.floor((fatBytes * 8) / width)
}

export function clusterOffset({ dataOffset, clusterBytes }: FatShape, cluster: number): number {
  return dataOffset + (cluster - FIRST_CLUSTER) * clusterBytes
}
