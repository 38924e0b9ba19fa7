/**
 * A planned volume as an image value. Specified: reserved sectors, FATs, root, directory clusters, files with the tails of
 * their last clusters. Unspecified: free clusters, and what lies behind the last cluster.
 */
import { alignUp } from '../../bytes/align.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import { directoryClusters } from './allocation.js'
import { encodeBootSector, encodeFsInfo } from './boot-sector.js'
import { type DirectoryContext, encodeDirectory } from './directory.js'
import { FIRST_CLUSTER, FSINFO_SECTOR } from './disklayout.js'
import { FatTable } from './fat-table.js'
import type { FatPlan } from './plan.js'

/** The volume in an image of `imageBytes`, at most as large as the volume or the tail stays unspecified. */
export function encodeFat(plan: FatPlan, imageBytes: number): DiskImage {
  const image = new ImageBuilder(imageBytes)
  encodeReservedSectors(plan, image)
  encodeTables(plan, image)
  encodeDirectories(plan, image)
  encodeFiles(plan, image)
  return image.finish()
}

function clusterOffset({ geometry }: FatPlan, cluster: number): number {
  return geometry.dataStartSector * geometry.sectorSize + (cluster - FIRST_CLUSTER) * geometry.clusterBytes
}

/** `bytes` at `offset`, zeros behind them up to `offset + length`. */
function addPadded(image: ImageBuilder, offset: number, length: number, bytes: Uint8Array): void {
  image.bytes(offset, bytes)
  image.fill(offset + bytes.length, length - bytes.length)
}

function encodeReservedSectors({ geometry, settings, allocation }: FatPlan, image: ImageBuilder): void {
  const { sectorSize, reservedSectors, backupBootSector } = geometry
  const boot = encodeBootSector(geometry, settings)
  const records = new Map([[0, boot]])
  if (geometry.width === 32) {
    const fsInfo = encodeFsInfo(geometry, allocation.usedClusters)
    records.set(FSINFO_SECTOR, fsInfo)
    if (backupBootSector > 0) records.set(backupBootSector, boot)
    const backupFsInfo = backupBootSector + FSINFO_SECTOR
    if (backupBootSector > 0 && backupFsInfo < reservedSectors) records.set(backupFsInfo, fsInfo)
  }
  const sectors = [...records.keys()]
  for (const [index, sector] of sectors.entries()) {
    const next = sectors[index + 1] ?? reservedSectors
    addPadded(image, sector * sectorSize, (next - sector) * sectorSize, records.get(sector)!)
  }
}

function encodeTables({ geometry, payload, allocation, root }: FatPlan, image: ImageBuilder): void {
  const { sectorSize, fatSectors, fats, clusterBytes } = geometry
  const table = new FatTable(geometry.width, allocation.usedClusters, geometry.media)
  for (const directory of payload.directories) {
    const first = allocation.directories[directory.index]!
    if (first > 0) table.addChain(first, directoryClusters(directory, clusterBytes, root))
  }
  for (const { index, node } of payload.files) {
    const first = allocation.files[index]!
    if (first > 0) table.addChain(first, Math.ceil(node.content.sizeBytes / clusterBytes))
  }
  const lengthBytes = fatSectors * sectorSize
  for (let copy = 0; copy < fats; copy++) {
    addPadded(image, geometry.reservedSectors * sectorSize + copy * lengthBytes, lengthBytes, table.bytes())
  }
}

function encodeDirectories(plan: FatPlan, image: ImageBuilder): void {
  const { geometry, settings, payload, allocation, root } = plan
  const context: DirectoryContext = {
    allocation,
    root,
    label: settings.label,
    volumeTime: plan.volumeTime,
    offsetMinutes: settings.offsetMinutes,
  }
  for (const directory of payload.directories) {
    const bytes = encodeDirectory(directory, context)
    const first = allocation.directories[directory.index]!
    if (first > 0) {
      const clusters = directoryClusters(directory, geometry.clusterBytes, root)
      addPadded(image, clusterOffset(plan, first), clusters * geometry.clusterBytes, bytes)
    } else {
      const { sectorSize, dataStartSector, rootSectors } = geometry
      addPadded(image, (dataStartSector - rootSectors) * sectorSize, rootSectors * sectorSize, bytes)
    }
  }
}

function encodeFiles(plan: FatPlan, image: ImageBuilder): void {
  const { clusterBytes } = plan.geometry
  for (const { index, node } of plan.payload.files) {
    const { sizeBytes } = node.content
    if (sizeBytes === 0) continue
    // Holes, which FAT has none of, are written as zeros, and so is the rest of the last cluster.
    const offset = clusterOffset(plan, plan.allocation.files[index]!)
    image.withoutHoles(offset, node.content, 0, alignUp(sizeBytes, clusterBytes))
  }
}
