/** The one place that knows which format makes which volume, and hands the config's options to it. */
import type { FormattedVolumeSpec, HostVolumeSpec, UbiSpec, VolumeSpec } from '../config/spec.js'
import { invariant } from '../errors.js'
import { extFormat } from '../filesystems/ext4/format.js'
import { fatFormat } from '../filesystems/fat/format.js'
import { jffs2Format } from '../filesystems/jffs2/format.js'
import { swapFormat } from '../filesystems/swap/format.js'
import { uBootEnvFormat } from '../filesystems/u-boot-env/format.js'
import type { FreeSpace, PlannedVolume, VolumeEnvironment, VolumeFormat } from '../filesystems/volume.js'
import { emptyTree, type FileTree } from '../tree/file-tree.js'
import type { Payload } from './disk-plan.js'
import { planHostVolume, planMadeVolume, smallestHostVolumeBytes } from './host-volume-plan.js'
import { type ContentPlanning, ubiPlanner } from './ubi-volume.js'

export type PlannedSpec = FormattedVolumeSpec | HostVolumeSpec | UbiSpec

export function isFormatted(volume: VolumeSpec): volume is PlannedSpec {
  return volume.kind !== 'raw' && volume.kind !== 'none' && volume.kind !== 'verity'
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
  if (volume.kind === 'host') return smallestHostVolumeBytes(volume)
  const tree = treeOf(payload, environment)
  return withFormat(volume, (format, options) => format.smallestSizeBytes(tree, options, environment, free))
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
  if (volume.kind === 'host') return planHostVolume(volume, payload, sizeBytes)
  const tree = treeOf(payload, environment)
  return withFormat(volume, (format, options) => format.plan(tree, sizeBytes, options, environment))
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

/** Calls back with the family's format and options, which belong together by their type. */
function withFormat<T>(
  volume: FormattedVolumeSpec,
  use: <Options>(format: VolumeFormat<Options>, options: Options) => T,
): T {
  if (volume.kind === 'jffs2') return use(jffs2Format, volume.options)
  if (volume.kind === 'u-boot-env') return use(uBootEnvFormat, volume.options)
  const label = volume.label === undefined ? {} : { label: volume.label }
  if (volume.kind === 'swap') return use(swapFormat, { ...volume.options, ...label })
  return volume.kind === 'ext'
    ? use(extFormat, { ...volume.options, ...label, type: volume.type })
    : use(fatFormat, { ...volume.options, ...label, type: volume.type })
}
