/** Names the structure and the field of an exFAT volume that a byte belongs to. */
import type { ImageView } from '../../../image/image-view.js'
import { fieldAt, type Place } from '../../place.js'
import {
  BitmapEntry,
  BOOT_REGION_SECTORS,
  ENTRY_BYTES,
  ExfatBootSector,
  FAT_ENTRY_BYTES,
  FIRST_CLUSTER,
  FileEntry,
  GuidEntry,
  LabelEntry,
  NameEntry,
  StreamEntry,
  TYPE_BITMAP,
  TYPE_FILE,
  TYPE_GUID,
  TYPE_LABEL,
  TYPE_NAME,
  TYPE_STREAM,
  TYPE_UP_CASE,
  UpCaseEntry,
} from '../disklayout.js'
import { type ClusterRun, clusterRuns, type ExfatReading } from './cluster-runs.js'
import { TreeReader } from './read-tree.js'
import { readRootEntries } from './root-entries.js'
import { clusterOffset, readShape } from './volume-shape.js'

const RECORDS: Readonly<Record<number, Parameters<typeof fieldAt>[0]>> = {
  [TYPE_BITMAP]: BitmapEntry,
  [TYPE_UP_CASE]: UpCaseEntry,
  [TYPE_LABEL]: LabelEntry,
  [TYPE_GUID]: GuidEntry,
  [TYPE_FILE]: FileEntry,
  [TYPE_STREAM]: StreamEntry,
  [TYPE_NAME]: NameEntry,
}

/**
 * `offset` and the result are bytes of the volume; `view` is the volume as it should be.
 * O(directories).
 */
export function locateInExfat(offset: number, view: ImageView): Place {
  const reading: ExfatReading = { view, shape: readShape(view) }
  const { shape } = reading
  const { sectorSize, fatOffset, heapOffset, clusterBytes } = shape
  const regionBytes = BOOT_REGION_SECTORS * sectorSize
  if (offset < 2 * regionBytes) return inBootRegion(offset, sectorSize)
  const fatBytes = shape.boot.FatLength * sectorSize
  if (offset >= fatOffset && offset < fatOffset + fatBytes) {
    const entry = Math.floor((offset - fatOffset) / FAT_ENTRY_BYTES)
    const start = fatOffset + entry * FAT_ENTRY_BYTES
    return { what: `FAT, FatEntry[${entry}]`, start, end: start + FAT_ENTRY_BYTES }
  }
  const cluster = Math.floor((offset - heapOffset) / clusterBytes) + FIRST_CLUSTER
  if (offset < heapOffset || cluster > shape.lastCluster) {
    return { what: 'a gap between the structures', start: offset, end: offset + 1 }
  }
  return inHeap(offset, cluster, reading)
}

function inBootRegion(offset: number, sectorSize: number): Place {
  const regionBytes = BOOT_REGION_SECTORS * sectorSize
  const isBackup = offset >= regionBytes
  const prefix = isBackup ? 'backup boot' : 'boot'
  const regionStart = isBackup ? regionBytes : 0
  const sector = Math.floor((offset - regionStart) / sectorSize)
  if (sector === 0) return fieldAt(ExfatBootSector, regionStart, offset, `${prefix} sector`)
  const start = regionStart + sector * sectorSize
  return { what: `${prefix} region, sector ${sector}`, start, end: start + sectorSize }
}

function inHeap(offset: number, cluster: number, reading: ExfatReading): Place {
  const { shape } = reading
  const start = clusterOffset(shape, cluster)
  const whole = (what: string): Place => ({ what, start, end: start + shape.clusterBytes })
  const root = readRootEntries(reading)
  for (const table of [root.bitmap, root.upCase]) {
    if (table !== undefined && hasCluster(clusterRuns(reading, table), cluster)) return whole(table.structure)
  }
  for (const { place, directory } of new TreeReader(reading).directories()) {
    if (!hasCluster(directory.runs, cluster)) continue
    const entryStart = offset - ((offset - start) % ENTRY_BYTES)
    const record = RECORDS[reading.view.read(entryStart, 1, 'directory entry')[0]!]
    const name = `entry in ${place.allocation.structure}`
    return record === undefined
      ? { what: name, start: entryStart, end: entryStart + ENTRY_BYTES }
      : fieldAt(record, entryStart, offset, name)
  }
  return whole(`cluster ${cluster}, which is of no file`)
}

function hasCluster(runs: readonly ClusterRun[], cluster: number): boolean {
  return runs.some(({ first, count }) => cluster >= first && cluster < first + count)
}
