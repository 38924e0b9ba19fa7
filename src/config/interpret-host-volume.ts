/** Volumes that only the host's tools write, and swap, which needs none. */
import { HOST_FAMILIES } from './host-families.js'
import { ownerOf, volumeUuidOf } from './interpret-volume-attributes.js'
import type { PartitionContext } from './interpretation.js'
import type { PartitionInput } from './schema/partition.js'
import type { ContentSource, HostFamily, HostOptions, SwapOptions, VolumeSpec } from './spec.js'
import { ownOptions } from './volume-keys.js'

export function hostVolume(
  input: PartitionInput,
  { type, content }: { type: HostFamily; content: readonly ContentSource[] },
  context: PartitionContext,
): VolumeSpec {
  refuseNativeEngine(input, type, context)
  refuseLongLabel(input, type, context)
  const owner = ownerOf(input)
  return {
    kind: 'host',
    type,
    content,
    xattrs: input.xattrs ?? 'auto',
    options: hostOptionsOf(input, type, context),
    ...(owner && { owner }),
    ...(input.label !== undefined && { label: input.label }),
    ...volumeUuidOf(input, context),
  }
}

/** Who asks for no tools of the host gets none. Nobody has asked where the engine is left out. */
function refuseNativeEngine(
  { engine: own }: PartitionInput,
  type: HostFamily,
  { interpretation, path, text, engine: ofConfig, nesting }: PartitionContext,
): void {
  // Inside a file it is refused whatever the engine.
  if ((own ?? ofConfig) !== 'native' || nesting !== undefined) return
  const message = `Cannot write ${type} into ${text} with engine: native: only the host's tools write it, accepted are host, auto`
  interpretation.refuse([...path, own === undefined ? 'fs' : 'engine'], message)
}

function refuseLongLabel(
  { label }: PartitionInput,
  type: HostFamily,
  { interpretation, path, text }: PartitionContext,
): void {
  const most = HOST_FAMILIES[type].labelBytes
  const labelBytes = Buffer.byteLength(label ?? '')
  if (most === undefined || labelBytes <= most) return
  const message = `Cannot use label of ${text}: "${label}" has ${labelBytes} bytes, ${type} takes at most ${most}`
  interpretation.refuse([...path, 'label'], message)
}

function hostOptionsOf(input: PartitionInput, type: HostFamily, context: PartitionContext): HostOptions {
  const { options: keys, compressions = {}, blockSizes, inodeSizes } = HOST_FAMILIES[type]
  const options = ownOptions<HostOptions>(input, keys, context)
  const refuse = refuserOf(type, context)
  const { compression, level, block_size, inode_size } = options
  if (compression !== undefined && !Object.hasOwn(compressions, compression)) {
    refuse('compression', compression, `accepted are ${Object.keys(compressions).join(', ')}`)
  } else if (level !== undefined) {
    const compressor = compression ?? Object.keys(compressions)[0]!
    const levels = compressions[compressor]
    const accepted = levels ? `${compressor} has ${levels.least} to ${levels.most}` : `${compressor} has no levels`
    if (!levels || level < levels.least || level > levels.most) refuse('level', level, accepted)
  }
  for (const [key, value, sizes] of [
    ['block_size', block_size, blockSizes],
    ['inode_size', inode_size, inodeSizes],
  ] as const) {
    if (value !== undefined && sizes?.includes(value) === false) {
      refuse(key, value, `accepted are ${sizes.join(', ')} bytes`)
    }
  }
  return options
}

function refuserOf(type: string, { interpretation, path, text }: PartitionContext) {
  return (key: string, value: string | number, accepted: string): void => {
    const message = `Cannot use options.${key} of ${text}: ${value} is not possible with ${type}, ${accepted}`
    interpretation.refuse([...path, 'options', key], message)
  }
}

/** sws_volume of the header has a NUL after it. [SWAP.H] */
const SWAP_LABEL_BYTES = 15

export function swapVolume(input: PartitionInput, context: PartitionContext): VolumeSpec {
  const { interpretation, path, text } = context
  const labelBytes = Buffer.byteLength(input.label ?? '')
  if (labelBytes > SWAP_LABEL_BYTES) {
    const found = `"${input.label}" has ${labelBytes} bytes`
    interpretation.refuse(
      [...path, 'label'],
      `Cannot use label of ${text}: ${found}, swap takes at most ${SWAP_LABEL_BYTES}`,
    )
  }
  return {
    kind: 'swap',
    type: 'swap',
    options: ownOptions<SwapOptions>(input, ['page_size'], context),
    ...(input.label !== undefined && { label: input.label }),
    ...volumeUuidOf(input, context),
  }
}
