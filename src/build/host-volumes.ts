/** Volumes that the host's own tools make: before the disk is laid out where only the making tells their size, else after it. */
import { statSync } from 'node:fs'
import type {
  ContentSource,
  FileSystemSpec,
  ImageSpec,
  LayerSource,
  PartitionSpec,
  UbiSpec,
  VolumeSpec,
} from '../config/spec.js'
import { invariant } from '../errors.js'
import type { ExtType } from '../filesystems/ext4/options.js'
import type { FatFamily } from '../filesystems/fat/options.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { VolumeEnvironment } from '../filesystems/volume.js'
import type { HostVolume, HostVolumeOrder } from '../host/host-volume.js'
import type { PlacedFamily } from '../host/placed-volume.js'
import type { DiskPlan, LayoutEnvironment, Payload } from '../layout/disk-plan.js'
import { isMeasuredByMaking } from '../layout/host-volume-plan.js'
import { luksHeaderBytes } from '../layout/luks.js'
import { measurePayload } from '../layout/measure-payload.js'
import { volumeEnvironments } from '../layout/plan-disk.js'
import { ubiContentEnvironment } from '../layout/ubi-volume.js'
import { treeOf } from '../layout/volumes.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { XATTR_TOOL } from '../tree/folder-xattrs.js'
import { ubifsRoom } from './ubifs-room.js'

export interface HostVolumesOptions {
  readonly runner: CommandRunner
  /** Gives a folder for spool files, which whoever gave it removes; asked only when there is a volume to make. */
  readonly workFolder: () => string
  readonly signal?: AbortSignal | undefined
  /** Called before each volume with the partition's name. */
  readonly onVolume: (name: string) => void
}

/** The payloads with finished volumes in the places of those whose size is what comes out. */
export async function makeMeasuredVolumes(
  spec: ImageSpec,
  payloads: readonly Payload[],
  options: HostVolumesOptions & { readonly layout: LayoutEnvironment },
): Promise<readonly Payload[]> {
  const environmentOf = volumeEnvironments(spec, payloads, options.layout)
  const result = [...payloads]
  for (const [index, partition] of spec.partitions.entries()) {
    const { name, volume } = partition
    const content = { name, payload: payloads[index]!, environment: environmentOf(index) }
    if (isMeasuredByMaking(volume)) result[index] = await makeMeasured(volume, content, options)
    else if (volume.kind === 'ubi') result[index] = await makeUbiContents(volume, content, partition, options)
  }
  return result
}

/** The contents of UBI's volumes, of which the same is true. */
async function makeUbiContents(
  ubi: UbiSpec,
  { payload, environment }: OrderedContent,
  partition: PartitionSpec,
  options: HostVolumesOptions,
): Promise<Payload> {
  invariant(payload.kind === 'volumes', 'UBI has a payload for each volume')
  const payloads = [...payload.payloads]
  for (const [index, each] of ubi.volumes.entries()) {
    const { name, volume } = each
    if (!isMeasuredByMaking(volume)) continue
    const content = { name, payload: payloads[index]!, environment: ubiContentEnvironment(each, environment) }
    payloads[index] = await makeMeasured(volume, content, options, () => ubifsRoom(partition, ubi))
  }
  return { kind: 'volumes', payloads }
}

async function makeMeasured(
  volume: FileSystemSpec,
  content: OrderedContent,
  options: HostVolumesOptions,
  room?: () => ReturnType<typeof ubifsRoom>,
): Promise<Payload> {
  options.onVolume(content.name)
  const order = orderOf(volume, content, options)
  const make = async (): Promise<HostVolume> => {
    switch (volume.type) {
      case 'squashfs':
        return (await import('../host/squashfs-volume.js')).makeSquashfsVolume({ ...order, options: volume.options })
      case 'erofs':
        return (await import('../host/erofs-volume.js')).makeErofsVolume({ ...order, options: volume.options })
      default:
        invariant(volume.type === 'ubifs' && room !== undefined, 'UBIFS lies on UBI')
        return (await import('../host/ubifs-volume.js')).makeUbifsVolume({
          ...order,
          options: volume.options,
          ...room(),
        })
    }
  }
  return madePayload(await make(), content.payload)
}

