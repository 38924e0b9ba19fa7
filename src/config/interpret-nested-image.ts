/** `image:` of a path in `content:`: a volume as the content of a file, which says what a partition says of its volume. */

import { fileSystemOf } from '../filesystems/registry.js'
import { toSizeSpec } from '../schema/quantity.js'
import { interpretFree } from './interpret-free.js'
import type { PartitionContext } from './interpretation.js'
import type { NestedImageInput } from './schema/content.js'
import type { NestedImageSpec, SizeSpec, VolumeSpec } from './spec.js'

/** An image in an image is in use (an update's payload on a data volume); a fourth level is a slip. */
const MAX_LEVELS = 3

/**
 * `context`: of the image: its path in the config, `image "/fat32.part" of partition "data"`. `interpretVolume` is handed in,
 * since a volume's content and the volume in it are read by each other. Undefined where it was refused.
 */
export function interpretNestedImage(
  input: NestedImageInput,
  context: PartitionContext,
  interpretVolume: (input: NestedImageInput, context: PartitionContext) => VolumeSpec,
): NestedImageSpec | undefined {
  const { interpretation, path, text } = context
  const { fs } = input
  if (fs.kind === 'raw') {
    const message = `Cannot make ${text}: its fs is the raw file ${fs.path}, accepted are file systems`
    interpretation.refuse([...path, 'fs'], message, 'A finished image goes in as a file: { path: …, file: … }')
    return undefined
  }
  if ((context.nesting ?? 0) > MAX_LEVELS) {
    const message = `Cannot make ${text}: it stands ${context.nesting} images deep, at most ${MAX_LEVELS} are accepted`
    interpretation.refuse(path, message)
    return undefined
  }
  const size = sizeOf(input, context)
  const volume = interpretVolume(input, context)
  if (volume.kind === 'ubi') {
    const message = `Cannot make ${text}: its fs is ubi, which is a partition's only`
    interpretation.refuse([...path, 'fs'], message)
  }
  const isHostMade = volume.kind === 'file-system' && fileSystemOf(volume.type).format === undefined
  if (isHostMade) {
    const message = `Cannot make ${text}: its fs is ${volume.type}, which only the host's tools write, accepted are formats of diskloom's own`
    interpretation.refuse([...path, 'fs'], message, 'The tools make the volumes of partitions')
  }
  if (volume.kind === 'verity') {
    const message = `Cannot make ${text}: its fs is verity, which covers a partition, accepted are file systems`
    interpretation.refuse([...path, 'fs'], message)
  }
  if (volume.kind !== 'file-system' || isHostMade) return undefined
  return { size, volume, ...interpretFree(input, volume, { size, context }), configPath: path }
}

function sizeOf(
  { size: written }: NestedImageInput,
  { interpretation, path, text }: PartitionContext,
): NestedImageSpec['size'] {
  const size: SizeSpec = written === undefined ? { kind: 'auto' } : toSizeSpec(written, interpretation.sectorSize)
  if (size.kind === 'bytes' && size.bytes > 0) return size
  if (size.kind === 'bytes') {
    interpretation.refuse([...path, 'size'], `Cannot make ${text}: its size is 0, accepted are sizes above 0`)
  }
  return { kind: 'auto' }
}
