/**
 * Reads exFAT as Windows, macOS, Linux, cameras and exfatprogs make it: any sector and cluster
 * size, files in a row or by chains, one or two FATs. Shares its records with the writer. [EXFAT]
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import { Findings } from '../../../bytes/findings.js'
import type { ByteString } from '../../../bytes/text.js'
import type { ImageView } from '../../../image/image-view.js'
import type { FileNode, FileTree } from '../../../tree/file-tree.js'
import { volumeIdText } from '../../volume-id.js'
import type { NodeDetails, UsedStretch, VolumeReader, VolumeSummary } from '../../volume-reader.js'
import { MEDIA_FAILURE, VOLUME_DIRTY } from '../disklayout.js'
import { usedRuns } from './allocation-bitmap.js'
import { checkVolume } from './check-volume.js'
import { clusterRuns, type ExfatReading } from './cluster-runs.js'
import { TreeReader } from './read-tree.js'
import { type RootEntries, readRootEntries } from './root-entries.js'
import { findUsedStretches } from './used-stretches.js'
import { readShape } from './volume-shape.js'

/** FormatError where neither the boot sector nor its backup can be followed. */
export function openExfatVolume(view: ImageView): VolumeReader {
  return new ExfatVolumeReader({ view, shape: readShape(view) })
}

class ExfatVolumeReader implements VolumeReader {
  readonly #reading: ExfatReading
  #summary: VolumeSummary | undefined

  constructor(reading: ExfatReading) {
    this.#reading = reading
  }

  get summary(): VolumeSummary {
    this.#summary ??= summarize(this.#reading)
    return this.#summary
  }

  find(path: readonly ByteString[]): FileNode | undefined {
    const tree = new TreeReader(this.#reading)
    const entry = tree.locate(path)
    return entry === null ? undefined : tree.node(entry)
  }

  details(path: readonly ByteString[]): NodeDetails | undefined {
    const entry = new TreeReader(this.#reading).locate(path)
    if (entry === null) return undefined
    if (entry === undefined) return { first_cluster: this.#reading.shape.boot.FirstClusterOfRootDirectory }
    const runs = new Findings().attempt(() => clusterRuns(this.#reading, entry.allocation))
    return {
      attributes: `0x${entry.file.FileAttributes.toString(16)}`,
      first_cluster: entry.stream.FirstCluster,
      clusters: runs?.reduce((sum, { count }) => sum + count, 0) ?? 'unknown',
      fat_chain: entry.allocation.isContiguous ? 'no' : 'yes',
      valid_bytes: entry.stream.ValidDataLength,
    }
  }

  tree(): FileTree {
    return new TreeReader(this.#reading).tree()
  }

  usedStretches(): readonly UsedStretch[] {
    return findUsedStretches(this.#reading)
  }

  check(): readonly FieldFinding[] {
    return checkVolume(this.#reading)
  }
}

function summarize(reading: ExfatReading): VolumeSummary {
  const { shape } = reading
  const { boot, clusterBytes, clusters, volumeBytes } = shape
  const root = new Findings().attempt(() => readRootEntries(reading))
  const used = root && new Findings().attempt(() => usedClusters(reading, root))
  const freeBytes = used === undefined ? 0 : (clusters - used) * clusterBytes
  return {
    format: 'exfat',
    ...(root?.label !== undefined && { label: root.label }),
    uuid: volumeIdText(boot.VolumeSerialNumber),
    sizeBytes: volumeBytes,
    usedBytes: volumeBytes - freeBytes,
    freeBytes,
    state: stateText(boot.VolumeFlags),
    facts: {
      sector_size: shape.sectorSize,
      cluster_size: clusterBytes,
      clusters,
      ...(used !== undefined && { free_clusters: clusters - used }),
      fats: boot.NumberOfFats,
      fat_offset: boot.FatOffset * shape.sectorSize,
      cluster_heap_offset: shape.heapOffset,
      partition_offset: boot.PartitionOffset * shape.sectorSize,
      ...(root?.guid !== undefined && { volume_guid: root.guid }),
    },
  }
}

function usedClusters(reading: ExfatReading, root: RootEntries): number {
  let sum = 0
  for (const { count } of usedRuns(reading, root)) sum += count
  return sum
}

function stateText(flags: number): string {
  const said = [
    (flags & VOLUME_DIRTY) === 0 ? '' : 'not unmounted',
    (flags & MEDIA_FAILURE) === 0 ? '' : 'errors were found',
  ]
  return said.filter((text) => text !== '').join(', ') || 'clean'
}
