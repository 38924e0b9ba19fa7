/**
 * Which FAT, which cluster size, how many clusters: as mkfs.fat 4.2 decides (establish_params and setup_tables of its
 * mkfs.fat.c), because boards, ROMs and scripts are used to exactly that. Facts from its source; [DOSFSTOOLS 4.2].
 *
 * All counts are sectors of `sectorSize` unless the name says bytes or clusters.
 */
import { alignDown, alignUp, ceilDivide } from '../../bytes/align.js'
import {
  BACKUP_BOOT_SECTOR,
  type FatWidth,
  FSINFO_SECTOR,
  MAX_CLUSTERS_12,
  MAX_CLUSTERS_16,
  SLOT_BYTES,
} from './disklayout.js'

const KIB = 1024
const MIB = 1024 * KIB
const MAX_U16 = 0xffff
/** BPB_TotSec32 has 32 bits. */
export const MAX_TOTAL_SECTORS = 0xffffffff

/**
 * Fewest and most clusters of each width. The specification draws the lines at 4,085 and 65,525; Windows takes 4,085 and
 * 4,086 for FAT12, so nobody should make them. FAT32 is recognised by BPB_FATSz16 = 0 too, and may be forced below its line.
 */
export const CLUSTER_LIMITS: Readonly<Record<FatWidth, readonly [fewest: number, most: number]>> = {
  12: [1, MAX_CLUSTERS_12],
  16: [4087, MAX_CLUSTERS_16],
  32: [MAX_CLUSTERS_16 + 1, 268435446],
}

/** mkfs.fat refuses a volume with less than this behind its last structure. */
const SMALLEST_DATA_BYTES = 32 * KIB
/** From here on the default is FAT32. */
const FAT32_FROM_BYTES = 512 * MIB
/** Up to this many sectors (a floppy's size) structures are not aligned to clusters. */
const UNALIGNED_UP_TO_SECTORS = 8192
export const DEFAULT_ROOT_ENTRIES = 512
export const DEFAULT_FATS = 2
const DEFAULT_RESERVED_SECTORS: Readonly<Record<FatWidth, number>> = { 12: 1, 16: 1, 32: 32 }
export const MAX_CLUSTER_SECTORS = 128
const FIXED_DISK_MEDIA = 0xf8
const FIXED_DISK_DRIVE = 0x80
const REMOVABLE_DRIVE = 0x00

/** Volumes of exactly these sizes get the floppy's parameters. */
const FLOPPIES = [
  { sizeKib: 360, sectorsPerTrack: 9, media: 0xfd, clusterSectors: 2, rootEntries: 112 },
  { sizeKib: 720, sectorsPerTrack: 9, media: 0xf9, clusterSectors: 2, rootEntries: 112 },
  { sizeKib: 1200, sectorsPerTrack: 15, media: 0xf9, clusterSectors: 1, rootEntries: 224 },
  { sizeKib: 1440, sectorsPerTrack: 18, media: 0xf0, clusterSectors: 1, rootEntries: 224 },
  { sizeKib: 2880, sectorsPerTrack: 36, media: 0xf0, clusterSectors: 2, rootEntries: 224 },
] as const
const FLOPPY_HEADS = 2

/** Largest volume in sectors → sectors per cluster of FAT32 (the steps are given for 512-byte sectors, as mkfs.fat has them). */
const FAT32_CLUSTERS = [
  { upToSectors: 260 * 1024 * 2, clusterSectors: 1 },
  { upToSectors: 8 * 1024 * 1024 * 2, clusterSectors: 8 },
  { upToSectors: 16 * 1024 * 1024 * 2, clusterSectors: 16 },
  { upToSectors: 32 * 1024 * 1024 * 2, clusterSectors: 32 },
  { upToSectors: Number.POSITIVE_INFINITY, clusterSectors: 64 },
] as const
const FAT1216_CLUSTER_SECTORS = 4

