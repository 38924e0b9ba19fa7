import { basename } from 'node:path'
import type { ConfigPath } from '../errors.js'
import { type FileSystemWord, meantFileSystemWord } from './fs-word.js'
import { type InterpretImage, interpretContentEntry, ownerMapOf } from './interpret-content.js'
import { interpretNestedImage } from './interpret-nested-image.js'
import type { PartitionContext } from './interpretation.js'
import type { ContentEntryInput } from './schema/content.js'
import { extOptions } from './schema/ext-options.js'
import { fatOptions } from './schema/fat-options.js'
import { parseVolumeId } from './schema/identifiers.js'
import { jffs2Options } from './schema/jffs2-options.js'
import type { OptionsInput, PartitionInput } from './schema/partition.js'
import { uBootEnvOptions } from './schema/u-boot-env-options.js'
import type {
  ContentSource,
  ExtFamily,
  ExtOptions,
  FatFamily,
  FatOptions,
  FileSystemType,
  Jffs2Options,
  LayerSource,
  OwnerSpec,
  UBootEnvOptions,
  VolumeSpec,
} from './spec.js'

/** Keys of a partition that say something about its inside, by what it holds. */
const VOLUME_KEYS = [
  'content',
  'label',
  'fs_uuid',
  'owner',
  'holes',
  'xattrs',
  'engine',
  'options',
  'free',
  'fill',
] as const
type VolumeKey = (typeof VOLUME_KEYS)[number]

const ACCEPTED_KEYS: Readonly<Record<VolumeSpec['kind'], readonly VolumeKey[]>> = {
  ext: ['content', 'label', 'fs_uuid', 'owner', 'holes', 'xattrs', 'engine', 'options', 'free'],
  fat: ['content', 'label', 'fs_uuid', 'engine', 'options', 'free'],
  jffs2: ['content', 'owner', 'xattrs', 'options', 'free'],
  'u-boot-env': ['content', 'options'],
  raw: ['fill'],
  none: ['fill'],
}

export function interpretVolume(input: PartitionInput, context: PartitionContext): VolumeSpec {
  // Without knowing what it is there is nothing more to say of it.
  if (context.unread.has('fs')) return { kind: 'none' }
  const kind = kindOf(input.fs)
  refuseForeignKeys(input, kind, context)
  if (input.fs === undefined) return { kind: 'none', ...fillOf(input) }
  if (input.fs.kind === 'raw') return rawVolume(input, input.fs.path, context)
  const { type, folder } = input.fs
  const content = contentOf(input, folder, context)
  const label = input.label === undefined ? {} : { label: input.label }
  if (type === 'jffs2') return jffs2Volume(input, content, context)
  if (type === 'u-boot-env') return uBootEnvVolume(input, content, context)
  return isFat(type)
    ? { kind: 'fat', type, content, options: fatOptionsOf(input, context), ...label }
    : extVolume(input, { type, content, ...label }, context)
}

function kindOf(fs: FileSystemWord | undefined): VolumeSpec['kind'] {
  if (fs === undefined) return 'none'
  if (fs.kind === 'raw') return 'raw'
  if (fs.type === 'jffs2' || fs.type === 'u-boot-env') return fs.type
  return isFat(fs.type) ? 'fat' : 'ext'
}

function isFat(type: FileSystemType): type is FatFamily {
  return type.startsWith('fat')
}

/** A key that would say nothing about this kind of volume is a mistake, not a wish to pass over. */
function refuseForeignKeys(
  input: PartitionInput,
  kind: VolumeSpec['kind'],
  { interpretation, path, text }: PartitionContext,
): void {
  for (const key of VOLUME_KEYS) {
    if (input[key] === undefined || ACCEPTED_KEYS[kind].includes(key)) continue
    const kinds = (Object.keys(ACCEPTED_KEYS) as VolumeSpec['kind'][]).filter((other) =>
      ACCEPTED_KEYS[other].includes(key),
    )
    const accepted = `${key} is accepted with ${andList(kinds.map((other) => KIND_NAMES[other]))}`
    const hint = kind === 'none' && key !== 'fill' ? 'Say which file system: fs: ext4, fs: fat32 …' : undefined
    interpretation.refuse([...path, key], `Cannot use ${key} of ${text}: ${foundText(input)}, ${accepted}`, hint)
  }
}

