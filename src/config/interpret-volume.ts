import { basename } from 'node:path'
import type { ConfigPath } from '../errors.js'
import { extOptions } from '../filesystems/ext4/option-table.js'
import { fatOptions } from '../filesystems/fat/option-table.js'
import { jffs2Options } from '../filesystems/jffs2/option-table.js'
import { uBootEnvOptions } from '../filesystems/u-boot-env/option-table.js'
import { parseVolumeId } from '../schema/identifiers.js'
import { meantFileSystemWord } from './fs-word.js'
import { isHostFamily } from './host-families.js'
import { type InterpretImage, interpretContentEntry } from './interpret-content.js'
import { hostVolume, swapVolume } from './interpret-host-volume.js'
import { interpretNestedImage } from './interpret-nested-image.js'
import { ubiVolume } from './interpret-ubi.js'
import { verityVolume } from './interpret-verity.js'
import { ownerOf, volumeUuidOf } from './interpret-volume-attributes.js'
import type { PartitionContext } from './interpretation.js'
import type { ContentEntryInput } from './schema/content.js'
import type { PartitionInput } from './schema/partition.js'
import type {
  ContentSource,
  Engine,
  ExtFamily,
  ExtOptions,
  FatOptions,
  Jffs2Options,
  UBootEnvOptions,
  VolumeSpec,
} from './spec.js'
import { isFat, ownOptions, refuseForeignKeys } from './volume-keys.js'

const EXT_BLOCK_SIZES: readonly number[] = [1024, 2048, 4096]
/** What the host's tools cannot be asked. */
const NATIVE_FAT_OPTIONS = ['oem', 'order'] as const

export function interpretVolume(input: PartitionInput, context: PartitionContext): VolumeSpec {
  // Without knowing what it is there is nothing more to say of it.
  if (context.unread.has('fs')) return { kind: 'none' }
  refuseForeignKeys(input, context)
  if (input.fs === undefined) return { kind: 'none', ...fillOf(input) }
  if (input.fs.kind === 'raw') return rawVolume(input, input.fs.path, context)
  const { type, folder } = input.fs
  if (type === 'swap') return swapVolume(input, context)
  if (type === 'verity') return verityVolume(input, context)
  if (type === 'ubi') return ubiVolume(input, context, interpretVolume)
  if (type === 'ubifs') refuseWithoutUbi(context)
  const content = contentOf(input, folder, context)
  if (isHostFamily(type)) return hostVolume(input, { type, content }, context)
  if (type === 'jffs2') return jffs2Volume(input, content, context)
  if (type === 'u-boot-env') return uBootEnvVolume(input, content, context)
  const label = input.label === undefined ? {} : { label: input.label }
  if (!isFat(type)) return extVolume(input, { type, content, ...label }, context)
  const engine = input.engine ?? context.engine ?? 'native'
  return { kind: 'fat', type, content, engine, options: fatOptionsOf(input, engine, context), ...label }
}

/** UBIFS reads and writes logical erase blocks, which nothing else has. */
function refuseWithoutUbi({ interpretation, path, text, onUbi }: PartitionContext): void {
  if (onUbi === true) return
  interpretation.refuse(
    [...path, 'fs'],
    `Cannot write ubifs into ${text}: UBIFS stands in volumes of UBI, accepted is fs: ubi with it under volumes:`,
    'fs: ubi, volumes: [{ name: rootfs, fs: ubifs/rootfs, autoresize: true }]',
  )
}

function fillOf({ fill }: PartitionInput): { fill?: number } {
  return fill === undefined ? {} : { fill }
}

function rawVolume(input: PartitionInput, file: string, { interpretation, path, text }: PartitionContext): VolumeSpec {
  const at: ConfigPath = [...path, 'fs']
  const meant = meantFileSystemWord(file)
  if (meant !== undefined) {
    const message = `fs of ${text} is read as the path of a raw file, ${file}`
    interpretation.warnings.push({
      path: at,
      message,
      hint: `Did you mean "${meant}"? A raw file of that name is written ./${file}`,
    })
  }
  return { kind: 'raw', path: interpretation.absolute(file, at), ...fillOf(input) }
}

/** What stands after the slash of `fs:`, or the sources under `content:`. */
function contentOf(input: PartitionInput, afterSlash: string | undefined, context: PartitionContext): ContentSource[] {
  const { interpretation, path, text } = context
  const at: ConfigPath = [...path, 'content']
  if (afterSlash !== undefined && input.content !== undefined) {
    const message = `Cannot fill ${text}: its content is given twice, with fs (${afterSlash}) and here, one of them is accepted`
    interpretation.refuse(at, message)
  }
  const entry = (value: string | ContentEntryInput, place: ConfigPath): ContentSource | undefined =>
    interpretContentEntry(value, place, context, interpretImage)
  if (afterSlash !== undefined) return [entry(afterSlash, [...path, 'fs'])!]
  if (typeof input.content === 'string') return [entry(input.content, at)!]
  return (input.content ?? []).flatMap((value, index) => entry(value, [...at, index]) ?? [])
}

