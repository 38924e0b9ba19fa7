/** What a FAT volume says of itself, and what its FAT says is used. */

import { Findings } from '../../../bytes/findings.js'
import { volumeIdText } from '../../volume-id.js'
import type { VolumeSummary } from '../../volume-reader.js'
import { BAD_CLUSTER, EXTENDED_BOOT_SIGNATURE, NO_LABEL, VOLUME_ID_SIGNATURE } from '../disklayout.js'
import type { FatReading } from './fat-reading.js'
import { parseDirectory, readDirectoryBytes, rootPlace } from './read-directory.js'
import { labelText } from './short-name.js'
import type { FatShape } from './volume-shape.js'
import { stateText } from './volume-state.js'

export function summarize(reading: FatReading): VolumeSummary {
  const { view, shape } = reading
  const label = rootLabel(reading) ?? bootLabel(shape)
  const uuid = volumeId(shape)
  const { free, bad } = countClusters(reading)
  const sizeBytes = Math.min(shape.sizeBytes, view.sizeBytes)
  const freeBytes = free * shape.clusterBytes
  return {
    format: `fat${shape.width}`,
    ...(label !== undefined && { label }),
    ...(uuid !== undefined && { uuid }),
    sizeBytes,
    usedBytes: sizeBytes - freeBytes,
    freeBytes,
    state: stateText(reading),
    facts: {
      sector_size: shape.sectorSize,
      cluster_size: shape.clusterBytes,
      clusters: shape.clusters,
      free_clusters: free,
      ...(bad > 0 && { bad_clusters: bad }),
      fats: shape.boot.BPB_NumFATs,
      ...(!shape.isMirrored && { active_fat: shape.activeFat + 1 }),
      reserved_sectors: shape.boot.BPB_RsvdSecCnt,
      ...(shape.width !== 32 && { root_entries: shape.boot.BPB_RootEntCnt }),
      ...(shape.width === 32 && { backup_boot_sector: shape.boot.BPB_BkBootSec }),
      hidden_sectors: shape.boot.BPB_HiddSec,
      media: `0x${shape.boot.BPB_Media.toString(16)}`,
      oem: shape.boot.BS_OEMName.replace(/[^\x20-\x7e]/g, '.'),
    },
  }
}

/** Of the root directory, where Linux, Windows and mtools look first. */
export function rootLabel(reading: FatReading): string | undefined {
  const root = rootPlace(reading)
  const directory = new Findings().attempt(() =>
    parseDirectory(reading, root, readDirectoryBytes(reading, root), () => {}),
  )
  const name = directory?.labels[0]?.shortName
  return name === undefined ? undefined : labelText(name)
}

/** BS_VolLab. */
export function bootLabel(shape: FatShape): string | undefined {
  if (shape.boot.BS_BootSig !== EXTENDED_BOOT_SIGNATURE) return undefined
  const text = labelText(shape.boot.BS_VolLab.replace(/\0+$/, ''))
  return text === '' || text === NO_LABEL ? undefined : text
}

/** `1234-ABCD`, as DOS shows it and Linux names it. */
function volumeId({ boot }: FatShape): string | undefined {
  if (boot.BS_BootSig !== EXTENDED_BOOT_SIGNATURE && boot.BS_BootSig !== VOLUME_ID_SIGNATURE) return undefined
  return volumeIdText(boot.BS_VolID)
}

export function countClusters({ shape, fat }: FatReading): { free: number; bad: number } {
  let used = 0
  let bad = 0
  fat.eachUsed((_, entry) => {
    used++
    if (entry === BAD_CLUSTER[shape.width]) bad++
  })
  return { free: shape.clusters - used, bad }
}
