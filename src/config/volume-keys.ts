/** Keys of a partition that say something about its inside: which of them go with what it holds. */
import type { FileSystemWord } from './fs-word.js'
import { HOST_FAMILIES } from './host-families.js'
import type { PartitionContext } from './interpretation.js'
import type { OptionsInput, PartitionInput } from './schema/partition.js'
import type { ExtFamily, FatFamily, FileSystemType, HostFamily } from './spec.js'

const VOLUME_KEYS = [
  'content',
  'covers',
  'label',
  'fs_uuid',
  'owner',
  'holes',
  'xattrs',
  'engine',
  'options',
  'volumes',
  'free',
  'fill',
] as const
type VolumeKey = (typeof VOLUME_KEYS)[number]

/** What a partition holds, as far as its keys depend on it. */
type Holding = 'ext' | 'fat' | 'jffs2' | 'u-boot-env' | 'ubi' | 'swap' | 'verity' | HostFamily | 'raw' | 'none'

const ACCEPTED_KEYS: Readonly<Record<Holding, readonly VolumeKey[]>> = {
  ext: ['content', 'label', 'fs_uuid', 'owner', 'holes', 'xattrs', 'engine', 'options', 'free'],
  fat: ['content', 'label', 'fs_uuid', 'engine', 'options', 'free'],
  jffs2: ['content', 'owner', 'xattrs', 'options', 'free'],
  'u-boot-env': ['content', 'options'],
  ubi: ['volumes', 'options'],
  squashfs: keysOf('squashfs'),
  erofs: keysOf('erofs'),
  btrfs: keysOf('btrfs'),
  f2fs: keysOf('f2fs'),
  xfs: keysOf('xfs'),
  ubifs: keysOf('ubifs'),
  swap: ['label', 'fs_uuid', 'options'],
  verity: ['covers', 'fs_uuid', 'options'],
  raw: ['fill'],
  none: ['fill'],
}

function keysOf(type: HostFamily): readonly VolumeKey[] {
  const { labelBytes, hasUuid } = HOST_FAMILIES[type]
  const identity = [
    ...(labelBytes === undefined ? [] : (['label'] as const)),
    ...(hasUuid ? (['fs_uuid'] as const) : []),
  ]
  return ['content', ...identity, 'owner', 'xattrs', 'engine', 'options']
}

const NAMES: Readonly<Partial<Record<Holding, string>>> = {
  ext: 'ext2, ext3, ext4',
  fat: 'FAT',
  jffs2: 'JFFS2',
  'u-boot-env': 'a U-Boot environment',
  ubi: 'UBI',
  raw: 'a raw file',
  none: 'a partition without fs',
}

export function isFat(type: FileSystemType): type is FatFamily {
  return type.startsWith('fat')
}

function isExt(type: FileSystemType): type is ExtFamily {
  return type.startsWith('ext')
}

function holdingOf(fs: FileSystemWord | undefined): Holding {
  if (fs === undefined) return 'none'
  if (fs.kind === 'raw') return 'raw'
  if (isFat(fs.type)) return 'fat'
  return isExt(fs.type) ? 'ext' : fs.type
}

/** A key that would say nothing about this kind of volume is a mistake, not a wish to pass over. */
export function refuseForeignKeys(input: PartitionInput, { interpretation, path, text }: PartitionContext): void {
  const holding = holdingOf(input.fs)
  for (const key of VOLUME_KEYS) {
    if (input[key] === undefined || ACCEPTED_KEYS[holding].includes(key)) continue
    const others = (Object.keys(ACCEPTED_KEYS) as Holding[]).filter((other) => ACCEPTED_KEYS[other].includes(key))
    const names = others.map((other) => NAMES[other] ?? other)
    const accepted = `${key} is accepted with ${andList(names)}`
    const hint = holding === 'none' && key !== 'fill' ? 'Say which file system: fs: ext4, fs: fat32 …' : undefined
    interpretation.refuse([...path, key], `Cannot use ${key} of ${text}: ${foundText(input)}, ${accepted}`, hint)
  }
}

/** `FAT`, `FAT and JFFS2`, `ext4, FAT and JFFS2`. */
function andList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

export function foundText({ fs }: PartitionInput): string {
  if (fs === undefined) return 'it has no fs'
  return fs.kind === 'raw' ? `its fs is the raw file ${fs.path}` : `its fs is ${fs.type}`
}

/** The options without those of other families, which are refused. */
export function ownOptions<Own>(
  input: PartitionInput,
  own: readonly string[],
  { interpretation, path, text }: PartitionContext,
): Own & OptionsInput {
  const options = input.options ?? {}
  const foreign = Object.keys(options).filter((key) => !own.includes(key))
  for (const key of foreign) {
    const message = `Cannot use options.${key} of ${text}: ${foundText(input)}, which has no such option`
    interpretation.refuse([...path, 'options', key], message, `Its options are ${own.join(', ')}`)
  }
  return Object.fromEntries(Object.entries(options).filter(([key]) => own.includes(key))) as Own & OptionsInput
}