/** CHS for volumes up to 256 MiB: the SD card specification's; above: LBA-assist translation. */
const SD_TRACK_STEPS = [
  { upToSectors: 4096, sectorsPerTrack: 16, heads: 2 },
  { upToSectors: 32768, sectorsPerTrack: 32, heads: 2 },
  { upToSectors: 65536, sectorsPerTrack: 32, heads: 4 },
  { upToSectors: 262144, sectorsPerTrack: 32, heads: 8 },
  { upToSectors: 524288, sectorsPerTrack: 32, heads: 16 },
] as const
const LBA_SECTORS_PER_TRACK = 63
const LBA_CYLINDERS = 1024
const LBA_HEADS = [16, 32, 64, 128] as const
const MAX_LBA_HEADS = 255

/** What decides the geometry, options already checked. */
export interface GeometryRequest {
  readonly sizeBytes: number
  readonly sectorSize: number
  /** Missing = chosen. */
  readonly width?: FatWidth
  readonly clusterSectors?: number
  readonly fats?: number
  readonly reservedSectors?: number
  readonly rootEntries?: number
  readonly media?: number
}

export interface FatGeometry {
  readonly width: FatWidth
  readonly sectorSize: number
  readonly totalSectors: number
  readonly clusterSectors: number
  readonly clusterBytes: number
  readonly clusters: number
  readonly reservedSectors: number
  readonly fats: number
  readonly fatSectors: number
  /** Slots of the fixed root directory; 0 for FAT32. */
  readonly rootEntries: number
  readonly rootSectors: number
  /** Where cluster 2 begins. */
  readonly dataStartSector: number
  readonly sectorsPerTrack: number
  readonly heads: number
  readonly media: number
  readonly driveNumber: number
  /** FAT32: 0 = none. */
  readonly backupBootSector: number
  /** Sectors that the volume cannot use since they exceed 2^32 − 1. */
  readonly excessSectors: number
}

/** Why a size gives no volume, with the figures of the cluster size that came closest. */
export interface GeometryRefusal {
  readonly reason: 'too-small' | 'too-large' | 'too-little-data' | 'reserved-sectors'
  readonly width: FatWidth
  readonly clusterSectors: number
  readonly clusters: number
}

/** What follows from size and width alone. */
interface Parameters {
  readonly sectorsPerTrack: number
  readonly heads: number
  readonly media: number
  readonly clusterSectors: number
  readonly rootEntries: number
  readonly width: FatWidth | undefined
}

export function isRefusal(result: FatGeometry | GeometryRefusal): result is GeometryRefusal {
  return 'reason' in result
}

/** The geometry of a volume of `sizeBytes`, or why there is none. */
export function planGeometry(request: GeometryRequest): FatGeometry | GeometryRefusal {
  const { sizeBytes, sectorSize } = request
  const parameters = chooseParameters(request)
  const availableSectors = Math.floor(sizeBytes / sectorSize)
  const usableSectors = Math.min(availableSectors, MAX_TOTAL_SECTORS)
  // DOS and mtools want whole tracks.
  const totalSectors = alignDown(usableSectors, parameters.sectorsPerTrack)
  const frame: Frame = {
    totalSectors,
    sectorSize,
    fats: request.fats ?? DEFAULT_FATS,
    aligned: totalSectors > UNALIGNED_UP_TO_SECTORS,
    reservedSectors: request.reservedSectors ?? DEFAULT_RESERVED_SECTORS[parameters.width ?? 16],
    rootSectors: parameters.width === 32 ? 0 : ceilDivide(parameters.rootEntries * SLOT_BYTES, sectorSize),
  }

  let clusterSectors = request.clusterSectors ?? parameters.clusterSectors
  const first = tryClusterSize(frame, clusterSectors, parameters.width, request.width === 32)
  let trial = first
  while (!trial.sound && request.clusterSectors === undefined && clusterSectors < MAX_CLUSTER_SECTORS) {
    clusterSectors *= 2
    trial = tryClusterSize(frame, clusterSectors, parameters.width, request.width === 32)
  }
  const { width, fatSectors, clusters } = trial
  const refuse = (reason: GeometryRefusal['reason']) => ({ reason, width, clusterSectors, clusters })
  if (!trial.sound) {
    // The smallest clusters came closest to being enough, the largest to being few.
    return trial.tooMany ? refuse('too-large') : { ...first, reason: 'too-small' }
  }
  const reservedSectors = align(frame, frame.reservedSectors, clusterSectors)
  if (reservedSectors > MAX_U16) return refuse('reserved-sectors')
  const rootSectors = align(frame, frame.rootSectors, clusterSectors)
  const dataStartSector = reservedSectors + frame.fats * fatSectors + rootSectors
  if (alignDown(sizeBytes, KIB) < alignUp(dataStartSector * sectorSize, KIB) + SMALLEST_DATA_BYTES) {
    return refuse('too-little-data')
  }
  const media = request.media ?? parameters.media
  return {
    width,
    sectorSize,
    totalSectors,
    clusterSectors,
    clusterBytes: clusterSectors * sectorSize,
    clusters,
    reservedSectors,
    fats: frame.fats,
    fatSectors,
    // Whole sectors: what mkfs.fat leaves as asked below 4 MiB, fsck.fat would refuse to read.
    rootEntries: (rootSectors * sectorSize) / SLOT_BYTES,
    rootSectors,
    dataStartSector,
    sectorsPerTrack: parameters.sectorsPerTrack,
    heads: parameters.heads,
    media,
    driveNumber: media === FIXED_DISK_MEDIA ? FIXED_DISK_DRIVE : REMOVABLE_DRIVE,
    backupBootSector: width === 32 ? backupBootSector(reservedSectors) : 0,
    excessSectors: availableSectors - usableSectors,
  }
}

