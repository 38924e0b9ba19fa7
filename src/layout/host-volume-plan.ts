/** What can be told of a volume before the host's tools make it, for formats that only they write. */
import { formatSize } from '../bytes/format-size.js'
import type { HostFamily, HostVolumeSpec, VolumeSpec } from '../config/spec.js'
import { invariant, LayoutError } from '../errors.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { ImageBuilder } from '../image/extent.js'
import { zeroSignatureRoom } from '../image/signature-room.js'
import type { Payload } from './disk-plan.js'
import { measurePayload } from './measure-payload.js'

/** These come out as large as they do, whatever the partition: they are made before anything is placed. */
const MEASURED: ReadonlySet<HostFamily> = new Set(['squashfs', 'erofs', 'ubifs'])

export function isMeasuredByMaking(volume: VolumeSpec): volume is HostVolumeSpec {
  return volume.kind === 'host' && MEASURED.has(volume.type)
}

const MIB = 1024 * 1024

/** Below these the tools make no volume: mkfs.btrfs 6.2, mkfs.f2fs 1.15, mkfs.xfs 6.1, tried in steps of 1 MiB or read in their messages. */
function minimumBytes({ type, options }: HostVolumeSpec): number {
  switch (type) {
    case 'btrfs':
      if (options.mixed === true) return 16 * MIB
      return options.metadata === 'single' ? 47 * MIB : 109 * MIB
    case 'f2fs':
      return 52 * MIB
    case 'xfs':
      return 300 * MIB
    default:
      return 0
  }
}

export function smallestHostVolumeBytes({ type }: HostVolumeSpec): number {
  throw new LayoutError([
    {
      message: `Cannot measure ${type}: only its tools know what a volume of it takes, accepted is a partition with a size`,
      path: ['size'],
    },
  ])
}

/** A volume still to be made. LayoutError where it is too small for its format, or for its files alone. */
export function planHostVolume(volume: HostVolumeSpec, payload: Payload, sizeBytes: number): PlannedVolume {
  const { type, label = '' } = volume
  const least = minimumBytes(volume)
  const { bytes } = measurePayload(payload)
  if (sizeBytes < least) {
    throw new LayoutError(
      `Cannot make ${type} of ${sizeBytes} bytes (${formatSize(sizeBytes)}): its tools take ${least} bytes (${formatSize(least)}) and more`,
      type === 'btrfs' && volume.options.mixed !== true
        ? { hint: 'options: { mixed: true } takes 16 MiB and more' }
        : {},
    )
  }
  if (bytes > sizeBytes) throw tooSmall(type, bytes, sizeBytes)
  return {
    format: type,
    sizeBytes,
    facts: { engine: 'host', label },
    warnings: [],
    sketch: () => new ImageBuilder(sizeBytes).finish(),
    encode: () => {
      invariant(false, `a volume of ${type} is made by the host's tools before the disk is woven`)
    },
  }
}

/** A volume that is made. It may be shorter than its partition. */
export function planMadeVolume(
  type: string,
  { image, facts }: Extract<Payload, { kind: 'image' }>,
  sizeBytes: number,
): PlannedVolume {
  if (image.sizeBytes > sizeBytes) throw tooSmall(type, image.sizeBytes, sizeBytes)
  return {
    format: type,
    sizeBytes: image.sizeBytes,
    facts,
    warnings: [],
    encode: () => zeroSignatureRoom(new ImageBuilder(sizeBytes).image(0, image), image.sizeBytes, sizeBytes).finish(),
  }
}

function tooSmall(type: string, neededBytes: number, sizeBytes: number): LayoutError {
  const needed = `${neededBytes} bytes (${formatSize(neededBytes)})`
  return new LayoutError(
    `Cannot put the ${type} volume into its partition: it takes ${needed}, there are ${sizeBytes} (${formatSize(sizeBytes)})`,
    { hint: 'make the partition larger, or its content smaller' },
  )
}
