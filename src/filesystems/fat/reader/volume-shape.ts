/**
 * What the boot sector says: where everything stands, and which FAT it is. As Linux reads it: among those that are no FAT32 the
 * number of clusters decides.  [FATGEN §3]
 */
import { isPowerOfTwo } from '../../../bytes/align.js'
import { type FieldFinding, fieldError } from '../../../bytes/field-error.js'
import { findingOf } from '../../../bytes/findings.js'
import type { ImageView } from '../../../image/image-view.js'
import { type BootRegions, decodeBootSector, regionsOf } from '../boot-regions.js'
import {
  BACKUP_BOOT_SECTOR,
  BOOT_RECORD_BYTES,
  BOOT_SIGNATURE,
  type BootSector,
  EXT_FLAGS_ACTIVE_FAT,
  EXT_FLAGS_NOT_MIRRORED,
  type FatWidth,
  FIRST_CLUSTER,
  MAX_CLUSTERS_12,
} from '../disklayout.js'

/** All in bytes of the volume where the name says nothing else. */
export interface FatShape extends BootRegions {
  readonly width: FatWidth
  readonly boot: BootSector
  /** 0, or where the copy of the boot sector stands that was read in its place. */
  readonly bootOffset: number
  /** Why it was. */
  readonly bootProblem: FieldFinding | undefined
  readonly sectorSize: number
  /** Which FAT is followed, from 0. */
  readonly activeFat: number
  /** All FATs are to be alike. */
  readonly isMirrored: boolean
  /** FAT32: the root's first cluster; 0 otherwise. */
  readonly rootCluster: number
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
  const decoded = decodeBootSector(view.read(bootOffset, BOOT_RECORD_BYTES, 'boot sector'))
  const { isFat32, boot } = decoded
  const refuse = (field: keyof BootSector, found: number, expected: string): never => {
    throw fieldError(view.name, { structure: 'boot sector', offset: bootOffset, field, found, expected })
  }
  const { BPB_BytsPerSec: sectorSize, BPB_SecPerClus, BPB_RsvdSecCnt, BPB_NumFATs, BPB_Media } = boot
  if (boot.Signature_word !== BOOT_SIGNATURE) refuse('Signature_word', boot.Signature_word, `${BOOT_SIGNATURE} (55 AA)`)
  if (!SECTOR_SIZES.includes(sectorSize)) refuse('BPB_BytsPerSec', sectorSize, SECTOR_SIZES.join(', '))
  if (!isPowerOfTwo(BPB_SecPerClus)) refuse('BPB_SecPerClus', BPB_SecPerClus, 'a power of two')
  if (BPB_RsvdSecCnt === 0) refuse('BPB_RsvdSecCnt', 0, 'at least 1')
  if (BPB_NumFATs === 0 || BPB_NumFATs > MAX_FATS) refuse('BPB_NumFATs', BPB_NumFATs, `1 to ${MAX_FATS}`)
  if (!isMedia(BPB_Media)) refuse('BPB_Media', BPB_Media, `${REMOVABLE_MEDIA}, or ${FIRST_FIXED_MEDIA} to 255`)
  const fatSectors = isFat32 ? boot.BPB_FATSz32 : boot.BPB_FATSz16
  if (fatSectors === 0) refuse('BPB_FATSz32', 0, 'the sectors of a FAT')
  const totalField = boot.BPB_TotSec16 > 0 ? 'BPB_TotSec16' : 'BPB_TotSec32'
  const regions = regionsOf(decoded)
  const dataSector = regions.dataOffset / sectorSize
  const dataClusters = Math.floor((boot[totalField] - dataSector) / BPB_SecPerClus)
  if (dataClusters < 1) refuse(totalField, boot[totalField], `at least ${dataSector + BPB_SecPerClus}`)
  if (regions.dataOffset > view.sizeBytes) {
    refuse(totalField, boot[totalField], `at most ${Math.floor(view.sizeBytes / sectorSize)}`)
  }
  const width = isFat32 ? 32 : dataClusters <= MAX_CLUSTERS_12 ? 12 : 16
  // Linux leaves clusters alone that the FAT has no entry for.
  const clusters = Math.min(dataClusters, entriesOf(regions.fatBytes, width) - FIRST_CLUSTER)
  if (clusters < 1) refuse(isFat32 ? 'BPB_FATSz32' : 'BPB_FATSz16', fatSectors, 'more')
  const isMirrored = (boot.BPB_ExtFlags & EXT_FLAGS_NOT_MIRRORED) === 0
  const activeFat = isMirrored ? 0 : boot.BPB_ExtFlags & EXT_FLAGS_ACTIVE_FAT
  if (activeFat >= BPB_NumFATs) refuse('BPB_ExtFlags', boot.BPB_ExtFlags, `a FAT of the ${BPB_NumFATs} there are`)
  return {
    width,
    boot,
    bootOffset,
    bootProblem,
    ...regions,
    sectorSize,
    activeFat,
    isMirrored,
    rootCluster: boot.BPB_RootClus,
    clusters,
    lastCluster: clusters + FIRST_CLUSTER - 1,
    sizeBytes: boot[totalField] * sectorSize,
  }
}

/** BPB_Media of a disk. */
export function isMedia(byte: number): boolean {
  return byte === REMOVABLE_MEDIA || byte >= FIRST_FIXED_MEDIA
}

/** Entries that a FAT has room for, the two reserved ones included. */
export function entriesOf(fatBytes: number, width: FatWidth): number {
  return Math.floor((fatBytes * 8) / width)
}

export function clusterOffset({ dataOffset, clusterBytes }: FatShape, cluster: number): number {
  return dataOffset + (cluster - FIRST_CLUSTER) * clusterBytes
}