export interface HostVolumes {
  /** The payloads with finished volumes in the places of those that were made. */
  readonly payloads: readonly Payload[]
  readonly count: number
}

/** What is left to make when everything has its place; `plan` gives places, times and identifiers. */
export async function makePlacedVolumes(
  plan: DiskPlan,
  payloads: readonly Payload[],
  options: HostVolumesOptions,
): Promise<HostVolumes> {
  const result = [...payloads]
  let count = 0
  for (const { index, name, startByte, endByte, environment, chosen } of plan.partitions) {
    const { volume } = chosen ?? plan.spec.partitions[index]!
    const payload = payloads[index]!
    if (payload.kind === 'image' || !isMadeByHost(volume)) continue
    options.onVolume(name)
    const order = orderOf(volume, { name, payload, environment }, options)
    result[index] = madePayload(
      await makePlaced(volume, {
        ...order,
        sizeBytes: endByte - startByte - luksHeaderBytes(plan.spec, index),
        isAltered: payload.kind === 'tree' && payload.isAltered === true,
      }),
      payload,
    )
    count++
  }
  return { payloads: result, count }
}

function isMadeByHost(volume: VolumeSpec): volume is FileSystemSpec {
  return volume.kind === 'file-system' && volume.engine === 'host'
}

async function makePlaced(
  volume: FileSystemSpec,
  { isAltered, ...order }: HostVolumeOrder & { sizeBytes: number; isAltered: boolean },
): Promise<HostVolume> {
  const { type, options } = volume
  switch (fileSystemOf(type).family) {
    case 'ext': {
      const folders = hasAllXattrs(volume, order.runner) && !isAltered ? plainFolders(volume.content) : undefined
      return (await import('../host/ext-volume.js')).makeExtVolume({
        ...order,
        type: type as ExtType,
        options,
        holes: volume.holes,
        ...(folders && { folders }),
      })
    }
    case 'fat':
      return (await import('../host/fat-volume.js')).makeFatVolume({ ...order, type: type as FatFamily, options })
    default:
      return (await import('../host/placed-volume.js')).makePlacedVolume({
        ...order,
        type: type as PlacedFamily,
        options,
      })
  }
}

interface OrderedContent {
  readonly name: string
  readonly payload: Payload
  readonly environment: VolumeEnvironment
}

function orderOf(
  { label }: FileSystemSpec,
  { name, payload, environment }: OrderedContent,
  { runner, workFolder, signal }: HostVolumesOptions,
): HostVolumeOrder {
  return {
    name,
    environment,
    tree: treeOf(payload, environment),
    workFolder: workFolder(),
    runner,
    ...(label !== undefined && { label }),
    ...(signal !== undefined && { signal }),
  }
}

function madePayload({ image, facts }: HostVolume, payload: Payload): Payload {
  return { kind: 'image', image, facts, measure: measurePayload(payload) }
}

const RULES = ['to', 'include', 'exclude', 'owner', 'links'] as const satisfies (keyof LayerSource)[]

/**
 * Whether a copy of a folder has the attributes that the tree has: tools copy all that are there, the tree has what the rule
 * keeps and what getfattr could read.
 */
function hasAllXattrs({ xattrs }: FileSystemSpec, runner: CommandRunner): boolean {
  return xattrs === 'keep' || (xattrs === 'auto' && runner.locate(XATTR_TOOL) !== undefined)
}

/** Paths of the folders where the content is nothing else, so that `cp -a` can copy them as they are. */
function plainFolders(content: readonly ContentSource[]): string[] | undefined {
  const paths: string[] = []
  for (const source of content) {
    if (source.kind !== 'folder' && source.kind !== 'path') return undefined
    if (RULES.some((rule) => source[rule] !== undefined) || !statSync(source.path).isDirectory()) return undefined
    paths.push(source.path)
  }
  return paths
}
