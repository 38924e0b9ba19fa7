/** What a volume's geometry is known to trip: sound by the specification, misread in the field. */
import { formatSize } from '../../bytes/format-size.js'
import type { Warning } from '../../errors.js'
import { formatCount } from '../path-list.js'
import { FILE_SYSTEM_TYPE } from './disklayout.js'
import { CLUSTER_LIMITS, type FatGeometry } from './geometry.js'

/** Many readers are off by one, two, or more around the lines between the widths.  [FATGEN §3.5] */
const SAFE_DISTANCE = 16
/** Cluster numbers at which the width of the entries changes. */
const WIDTH_LINES = [4085, 65525] as const
/** The largest cluster that every reader takes.  [FATGEN §3.1] */
export const USUAL_CLUSTER_BYTES = 32 * 1024

/** Whether every reader takes a volume of this geometry for what it is. FAT32 that is asked for may have few clusters. */
export function isReadByAll({ clusters, clusterBytes }: FatGeometry): boolean {
  const isClear = WIDTH_LINES.every((line) => Math.abs(clusters - line) >= SAFE_DISTANCE)
  return isClear && clusterBytes <= USUAL_CLUSTER_BYTES
}

export function geometryWarnings(geometry: FatGeometry): Warning[] {
  const { width, clusters, clusterBytes, excessSectors, sectorSize } = geometry
  const warnings: Warning[] = []
  const name = `${FILE_SYSTEM_TYPE[width]} with ${formatCount(clusters)} clusters`
  const [fewest] = CLUSTER_LIMITS[32]
  if (width === 32 && clusters < fewest + SAFE_DISTANCE) {
    warnings.push({
      finding: 'fat-cluster-count',
      message: `${name}: readers that go by the number of clusters (mtools, Windows) take less than ${formatCount(fewest)}, some a few more, for FAT16`,
      hint: 'From 33 MiB on, with clusters of one sector, FAT32 is safe',
    })
  } else if (WIDTH_LINES.some((line) => Math.abs(clusters - line) < SAFE_DISTANCE)) {
    warnings.push({
      finding: 'fat-cluster-count',
      message: `${name}: so near the line between two widths some readers take the wrong one`,
      hint: 'Another cluster_size or a slightly different size moves it away',
    })
  }
  if (width === 32 && geometry.backupBootSector === 0) {
    warnings.push({
      finding: 'fat-no-backup',
      message: `FAT32 with ${geometry.reservedSectors} reserved sectors: no room for the backup of the boot sector`,
      hint: 'The usual number is 32',
    })
  }
  if (clusterBytes > USUAL_CLUSTER_BYTES) {
    warnings.push({
      finding: 'fat-large-clusters',
      message: `Clusters of ${formatSize(clusterBytes)}: some firmware reads at most 32 KiB`,
    })
  }
  if (excessSectors > 0) {
    warnings.push({
      finding: 'fat-unused-end',
      message: `FAT has at most 4,294,967,295 sectors: ${formatSize(excessSectors * sectorSize)} at the end stay unused`,
    })
  }
  return warnings
}
