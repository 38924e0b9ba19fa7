import { basename } from 'node:path'
import type { ConfigPath } from '../errors.js'
import type { FileSystem } from '../filesystems/file-system.js'
import { fileSystemOf } from '../filesystems/registry.js'
import { parseVolumeId } from '../schema/identifiers.js'
import { meantFileSystemWord } from './fs-word.js'
import { type InterpretImage, interpretContentEntry } from './interpret-content.js'
import { interpretNestedImage } from './interpret-nested-image.js'
import { ubiVolume } from './interpret-ubi.js'
import { verityVolume } from './interpret-verity.js'
import { ownerOf, volumeUuidOf } from './interpret-volume-attributes.js'
import type { PartitionContext } from './interpretation.js'
import { ownOptions, refuseFaults } from './own-options.js'
import type { ContentEntryInput } from './schema/content.js'
import type { PartitionInput } from './schema/partition.js'
import type { ContentSource, Engine, FileSystemSpec, VolumeSpec } from './spec.js'
import { refuseForeignKeys } from './volume-keys.js'

export function interpretVolume(input: PartitionInput, outer: PartitionContext): VolumeSpec {
  const context: PartitionContext = { ...outer, modes: input.modes ?? outer.modes }
  // Without knowing what it is there is nothing more to say of it.
  if (context.unread.has('fs')) return { kind: 'none' }
  refuseForeignKeys(input, context)
  if (input.fs === undefined) return { kind: 'none', ...fillOf(input) }
  if (input.fs.kind === 'raw') return rawVolume(input, input.fs.path, context)
  const { type, folder } = input.fs
  const fileSystem = fileSystemOf(type)
  if (fileSystem.content === 'hashes') return verityVolume(input, context)
  if (fileSystem.content === 'volumes') return ubiVolume(input, context, interpretVolume)
  refuseForeignPlace(fileSystem, type, context)
  return fileSystemVolume(input, { fileSystem, type, content: contentOf(input, folder, context) }, context)
}

/** UBIFS reads and writes logical erase blocks, which nothing else has. */
function refuseForeignPlace(
  { liesOn }: FileSystem<never>,
  type: string,
  { interpretation, path, text, onUbi }: PartitionContext,
): void {
  if (liesOn !== 'ubi' || onUbi === true) return
  interpretation.refuse(
    [...path, 'fs'],
    `Cannot write ${type} into ${text}: ${type.toUpperCase()} stands in volumes of UBI, accepted is fs: ubi with it under volumes:`,
    `fs: ubi, volumes: [{ name: rootfs, fs: ${type}/rootfs, autoresize: true }]`,
  )
}

function fileSystemVolume(
  input: PartitionInput,
  { fileSystem, type, content }: { fileSystem: FileSystem<never>; type: string; content: readonly ContentSource[] },
  context: PartitionContext,
): FileSystemSpec {
  const engine = engineOf(input, fileSystem, type, context)
  const options = {
    ...flashDefaults(fileSystem, context),
    ...ownOptions(input, fileSystem as FileSystem<object>, context),
  }
  const label = input.label === undefined ? {} : { label: input.label }
  refuseFaults(fileSystem.check?.({ options: options as never, engine, ...label }) ?? [], context)
  refuseLongLabel(input, fileSystem, type, context)
  refuseUnkept(input, fileSystem, context)
  refuseOtherEraseBlock(options, fileSystem, context)
  const owner = ownerOf(input)
  return {
    kind: 'file-system',
    type,
    content: fileSystem.content === 'text' ? content.map(asTextFile) : content,
    holes: input.holes ?? 'none',
    engine,
    xattrs: input.xattrs ?? 'auto',
    ...label,
    ...(owner && { owner }),
    ...identifierOf(input, { fileSystem, options }, context),
  }
}

/** `engine: native` forbids host tools; an omitted engine does not. */
function engineOf(
  { engine: own }: PartitionInput,
  { madeBy }: FileSystem<never>,
  type: string,
  { interpretation, path, text, engine: ofConfig, nesting }: PartitionContext,
): Engine {
  if (madeBy === 'diskloom') return 'native'
  if (madeBy === 'either') return own ?? ofConfig ?? 'native'
  // Inside a file it is refused whatever the engine.
  if ((own ?? ofConfig) === 'native' && nesting === undefined) {
    const message = `Cannot write ${type} into ${text} with engine: native: only the host's tools write it, accepted are host, auto`
    interpretation.refuse([...path, own === undefined ? 'fs' : 'engine'], message)
  }
  return 'host'
}

