/** Plans a volume by the writer of its file system. */
import { alignUp } from '../bytes/align.js'
import type { FileSystemSpec, UbiSpec, VolumeSpec } from '../config/spec.js'
import { invariant } from '../errors.js'
import { fileSystemOf } from '../filesystems/registry.js'
import {
  type FreeSpace,
  NO_FREE_SPACE,
  type PlannedVolume,
  type VolumeEnvironment,
  type VolumeFormat,
} from '../filesystems/volume.js'
import { emptyTree, type FileTree } from '../tree/file-tree.js'
import type { Payload } from './disk-plan.js'
import { planHostVolume, planMadeVolume, smallestHostVolumeBytes } from './host-volume-plan.js'
import { type ContentPlanning, ubiPlanner } from './ubi-volume.js'

export type PlannedSpec = FileSystemSpec | UbiSpec

export function isFormatted(volume: VolumeSpec): volume is PlannedSpec {
  return volume.kind === 'file-system' || volume.kind === 'ubi'
}

/** A volume whose size was left open, with the options that make it the smallest. */
export interface ChosenVolume {
  readonly sizeBytes: number
  readonly volume: PlannedSpec
  /** What was chosen, as a config would fix it: `fs: fat12`, `cluster_size: 512`. Empty where defaults are as small. */
  readonly choices: readonly string[]
}

/**
 * Returns the smallest volume for this payload over everything that the config leaves open. `planVolume` takes the volume
 * that is returned, not the one that was given. Throws what the format throws.
 */
export function chooseSmallestVolume(
  volume: PlannedSpec,
  payload: Payload,
  environment: VolumeEnvironment,
  { free = NO_FREE_SPACE, grainBytes }: { readonly free?: FreeSpace | undefined; readonly grainBytes: number },
): ChosenVolume {
  if (payload.kind === 'image') return { sizeBytes: payload.image.sizeBytes, volume, choices: [] }
  if (volume.kind === 'ubi') {
    const sizeBytes = ubiPlanner(volume, payload, environment, CONTENT).smallestSizeBytes()
    return { sizeBytes, volume, choices: [] }
  }
  const format = formatOf(volume)
  if (format === undefined) return { sizeBytes: smallestHostVolumeBytes(volume), volume, choices: [] }
  const tree = treeOf(payload, environment)
  const given = formatOptions(volume)
  if (format.chooseSmallest === undefined) {
    return { sizeBytes: format.smallestSizeBytes(tree, given, environment, free), volume, choices: [] }
  }
  const { sizeBytes, options } = format.chooseSmallest(tree, given, environment, { free, grainBytes })
  const { type = volume.type, ...chosen } = options as Partial<Pick<FileSystemSpec, 'type'>>
  return {
    sizeBytes,
    volume: { ...volume, type, options: { ...volume.options, ...chosen } },
    choices: [
      ...(type === volume.type ? [] : [`fs: ${type}`]),
      ...Object.entries(chosen).map(([key, value]) => `${key}: ${value}`),
    ],
  }
}

/** Plans a volume that `chooseSmallestVolume` returned, in a partition that may be larger by less than a grain. */
export function planChosenVolume(
  { volume, choices }: Omit<ChosenVolume, 'sizeBytes'>,
  payload: Payload,
  sizeBytes: number,
  environment: VolumeEnvironment,
): PlannedVolume {
  const planned = planVolume(volume, payload, sizeBytes, environment)
  return choices.length === 0 ? planned : { ...planned, facts: { ...planned.facts, chosen: choices } }
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
  plan: planVolume,
  planSmallest: (volume, payload, grainBytes, environment) => {
    const chosen = chooseSmallestVolume(volume, payload, environment, { grainBytes })
    return planChosenVolume(chosen, payload, alignUp(chosen.sizeBytes, grainBytes), environment)
  },
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
