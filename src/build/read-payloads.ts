/** Everything that the config names is measured before anything is planned, and all that is missing is told at once. */
import { appendAll } from '../bytes/append-all.js'
import type { Guid } from '../bytes/guid.js'
import type { FileSystemSpec, ImageSpec, VolumeSpec } from '../config/spec.js'
import type { ConfigPath, Warning } from '../errors.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { Payload } from '../layout/disk-plan.js'
import { deriveIdentifiers } from '../layout/identifiers.js'
import { numberPartitions, placeWord } from '../layout/numbering.js'
import { ProblemCollector } from '../problem-collector.js'
import { ArchiveShelf } from '../tree/archive-shelf.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { Timestamp } from '../tree/file-tree.js'
import type { FolderLister } from '../tree/folder-listing.js'
import { readSourceFile } from '../tree/raw-file.js'
import { type ContentOptions, readContent } from './content/read-content.js'
import { readNestedImage } from './content/read-nested-image.js'
import { rawContainerWarning } from './raw-container.js'
import { type BundleFile, readBundle } from './read-bundle.js'
import { checkKeyFiles } from './seal-partitions.js'

export interface PayloadReading {
  /** One for each entry of `spec.partitions`. */
  readonly payloads: readonly Payload[]
  /** The bundle's files beside the image. */
  readonly bundle: readonly BundleFile[]
  readonly warnings: readonly Warning[]
  /** Lets archives go, after the last byte was read. */
  release(): Promise<void>
}

export interface ReadPayloadsOptions {
  /** Later modification times become this one. */
  readonly clampTo?: Timestamp | undefined
  readonly runner: CommandRunner
  /** For `${NAME}` in lists. */
  readonly variable: (name: string) => string | undefined
  /** Gives the folder where compressed archives are unpacked. */
  readonly workFolder: string | (() => string)
  /** Shares the walk over large folders. */
  readonly lister?: FolderLister | undefined
  readonly signal?: AbortSignal | undefined
}

/** LayoutError with every payload that is missing or unreadable; FormatError where only what is in them is wrong. */
export async function readPayloads(spec: ImageSpec, options: ReadPayloadsOptions): Promise<PayloadReading> {
  const { runner, workFolder, signal } = options
  const archives = new ArchiveShelf({ runner, workFolder, ...(signal && { signal }) })
  try {
    const reading = await readAll(spec, { ...options, archives })
    return { ...reading, release: () => archives.release() }
  } catch (error) {
    await archives.release()
    throw error
  }
}

type ReadOptions = ReadPayloadsOptions & Pick<ContentOptions, 'archives'>

interface VolumeReadOptions extends ReadOptions {
  readonly nestedUuid: (files: readonly string[]) => Guid
  /** In which the volume stands, the outermost first; empty for that of a partition. */
  readonly files: readonly string[]
}

async function readAll(spec: ImageSpec, options: ReadOptions): Promise<Omit<PayloadReading, 'release'>> {
  const collector = new ProblemCollector()
  const warnings: Warning[] = []
  const payloads: Payload[] = []
  const identifiers = deriveIdentifiers(spec.seed)
  const numbering = numberPartitions(spec)
  for (const [index, { name, volume, configPath }] of spec.partitions.entries()) {
    const place = placeWord(numbering, index)
    const nestedUuid = (files: readonly string[]): Guid => identifiers.nestedVolume(place, name, files)
    const payload = await collector.attempt(() =>
      readPayload(volume, configPath, { ...options, nestedUuid, files: [] }, warnings),
    )
    payloads.push(payload ?? { kind: 'none' })
  }
  await checkKeyFiles(spec, collector)
  const bundle = await collector.attempt(() => readBundle(spec.bundle))
  collector.throwIfAny()
  return { payloads, bundle: bundle ?? [], warnings }
}

async function readPayload(
  volume: VolumeSpec,
  configPath: ConfigPath,
  options: VolumeReadOptions,
  warnings: Warning[],
): Promise<Payload> {
  if (volume.kind === 'none') return { kind: 'none' }
  if (volume.kind === 'raw') {
    const at = [...configPath, 'fs']
    const file = readSourceFile(volume.path, at)
    const warning = rawContainerWarning(file, volume.written ?? volume.path, at)
    if (warning !== undefined) warnings.push(warning)
    return { kind: 'file', file }
  }
  if (volume.kind === 'verity') return { kind: 'none' }
  if (volume.kind === 'ubi') {
    const collector = new ProblemCollector()
    const payloads: Payload[] = []
    for (const { name, volume: inner, configPath: at } of volume.volumes) {
      const files = [...options.files, name]
      const payload = await collector.attempt(() => readPayload(inner, at, { ...options, files }, warnings))
      payloads.push(payload ?? { kind: 'none' })
    }
    collector.throwIfAny()
    return { kind: 'volumes', payloads }
  }
  if (volume.content.length === 0) return { kind: 'none' }
  const { archives, runner, variable } = options
  const rules = attributeRules(volume)
  const {
    tree,
    sparseAtSource,
    isAltered,
    warnings: found,
  } = await readContent(volume.content, {
    ...rules,
    archives,
    runner,
    variable,
    readImage: (image, path) => {
      const files = [...options.files, path]
      return readNestedImage(image, {
        path,
        uuid: options.nestedUuid(files),
        holes: rules.holes,
        time: options.clampTo,
        readPayload: (inner, place) => readPayload(inner, place, { ...options, files }, warnings),
      })
    },
    ...(options.clampTo !== undefined && { clampTo: options.clampTo }),
    ...(options.lister !== undefined && { lister: options.lister }),
    ...(options.signal !== undefined && { signal: options.signal }),
  })
  appendAll(warnings, found)
  return { kind: 'tree', tree, sparseAtSource, ...(isAltered && { isAltered }) }
}

/**
/**
 * What is asked of the host for a file system. Attributes that it does not keep are reported where a folder has them. What
 * an archive says of them is no accident, so it is read and refused there, or dropped with a warning (`lossy`).
 */
function attributeRules({
  type,
  owner,
  holes,
  xattrs,
}: FileSystemSpec): Pick<ContentOptions, 'owner' | 'holes' | 'xattrs' | 'archiveXattrs' | 'ownerless'> {
  const { keeps, content } = fileSystemOf(type)
  // Only the text of its file is taken.
  if (content === 'text') return { owner: { kind: 'root' }, holes: 'none', xattrs: 'none', ownerless: true }
  return {
    ...(owner && { owner }),
    holes: keeps.holes ? holes : 'none',
    xattrs: keeps.xattrs || xattrs === 'none' ? xattrs : 'name',
    ...(!keeps.xattrs && { archiveXattrs: 'auto' as const }),
    ownerless: !keeps.owners,
  }
}
