/** What can be told of a volume before the host's tools make it, for formats that only they write. */
import { formatSize } from '../bytes/format-size.js'
import type { FileSystemSpec, VolumeSpec } from '../config/spec.js'
import { invariant, LayoutError } from '../errors.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { ImageBuilder } from '../image/extent.js'
import { zeroSignatureRoom } from '../image/signature-room.js'
import type { Payload } from './disk-plan.js'
import { measurePayload } from './measure-payload.js'

/** Whether a volume comes out as large as it does: it is made before anything has a place. */
export function isMeasuredByMaking(volume: VolumeSpec): volume is FileSystemSpec {
  if (volume.kind !== 'file-system') return false
  const { madeBy, hasOwnSize } = fileSystemOf(volume.type)
  return madeBy === 'host' && hasOwnSize === true
}

export function smallestHostVolumeBytes({ type }: FileSystemSpec): number {
  throw new LayoutError([
    {
      message: `Cannot measure ${type}: only its tools know what a volume of it takes, accepted is a partition with a size`,
      path: ['size'],
    },
  ])
}

/** A volume still to be made. LayoutError where it is too small for its format, or for its files alone. */
export function planHostVolume(volume: FileSystemSpec, payload: Payload, sizeBytes: number): PlannedVolume {
  const { type, label = '' } = volume
  const { bytes: least, hint } = fileSystemOf(type).minimumBytes?.(volume.options as never) ?? { bytes: 0 }
  const { bytes } = measurePayload(payload)
  if (sizeBytes < least) {
    throw new LayoutError(
      `Cannot make ${type} of ${sizeBytes} bytes (${formatSize(sizeBytes)}): its tools take ${least} bytes (${formatSize(least)}) and more`,
      hint === undefined ? {} : { hint },
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
