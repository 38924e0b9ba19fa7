/** Disks with volumes for the judges that boot: laid out and woven by diskloom, over a medium that was full of 0xD1. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ImageSpec, VolumeSpec } from '../../src/config/spec.js'
import type { ExfatOptions } from '../../src/filesystems/exfat/option-table.js'
import type { ExtOptions } from '../../src/filesystems/ext4/option-table.js'
import type { FatOptions } from '../../src/filesystems/fat/option-table.js'
import type { Jffs2Options } from '../../src/filesystems/jffs2/option-table.js'
import type { DiskPlan, PlannedPartition } from '../../src/layout/disk-plan.js'
import { planDisk } from '../../src/layout/plan-disk.js'
import type { FileTree } from '../../src/tree/file-tree.js'
import { imageSpec, type PartitionDraft } from './image-spec.js'
import { materialize } from './materialize.js'
import { fileSystemSpec } from './volume-specs.js'

/** What a used medium holds where nothing is written: hides no missing write. */
const USED_MEDIUM = 0xd1
const TIME = { seconds: 1_767_225_600, nanoseconds: 0 }

export interface JudgedVolume {
  /** Of the partition; no blanks. */
  readonly name: string
  readonly volume: VolumeSpec
  readonly tree: FileTree
  /** Missing: the smallest. */
  readonly sizeBytes?: number
  /** The judge may write to it. */
  readonly use?: boolean
  readonly more?: PartitionDraft
}

export interface JudgedDisk {
  readonly path: string
  readonly sectorSize: number
  readonly plan: DiskPlan
  readonly volumes: readonly JudgedVolume[]
}

export function extVolume(type: 'ext2' | 'ext3' | 'ext4', options: ExtOptions = {}, label?: string): VolumeSpec {
  return fileSystemSpec(type, { owner: { kind: 'keep' }, options, ...(label !== undefined && { label }) })
}

export function fatVolume(
  type: 'fat' | 'fat12' | 'fat16' | 'fat32',
  options: FatOptions = {},
  label?: string,
): VolumeSpec {
  return fileSystemSpec(type, { options, ...(label !== undefined && { label }) })
}

export function exfatVolume(options: ExfatOptions = {}, label?: string): VolumeSpec {
  return fileSystemSpec('exfat', { options, ...(label !== undefined && { label }) })
}

export function jffs2Volume(options: Jffs2Options & { readonly erase_block: number }): VolumeSpec {
  return fileSystemSpec('jffs2', { owner: { kind: 'keep' }, options })
}

export function weaveDisk(
  scratch: string,
  name: string,
  volumes: readonly JudgedVolume[],
  spec: Partial<Pick<ImageSpec, 'table' | 'sectorSize'>> = {},
): JudgedDisk {
  const { spec: image, payloads } = imageSpec({
    name,
    seed: name,
    ...spec,
    partitions: volumes.map(({ name: partition, volume, tree, sizeBytes, more }) => ({
      name: partition,
      volume,
      size: sizeBytes ?? { kind: 'auto' },
      payload: { kind: 'tree', tree },
      ...more,
    })),
  })
  const plan = planDisk(image, payloads, { time: TIME })
  const path = join(scratch, `${name}.img`)
  materialize(plan.image(), path, { unspecified: USED_MEDIUM })
  return { path, sectorSize: plan.sectorSize, plan, volumes }
}

export function partitionOf({ plan, volumes }: JudgedDisk, name: string): PlannedPartition {
  return plan.partitions[volumes.findIndex((volume) => volume.name === name)]!
}

/** The volume of a partition as it stands in the disk's file now, as a file of its own. There are no holes to keep. */
export function copyVolume(disk: JudgedDisk, name: string): string {
  const { startByte, endByte } = partitionOf(disk, name)
  const target = `${disk.path}.${name}`
  const bytes = Buffer.allocUnsafe(endByte - startByte)
  const fd = openSync(disk.path, 'r')
  try {
    if (readSync(fd, bytes, 0, bytes.length, startByte) !== bytes.length) throw new Error(`${disk.path} ended early`)
  } finally {
    closeSync(fd)
  }
  writeFileSync(target, bytes)
  return target
}
