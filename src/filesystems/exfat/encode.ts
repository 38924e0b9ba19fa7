/**
 * Encodes a planned volume as an image value. Specified: both boot regions and what follows them in
 * the first MiB, the whole FAT, bitmap, up-case table, directories, files with the tails of their
 * last clusters. Unspecified: other gaps before the FAT and the first cluster, free clusters, and
 * the rest after the last one.
 */
import { alignUp } from '../../bytes/align.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { bootChecksum } from './checksums.js'
import { encodeDirectory } from './directory.js'
import {
  BOOT_REGION_SECTORS,
  BOOT_SIGNATURE,
  CHECKSUM_SECTOR,
  DRIVE_SELECT,
  EXTENDED_BOOT_SECTORS,
  EXTENDED_BOOT_SIGNATURE,
  ExfatBootSector,
  FAT_END,
  FAT_ENTRY_BYTES,
  FAT_MEDIA_ENTRY,
  FILE_SYSTEM_NAME,
  FILE_SYSTEM_REVISION,
  FIRST_CLUSTER,
  JUMP_BOOT,
} from './disklayout.js'
import type { ClusterRun, ExfatPlan } from './plan.js'

const WHOLE_PERCENT = 100
/**
 * `hlt` of x86, with which the specification fills an unused boot code; mkfs.exfat leaves zeros.
 * [EXFAT §3.1.20]
 */
const HALT = 0xf4
const BOOT_CODE_BYTES = 390
const BITS_PER_BYTE = 8
const SIGNATURES_END = 1 << 20
const ALL_BITS = 0xff

/** The volume in an image of `imageBytes`, at least as large as the volume. */
export function encodeExfat(plan: ExfatPlan, imageBytes: number): DiskImage {
  const { payload, geometry } = plan
  const { clusterBytes } = geometry
  const image = new ImageBuilder(imageBytes)
  const region = encodeBootRegion(plan)
  image.bytes(0, region).bytes(region.length, region)
  // Signatures of file systems that were here before lie in the first bytes (Btrfs's at 64 KiB),
  // and blkid finds them.
  const signaturesEnd = Math.min(geometry.fatOffsetBytes, SIGNATURES_END)
  image.fill(2 * region.length, Math.max(0, signaturesEnd - 2 * region.length))
  const fat = encodeFat(plan)
  addPadded(image, geometry.fatOffsetBytes, geometry.fatBytes, fat)
  addRun(image, plan, plan.bitmap, encodeBitmap(plan))
  addRun(image, plan, plan.upCaseRun, plan.upCase.bytes)
  for (const [index, run] of plan.directories.entries()) addRun(image, plan, run, encodeDirectory(plan, index))
  for (const [index, { node }] of payload.files.entries()) {
    const { sizeBytes } = node.content
    // exFAT has no holes: they are written as zeros, and so is the rest of the last cluster.
    if (sizeBytes > 0) {
      const offset = clusterOffset(plan, plan.files[index]!.first)
      image.withoutHoles(offset, node.content, 0, alignUp(sizeBytes, clusterBytes))
    }
  }
  return image.finish()
}

function clusterOffset({ geometry }: ExfatPlan, cluster: number): number {
  return geometry.heapOffsetBytes + (cluster - FIRST_CLUSTER) * geometry.clusterBytes
}

function addRun(image: ImageBuilder, plan: ExfatPlan, { first, count }: ClusterRun, bytes: Uint8Array): void {
  addPadded(image, clusterOffset(plan, first), count * plan.geometry.clusterBytes, bytes)
}

/** `bytes` at `offset`, and zeros after them up to `offset + length`. */
function addPadded(image: ImageBuilder, offset: number, length: number, bytes: Uint8Array): void {
  image.bytes(offset, bytes)
  image.fill(offset + bytes.length, length - bytes.length)
}

/**
 * Twelve sectors: boot sector, extended boot sectors, OEM parameters, a reserved one, checksum.
 * [EXFAT §3]
 */
function encodeBootRegion({ geometry, request, volumeId, directories, usedClusters }: ExfatPlan): Uint8Array {
  const { sectorSize, clusterBytes, clusters } = geometry
  const region = new Uint8Array(BOOT_REGION_SECTORS * sectorSize)
  const view = new DataView(region.buffer)
  ExfatBootSector.encodeInto(region, 0, {
    JumpBoot: JUMP_BOOT,
    FileSystemName: FILE_SYSTEM_NAME,
    PartitionOffset: request.offsetBytes / sectorSize,
    VolumeLength: geometry.volumeBytes / sectorSize,
    FatOffset: geometry.fatOffsetBytes / sectorSize,
    FatLength: geometry.fatBytes / sectorSize,
    ClusterHeapOffset: geometry.heapOffsetBytes / sectorSize,
    ClusterCount: clusters,
    FirstClusterOfRootDirectory: directories[0]!.first,
    VolumeSerialNumber: volumeId,
    FileSystemRevision: FILE_SYSTEM_REVISION,
    VolumeFlags: 0,
    BytesPerSectorShift: Math.log2(sectorSize),
    SectorsPerClusterShift: Math.log2(clusterBytes / sectorSize),
    NumberOfFats: 1,
    DriveSelect: DRIVE_SELECT,
    PercentInUse: Math.floor((usedClusters * WHOLE_PERCENT) / clusters),
    BootCode: new Uint8Array(BOOT_CODE_BYTES).fill(HALT),
    BootSignature: BOOT_SIGNATURE,
  })
  for (let sector = 1; sector <= EXTENDED_BOOT_SECTORS; sector++) {
    view.setUint32((sector + 1) * sectorSize - 4, EXTENDED_BOOT_SIGNATURE, true)
  }
  const checksum = bootChecksum(region.subarray(0, CHECKSUM_SECTOR * sectorSize))
  for (let at = CHECKSUM_SECTOR * sectorSize; at < region.length; at += 4) view.setUint32(at, checksum, true)
  return region
}

/**
 * Chains of what has no entry that could say that its clusters lie in a row: bitmap, up-case table,
 * root.
 */
function encodeFat({ bitmap, upCaseRun, directories }: ExfatPlan): Uint8Array {
  const chains = [bitmap, upCaseRun, directories[0]!]
  const end = Math.max(...chains.map(({ first, count }) => first + count))
  const fat = new Uint8Array(end * FAT_ENTRY_BYTES)
  const view = new DataView(fat.buffer)
  view.setUint32(0, FAT_MEDIA_ENTRY, true)
  view.setUint32(FAT_ENTRY_BYTES, FAT_END, true)
  for (const { first, count } of chains) {
    for (let cluster = first; cluster < first + count; cluster++) {
      const next = cluster === first + count - 1 ? FAT_END : cluster + 1
      view.setUint32(cluster * FAT_ENTRY_BYTES, next, true)
    }
  }
  return fat
}

/** The used clusters lie in a row from the first on; bits after the last cluster are clear. */
function encodeBitmap({ usedClusters }: ExfatPlan): Uint8Array {
  const whole = Math.floor(usedClusters / BITS_PER_BYTE)
  const bitmap = new Uint8Array(Math.ceil(usedClusters / BITS_PER_BYTE)).fill(ALL_BITS, 0, whole)
  if (usedClusters % BITS_PER_BYTE > 0) bitmap[whole] = (1 << (usedClusters % BITS_PER_BYTE)) - 1
  return bitmap
}
