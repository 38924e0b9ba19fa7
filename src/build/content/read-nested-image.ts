/** A volume that is the content of a file: its own content is read, it is planned, and what it is becomes the file's bytes. */
import type { Guid } from '../../bytes/guid.js'
import type { FileSystemSpec, HolePolicy, NestedImageSpec } from '../../config/spec.js'
import { type ConfigPath, type Problem, type Warning, withProblems } from '../../errors.js'
import type { VolumeEnvironment } from '../../filesystems/volume.js'
import { overlayImages } from '../../image/compose.js'
import { type DiskImage, imageOfFill, isZeroFill, withoutPadding } from '../../image/extent.js'
import type { Payload } from '../../layout/disk-plan.js'
import { givenUuid } from '../../layout/identifiers.js'
import { measurePayload } from '../../layout/measure-payload.js'
import { chooseSmallestVolume, planChosenVolume, planVolume } from '../../layout/volumes.js'
import type { Timestamp } from '../../tree/file-tree.js'

export interface NestedImageOptions {
  /** In the volume around it, for messages: `fat32.part`. */
  readonly path: string
  /** For a volume that the config gives no identifier. */
  readonly uuid: Guid
  /** Of the volume around it. */
  readonly holes: HolePolicy
  /** SOURCE_DATE_EPOCH; missing: the volume's time is the newest in its payload. */
  readonly time: Timestamp | undefined
  readonly readPayload: (volume: FileSystemSpec, configPath: ConfigPath) => Promise<Payload>
}

export interface NestedImageReading {
  readonly content: DiskImage
  /** In its payload. */
  readonly newest: Timestamp
  readonly warnings: readonly Warning[]
}

/** A loop device and a USB host both see such a file as a disk of these, whatever medium it stands on. */
const SECTOR_BYTES = 512

/** Errors as `readContent` and the formats, at the places of the config. */
export async function readNestedImage(spec: NestedImageSpec, options: NestedImageOptions): Promise<NestedImageReading> {
  const { size, free, volume, configPath } = spec
  const payload = await options.readPayload(volume, configPath)
  const { newest } = measurePayload(payload)
  const environment: VolumeEnvironment = {
    time: options.time ?? newest,
    uuid: givenUuid(volume) ?? options.uuid,
    offsetBytes: 0,
    sectorSize: SECTOR_BYTES,
  }
  const located = <Found extends Problem>(problem: Found): Found => ({
    ...problem,
    message: `Image "/${options.path}": ${problem.message}`,
    path: [...configPath, ...(problem.path ?? [])],
  })
  const planned = withProblems(located, () => {
    if (size.kind === 'bytes') return planVolume(volume, payload, size.bytes, environment)
    const chosen = chooseSmallestVolume(volume, payload, environment, { free, grainBytes: SECTOR_BYTES })
    return planChosenVolume(chosen, payload, chosen.sizeBytes, environment)
  })
  return {
    content: withHoles(planned.encode(), options.holes),
    newest,
    warnings: planned.warnings.map(located),
  }
}

/**
 * What a volume leaves unspecified reads as zeros inside a file, and as nothing that stood on the medium before: the file
 * around it either allocates those blocks and writes zeros, or has holes there.
 */
function withHoles(volume: DiskImage, holes: HolePolicy): DiskImage {
  const { sizeBytes, extents } = volume
  switch (holes) {
    case 'none':
      return overlayImages(imageOfFill(sizeBytes), volume)
    case 'host':
      return volume
    case 'all':
      return {
        sizeBytes,
        extents: extents.flatMap((extent) => (isZeroFill(extent.source) ? [] : (withoutPadding(extent) ?? []))),
      }
  }
}