const KIND_NAMES: Readonly<Record<VolumeSpec['kind'], string>> = {
  ext: 'ext2, ext3, ext4',
  fat: 'FAT',
  jffs2: 'JFFS2',
  'u-boot-env': 'a U-Boot environment',
  raw: 'a raw file',
  none: 'a partition without fs',
}

/** `FAT`, `FAT and JFFS2`, `ext4, FAT and JFFS2`. */
function andList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function foundText({ fs }: PartitionInput): string {
  if (fs === undefined) return 'it has no fs'
  return fs.kind === 'raw' ? `its fs is the raw file ${fs.path}` : `its fs is ${fs.type}`
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

/** The host's tools copy folders; what needs more is woven natively. */
function refuseBeyondFolders(content: readonly ContentSource[], { interpretation, text }: PartitionContext): void {
  for (const source of content) {
    const { kind, configPath } = source
    const isPlain = (kind === 'folder' || kind === 'path') && !RULES.some((rule) => source[rule] !== undefined)
    if (isPlain) continue
    const found = kind === 'folder' ? 'a folder with rules of its own' : `a ${kind}`
    interpretation.refuse(
      configPath,
      `Cannot fill ${text} with engine: host: ${found} is among its content, accepted are plain folders`,
      'engine: native takes every source',
    )
  }
}

const RULES = ['to', 'include', 'exclude', 'owner'] as const satisfies (keyof LayerSource)[]

function extVolume(
  input: PartitionInput,
  volume: { type: ExtFamily; content: readonly ContentSource[]; label?: string },
  context: PartitionContext,
): VolumeSpec {
  const { interpretation, path, text } = context
  const options = ownOptions<ExtOptions>(input, extOptions, context)
  if (options.inodes !== undefined && options.bytes_per_inode !== undefined) {
    const message = `Cannot use options.inodes of ${text}: bytes_per_inode is given too, one of them is accepted`
    interpretation.refuse([...path, 'options', 'inodes'], message)
  }
  if (input.fs_uuid !== undefined && parseVolumeId(input.fs_uuid) !== undefined) {
    const message = `Cannot use fs_uuid of ${text}: "${input.fs_uuid}" is the volume id of a FAT, accepted is a UUID`
    interpretation.refuse([...path, 'fs_uuid'], message)
  }
  const engine = input.engine ?? context.engine
  if (engine === 'host') refuseBeyondFolders(volume.content, context)
  const owner = ownerOf(input)
  return {
    kind: 'ext',
    ...volume,
    holes: input.holes ?? 'none',
    engine,
    xattrs: input.xattrs ?? 'auto',
    options,
    ...(owner && { owner }),
    ...(input.fs_uuid !== undefined && { uuid: input.fs_uuid }),
  }
}

function jffs2Volume(input: PartitionInput, content: readonly ContentSource[], context: PartitionContext): VolumeSpec {
  const options = ownOptions<Jffs2Options>(input, jffs2Options, context)
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
  const own = { ...uBootEnvOptions, byte_order: jffs2Options.byte_order }
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

function ownerOf({ owner }: PartitionInput): OwnerSpec | undefined {
  return typeof owner === 'object' ? ownerMapOf(owner) : owner && { kind: owner }
}

/** `fs_uuid` of a FAT is its volume id. */
function fatOptionsOf(input: PartitionInput, context: PartitionContext): FatOptions {
  const { interpretation, path, text } = context
  const options = ownOptions<FatOptions>(input, fatOptions, context)
  if (input.engine === 'host') {
    const message = `Cannot use engine of ${text}: host is not yet available for FAT in this version, accepted are native, auto`
    interpretation.refuse([...path, 'engine'], message)
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

/** The options without those of the other family, which are refused. */
function ownOptions<Own>(
  input: PartitionInput,
  own: object,
  { interpretation, path, text }: PartitionContext,
): Own & OptionsInput {
  const options = input.options ?? {}
  const foreign = Object.keys(options).filter((key) => !Object.hasOwn(own, key))
  for (const key of foreign) {
    const message = `Cannot use options.${key} of ${text}: ${foundText(input)}, which has no such option`
    interpretation.refuse([...path, 'options', key], message, `Its options are ${Object.keys(own).join(', ')}`)
  }
  return Object.fromEntries(Object.entries(options).filter(([key]) => Object.hasOwn(own, key))) as Own & OptionsInput
}