function chooseParameters({ sizeBytes, sectorSize, ...request }: GeometryRequest): Parameters {
  const sectors = Math.floor(sizeBytes / sectorSize)
  const width = request.width ?? (sizeBytes >= FAT32_FROM_BYTES ? 32 : undefined)
  const floppy = FLOPPIES.find(({ sizeKib }) => sizeKib === Math.floor(sizeBytes / KIB))
  const { sectorsPerTrack, heads } = floppy
    ? { sectorsPerTrack: floppy.sectorsPerTrack, heads: FLOPPY_HEADS }
    : chooseTracks(sectors)
  return {
    sectorsPerTrack,
    heads,
    media: floppy?.media ?? FIXED_DISK_MEDIA,
    clusterSectors:
      width === 32
        ? FAT32_CLUSTERS.find(({ upToSectors }) => sectors <= upToSectors)!.clusterSectors
        : (floppy?.clusterSectors ?? FAT1216_CLUSTER_SECTORS),
    rootEntries: request.rootEntries ?? floppy?.rootEntries ?? DEFAULT_ROOT_ENTRIES,
    width,
  }
}

/** Sectors per track of a volume of this size. */
export function sectorsPerTrackAt(sizeBytes: number, sectorSize: number): number {
  return chooseParameters({ sizeBytes, sectorSize }).sectorsPerTrack
}

/** Every size in sectors from which on another rule holds, ascending. */
export function geometryThresholds(sectorSize: number): number[] {
  const thresholds = [
    ...FLOPPIES.flatMap(({ sizeKib }) => [sizeKib, sizeKib + 1].map((kib) => ceilDivide(kib * KIB, sectorSize))),
    ...SD_TRACK_STEPS.map(({ upToSectors }) => upToSectors + 1),
    ...FAT32_CLUSTERS.map(({ upToSectors }) => upToSectors + 1).filter(Number.isFinite),
    ceilDivide(FAT32_FROM_BYTES, sectorSize),
  ]
  return thresholds.sort((a, b) => a - b)
}

/** The most bytes that a FAT volume can have. */
export function largestVolumeBytes(sectorSize: number): number {
  return MAX_TOTAL_SECTORS * sectorSize
}

