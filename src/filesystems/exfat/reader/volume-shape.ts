/**
 * Reads the shape of a volume from its boot sector. Everything after relies on these numbers: none
 * of them leads beyond the view or asks for more memory than the volume has bytes. [EXFAT §3.1]
 * [LINUX fs/exfat/super.c]
 */
import { fieldError } from '../../../bytes/field-error.js'
import { Findings } from '../../../bytes/findings.js'
import type { ImageView } from '../../../image/image-view.js'
import {
  ACTIVE_FAT,
  BOOT_REGION_SECTORS,
  BOOT_SIGNATURE,
  ExfatBootSector,
  FAT_ENTRY_BYTES,
  FILE_SYSTEM_NAME,
  FIRST_CLUSTER,
  MAX_CLUSTER_SHIFT,
  MAX_SECTOR_SHIFT,
  MIN_SECTOR_SHIFT,
} from '../disklayout.js'

export interface ExfatShape {
  readonly boot: ExfatBootSector
  /**
   * Byte of the boot region that was read: 0, or that of the backup where the main one is damaged.
   */
  readonly regionOffset: number
  readonly sectorSize: number
  readonly clusterBytes: number
  readonly clusters: number
  /** The number of the last cluster. */
  readonly lastCluster: number
  /** Byte of the FAT that is in use. */
  readonly fatOffset: number
  readonly heapOffset: number
  readonly volumeBytes: number
}

/** Returns whether the name of exFAT is in the boot sector or in its backup, sound or not. */
export function looksLikeExfat(view: ImageView): boolean {
  return [0, ...backupOffsets()].some((offset) => isNamedAt(view, offset))
}

function isNamedAt(view: ImageView, offset: number): boolean {
  const [at, size] = ExfatBootSector.FIELDS.FileSystemName!
  if (offset + ExfatBootSector.SIZE > view.sizeBytes) return false
  return Buffer.from(view.read(offset + at, size, 'boot sector')).toString('latin1') === FILE_SYSTEM_NAME
}

/**
 * Returns the places of the backup for all sizes of sectors, since a damaged boot sector does not
 * name its own.
 */
function backupOffsets(): number[] {
  const shifts = Array.from({ length: MAX_SECTOR_SHIFT - MIN_SECTOR_SHIFT + 1 }, (_, index) => MIN_SECTOR_SHIFT + index)
  return shifts.map((shift) => BOOT_REGION_SECTORS * 2 ** shift)
}

/** FormatError where neither boot sector can be followed; it names the main one's fault. */
export function readShape(view: ImageView): ExfatShape {
  try {
    return shapeAt(view, 0)
  } catch (error) {
    for (const offset of backupOffsets()) {
      if (!isNamedAt(view, offset)) continue
      const shape = new Findings().attempt(() => shapeAt(view, offset))
      if (shape !== undefined && BOOT_REGION_SECTORS * shape.sectorSize === offset) return shape
    }
    throw error
  }
}

/**
 * Reads the boot sector of the region at that byte. FormatError where one of its fields cannot be
 * followed.
 */
export function shapeAt(view: ImageView, regionOffset: number): ExfatShape {
  const structure = regionOffset === 0 ? 'boot sector' : 'backup boot sector'
  const boot = view.decode(ExfatBootSector, regionOffset, structure)
  const expect = (isSo: boolean, field: keyof ExfatBootSector, expected: string): void => {
    if (isSo) return
    const value = boot[field]
    const found = typeof value === 'number' || typeof value === 'string' ? value : 'other bytes'
    throw fieldError(view.name, { structure, offset: regionOffset, field, found, expected })
  }
  const { BytesPerSectorShift, SectorsPerClusterShift, NumberOfFats } = boot
  expect(boot.FileSystemName === FILE_SYSTEM_NAME, 'FileSystemName', `"${FILE_SYSTEM_NAME}"`)
  expect(boot.BootSignature === BOOT_SIGNATURE, 'BootSignature', String(BOOT_SIGNATURE))
  expect(boot.FileSystemRevision >> 8 === 1, 'FileSystemRevision', 'version 1')
  expect(
    BytesPerSectorShift >= MIN_SECTOR_SHIFT && BytesPerSectorShift <= MAX_SECTOR_SHIFT,
    'BytesPerSectorShift',
    `${MIN_SECTOR_SHIFT} to ${MAX_SECTOR_SHIFT}`,
  )
  const mostShift = MAX_CLUSTER_SHIFT - BytesPerSectorShift
  expect(SectorsPerClusterShift <= mostShift, 'SectorsPerClusterShift', `at most ${mostShift}`)
  expect(NumberOfFats === 1 || NumberOfFats === 2, 'NumberOfFats', '1 or 2')
  const sectorSize = 2 ** BytesPerSectorShift
  const clusterSectors = 2 ** SectorsPerClusterShift
  const volumeBytes = boot.VolumeLength * sectorSize
  expect(volumeBytes <= view.sizeBytes, 'VolumeLength', `at most ${Math.floor(view.sizeBytes / sectorSize)} sectors`)
  expect(boot.FatOffset >= 2 * BOOT_REGION_SECTORS, 'FatOffset', `at least ${2 * BOOT_REGION_SECTORS}`)
  const fatEnd = boot.FatOffset + boot.FatLength * NumberOfFats
  expect(boot.ClusterHeapOffset >= fatEnd, 'ClusterHeapOffset', `at least ${fatEnd}, the end of the FAT`)
  const mostClusters = Math.floor((boot.VolumeLength - boot.ClusterHeapOffset) / clusterSectors)
  expect(boot.ClusterCount >= 1 && boot.ClusterCount <= mostClusters, 'ClusterCount', `1 to ${mostClusters}`)
  const fatSectors = Math.ceil(((boot.ClusterCount + FIRST_CLUSTER) * FAT_ENTRY_BYTES) / sectorSize)
  expect(boot.FatLength >= fatSectors, 'FatLength', `at least ${fatSectors} sectors`)
  const lastCluster = boot.ClusterCount + FIRST_CLUSTER - 1
  const root = boot.FirstClusterOfRootDirectory
  expect(
    root >= FIRST_CLUSTER && root <= lastCluster,
    'FirstClusterOfRootDirectory',
    `a cluster from ${FIRST_CLUSTER} to ${lastCluster}`,
  )
  const activeFat = NumberOfFats === 2 && (boot.VolumeFlags & ACTIVE_FAT) !== 0 ? 1 : 0
  return {
    boot,
    regionOffset,
    sectorSize,
    clusterBytes: clusterSectors * sectorSize,
    clusters: boot.ClusterCount,
    lastCluster,
    fatOffset: (boot.FatOffset + activeFat * boot.FatLength) * sectorSize,
    heapOffset: boot.ClusterHeapOffset * sectorSize,
    volumeBytes,
  }
}

export function clusterOffset({ heapOffset, clusterBytes }: ExfatShape, cluster: number): number {
  return heapOffset + (cluster - FIRST_CLUSTER) * clusterBytes
}
