/** Plans a volume by the writer of its file system. */
import type { FileSystemSpec, UbiSpec, VolumeSpec } from '../config/spec.js'
import { invariant } from '../errors.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { FreeSpace, PlannedVolume, VolumeEnvironment, VolumeFormat } from '../filesystems/volume.js'
import { emptyTree, type FileTree } from '../tree/file-tree.js'
import type { Payload } from './disk-plan.js'
import { planHostVolume, planMadeVolume, smallestHostVolumeBytes } from './host-volume-plan.js'
import { type ContentPlanning, ubiPlanner } from './ubi-volume.js'

export type PlannedSpec = FileSystemSpec | UbiSpec

export function isFormatted(volume: VolumeSpec): volume is PlannedSpec {
  return volume.kind === 'file-system' || volume.kind === 'ubi'
}

/** The smallest volume in bytes for this payload with this room to spare. Throws what the format throws. */
export function smallestVolumeBytes(
  volume: PlannedSpec,
  payload: Payload,
  environment: VolumeEnvironment,
  free: FreeSpace | undefined,
): number {
  if (payload.kind === 'image') return payload.image.sizeBytes
  if (volume.kind === 'ubi') return ubiPlanner(volume, payload, environment, CONTENT).smallestSizeBytes()
  const format = formatOf(volume)
  if (format === undefined) return smallestHostVolumeBytes(volume)
  return format.smallestSizeBytes(treeOf(payload, environment), formatOptions(volume), environment, free)
}

/** `sizeBytes`: of the partition; the volume takes as much of it as its blocks or clusters fill. */
export function planVolume(
  volume: PlannedSpec,
  payload: Payload,
  sizeBytes: number,
  environment: VolumeEnvironment,
): PlannedVolume {
  if (payload.kind === 'image') return planMadeVolume(volume.type, payload, sizeBytes)
  if (volume.kind === 'ubi') return ubiPlanner(volume, payload, environment, CONTENT).plan(sizeBytes)
  const format = formatOf(volume)
  if (format === undefined) return planHostVolume(volume, payload, sizeBytes)
  return format.plan(treeOf(payload, environment), sizeBytes, formatOptions(volume), environment)
}

/** Of what stands in a volume of UBI. */
const CONTENT: ContentPlanning = {
  smallestBytes: (volume, payload, environment) => smallestVolumeBytes(volume, payload, environment, undefined),
  plan: planVolume,
}

/** The content of a volume; an empty root where the config gives none. */
export function treeOf(payload: Payload, { time }: VolumeEnvironment): FileTree {
  invariant(payload.kind !== 'file' && payload.kind !== 'volumes', 'a volume has a tree or nothing')
  return payload.kind === 'tree' ? payload.tree : emptyTree(time)
}

/** The writer of diskloom; undefined for a file system that only the host's tools write. */
function formatOf({ type }: FileSystemSpec): VolumeFormat<object> | undefined {
  return fileSystemOf(type).format as VolumeFormat<object> | undefined
}

/** A writer's options: those of its table, which the config has read, and what the partition says beside them. */
function formatOptions({ type, label, options }: FileSystemSpec): object {
  return { ...options, type, ...(label !== undefined && { label }) }
}