const interpretImage: InterpretImage = (input, context) => interpretNestedImage(input, context, interpretVolume)

function extVolume(
  input: PartitionInput,
  volume: { type: ExtFamily; content: readonly ContentSource[]; label?: string },
  context: PartitionContext,
): VolumeSpec {
  const { interpretation, path, text } = context
  const options = ownOptions<ExtOptions>(input, Object.keys(extOptions), context)
  const blockSize: number | undefined = options.block_size
  if (blockSize !== undefined && !EXT_BLOCK_SIZES.includes(blockSize)) {
    const message = `Cannot use options.block_size of ${text}: ${blockSize} is not possible with ext, accepted are ${EXT_BLOCK_SIZES.join(', ')} bytes`
    interpretation.refuse([...path, 'options', 'block_size'], message)
  }
  if (options.inodes !== undefined && options.bytes_per_inode !== undefined) {
    const message = `Cannot use options.inodes of ${text}: bytes_per_inode is given too, one of them is accepted`
    interpretation.refuse([...path, 'options', 'inodes'], message)
  }
  const engine = input.engine ?? context.engine ?? 'native'
  const owner = ownerOf(input)
  return {
    kind: 'ext',
    ...volume,
    holes: input.holes ?? 'none',
    engine,
    xattrs: input.xattrs ?? 'auto',
    options,
    ...(owner && { owner }),
    ...volumeUuidOf(input, context),
  }
}

function jffs2Volume(input: PartitionInput, content: readonly ContentSource[], context: PartitionContext): VolumeSpec {
  const options = ownOptions<Jffs2Options>(input, [...Object.keys(jffs2Options), 'compression'], context)
  const { compression } = options as { compression?: string }
  if (compression !== undefined && compression !== 'zlib' && compression !== 'none') {
    const message = `Cannot use options.compression of ${context.text}: ${compression} is not possible with JFFS2, accepted are zlib, none`
    context.interpretation.refuse([...context.path, 'options', 'compression'], message)
  }
  const owner = ownerOf(input)
  const { eraseBlockBytes } = context.interpretation
  if (eraseBlockBytes !== undefined && (options.erase_block ?? eraseBlockBytes) !== eraseBlockBytes) {
    context.interpretation.refuse(
      [...context.path, 'options', 'erase_block'],
      `Cannot use options.erase_block of ${context.text}: the flash erases ${eraseBlockBytes} bytes at once, JFFS2 takes no other`,
    )
  }
  return {
    kind: 'jffs2',
    type: 'jffs2',
    content,
    xattrs: input.xattrs ?? 'auto',
    options: { ...(eraseBlockBytes !== undefined && { erase_block: eraseBlockBytes }), ...options },
    ...(owner && { owner }),
  }
}

/** What stands after the slash, or as a single path, is its text: a file, no folder. */
function uBootEnvVolume(
  input: PartitionInput,
  content: readonly ContentSource[],
  context: PartitionContext,
): VolumeSpec {
  const own = [...Object.keys(uBootEnvOptions), 'byte_order']
  return {
    kind: 'u-boot-env',
    type: 'u-boot-env',
    content: content.map((source): ContentSource => {
      if (source.kind !== 'path') return source
      const { path, configPath } = source
      return { kind: 'put', path: basename(path), entry: { kind: 'file', path }, attributes: {}, configPath }
    }),
    options: ownOptions<UBootEnvOptions>(input, own, context),
  }
}

/** `fs_uuid` of a FAT is its volume id. */
function fatOptionsOf(input: PartitionInput, engine: Engine, context: PartitionContext): FatOptions {
  const { interpretation, path, text } = context
  const options = ownOptions<FatOptions>(input, Object.keys(fatOptions), context)
  for (const key of engine === 'host' ? NATIVE_FAT_OPTIONS : []) {
    if (options[key] === undefined) continue
    const message = `Cannot use options.${key} of ${text}: neither mkfs.fat nor mtools has it, it is accepted with engine: native`
    interpretation.refuse([...path, 'options', key], message)
  }
  if (input.fs_uuid === undefined) return options
  const volumeId = parseVolumeId(input.fs_uuid)
  if (volumeId === undefined) {
    interpretation.refuse(
      [...path, 'fs_uuid'],
      `Cannot use fs_uuid of ${text}: a FAT has no UUID, accepted is a volume id such as 1234-ABCD`,
    )
  } else if (options.volume_id !== undefined && options.volume_id !== volumeId) {
    interpretation.refuse(
      [...path, 'fs_uuid'],
      `Cannot use fs_uuid of ${text}: options.volume_id says another, one of them is accepted`,
    )
  }
  return volumeId === undefined ? options : { ...options, volume_id: volumeId }
}