/** The erase block of the whole flash, for a file system that has an option for it. */
function flashDefaults({ eraseBlockOption }: FileSystem<never>, { interpretation }: PartitionContext): object {
  const { eraseBlockBytes } = interpretation
  return eraseBlockOption === undefined || eraseBlockBytes === undefined ? {} : { [eraseBlockOption]: eraseBlockBytes }
}

function refuseOtherEraseBlock(
  options: Readonly<Record<string, unknown>>,
  { eraseBlockOption, title }: FileSystem<never>,
  { interpretation, path, text }: PartitionContext,
): void {
  const { eraseBlockBytes } = interpretation
  if (eraseBlockOption === undefined || eraseBlockBytes === undefined) return
  if (options[eraseBlockOption] === eraseBlockBytes) return
  interpretation.refuse(
    [...path, 'options', eraseBlockOption],
    `Cannot use options.${eraseBlockOption} of ${text}: the flash erases ${eraseBlockBytes} bytes at once, ${title} takes no other`,
  )
}

function refuseLongLabel(
  { label }: PartitionInput,
  { labelBytes: most }: FileSystem<never>,
  type: string,
  { interpretation, path, text }: PartitionContext,
): void {
  const labelBytes = Buffer.byteLength(label ?? '')
  if (most === undefined || labelBytes <= most) return
  const message = `Cannot use label of ${text}: "${label}" has ${labelBytes} bytes, ${type} takes at most ${most}`
  interpretation.refuse([...path, 'label'], message)
}

/** A format without owners or extended attributes keeps none, so a config can only say that it knows. */
function refuseUnkept(
  { owner, xattrs }: PartitionInput,
  { keeps, title }: FileSystem<never>,
  { interpretation, path, text }: PartitionContext,
): void {
  if (!keeps.owners && owner !== undefined && owner !== 'root') {
    const found = owner === 'keep' ? 'keep' : 'a map'
    const message = `Cannot use owner of ${text}: it is ${found}, ${title} has no place for owners, accepted is root`
    interpretation.refuse([...path, 'owner'], message)
  }
  if (!keeps.xattrs && xattrs === 'keep') {
    const message = `Cannot use xattrs of ${text}: it is keep, ${title} has no place for attributes, accepted is none`
    interpretation.refuse([...path, 'xattrs'], message)
  }
}

/** The text of a file, given after the slash or as a single path: a file, not a folder. */
function asTextFile(source: ContentSource): ContentSource {
  if (source.kind !== 'path') return source
  const { path, configPath } = source
  return { kind: 'put', path: basename(path), entry: { kind: 'file', path }, attributes: {}, configPath }
}

/** `fs_uuid` as a UUID, or where the format has a volume id instead, as the option of that name. */
function identifierOf(
  input: PartitionInput,
  { fileSystem, options }: { fileSystem: FileSystem<never>; options: Readonly<Record<string, unknown>> },
  context: PartitionContext,
): Pick<FileSystemSpec, 'uuid' | 'options'> {
  const { volumeIdOption, title } = fileSystem
  if (volumeIdOption === undefined) return { ...volumeUuidOf(input, context), options }
  if (input.fs_uuid === undefined) return { options }
  const { interpretation, path, text } = context
  const volumeId = parseVolumeId(input.fs_uuid)
  const given = options[volumeIdOption]
  if (volumeId === undefined) {
    interpretation.refuse(
      [...path, 'fs_uuid'],
      `Cannot use fs_uuid of ${text}: a ${title} has no UUID, accepted is a volume id such as 1234-ABCD`,
    )
    return { options }
  }
  if (given !== undefined && given !== volumeId) {
    interpretation.refuse(
      [...path, 'fs_uuid'],
      `Cannot use fs_uuid of ${text}: options.${volumeIdOption} says another, one of them is accepted`,
    )
  }
  return { options: { ...options, [volumeIdOption]: volumeId } }
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
      finding: 'raw-file-name',
      message,
      hint: `Did you mean "${meant}${file.slice(file.split('/', 1)[0]!.length)}"? A raw file of that name is written ./${file}`,
    })
  }
  return { kind: 'raw', path: interpretation.absolute(file, at), written: file, ...fillOf(input) }
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