function chooseTracks(sectors: number): { sectorsPerTrack: number; heads: number } {
  const step = SD_TRACK_STEPS.find(({ upToSectors }) => sectors <= upToSectors)
  if (step !== undefined) return step
  const heads = LBA_HEADS.find((count) => sectors <= count * LBA_SECTORS_PER_TRACK * LBA_CYLINDERS)
  return { sectorsPerTrack: LBA_SECTORS_PER_TRACK, heads: heads ?? MAX_LBA_HEADS }
}

/** What stays the same for every cluster size that is tried. */
interface Frame {
  readonly totalSectors: number
  readonly sectorSize: number
  readonly fats: number
  readonly aligned: boolean
  readonly reservedSectors: number
  readonly rootSectors: number
}

/** `sound`: the width and its number of clusters go together. */
interface Trial {
  readonly width: FatWidth
  readonly clusterSectors: number
  readonly fatSectors: number
  readonly clusters: number
  readonly sound: boolean
  readonly tooMany: boolean
}

function align(frame: Frame, sectors: number, clusterSectors: number): number {
  return frame.aligned ? alignUp(sectors, clusterSectors) : sectors
}

function tryClusterSize(frame: Frame, clusterSectors: number, width: FatWidth | undefined, forced32: boolean): Trial {
  const attempt = (candidate: FatWidth): Trial => {
    const { fatSectors, clusters, entries } = layOut(frame, clusterSectors, candidate)
    const [fewest, most] = CLUSTER_LIMITS[candidate]
    // As mkfs.fat counts; that the two reserved entries fit too follows from layOut's bound.
    const tooMany = clusters > Math.min(entries, most)
    const enough = clusters >= fewest || (forced32 && clusters > 0)
    return { width: candidate, clusterSectors, fatSectors, clusters, sound: enough && !tooMany, tooMany }
  }
  if (width !== undefined) return attempt(width)
  const [fat12, fat16] = [attempt(12), attempt(16)]
  if (!fat12.sound && !fat16.sound) return fat12.tooMany ? fat16 : fat12
  if (!fat12.sound) return fat16
  return fat16.sound && fat16.clusters > fat12.clusters ? fat16 : fat12
}

/**
 * Length of one FAT, and the clusters that the rest gives. With `bits` per entry, n FATs over c clusters take
 * n·(c + 2)·bits/8 bytes, the clusters c·clusterBytes; solving for c gives an upper bound, the FAT is made long enough for
 * it, and the clusters are counted again, since the rounding of the FATs may have taken or left some.
 */
function layOut(frame: Frame, clusterSectors: number, width: FatWidth) {
  const { sectorSize, fats } = frame
  const beforeFats =
    align(frame, frame.reservedSectors, clusterSectors) +
    (width === 32 ? 0 : align(frame, frame.rootSectors, clusterSectors))
  const fatsAndData = frame.totalSectors - beforeFats
  if (fatsAndData <= 0) return { fatSectors: 0, clusters: 0, entries: 0 }
  // Twice everything: an entry of FAT12 is one byte and a half.
  const entryHalfBytes = width / 4
  const bound = Math.floor(
    (2 * fatsAndData * sectorSize + 2 * fats * entryHalfBytes) /
      (2 * clusterSectors * sectorSize + fats * entryHalfBytes),
  )
  const fatBytes = Math.floor(((bound + 2) * entryHalfBytes + 1) / 2)
  const fatSectors = align(frame, ceilDivide(fatBytes, sectorSize), clusterSectors)
  const clusters = Math.max(0, Math.floor((fatsAndData - fats * fatSectors) / clusterSectors))
  const entries = Math.floor((fatSectors * sectorSize * 2) / entryHalfBytes)
  return { fatSectors, clusters, entries }
}

/** Sector 6 where there is room; else as far back as the FSInfo and its copy allow; 0 = none. */
function backupBootSector(reservedSectors: number): number {
  if (reservedSectors > BACKUP_BOOT_SECTOR) return BACKUP_BOOT_SECTOR
  if (reservedSectors >= 3 + FSINFO_SECTOR && FSINFO_SECTOR < reservedSectors - 2) return reservedSectors - 2
  return reservedSectors >= 3 && FSINFO_SECTOR !== reservedSectors - 1 ? reservedSectors - 1 : 0
}
