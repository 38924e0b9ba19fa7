/** Everything that the config names is measured before anything is planned, and all that is missing is told at once. */
import type { ImageSpec, OwnerSpec, VolumeSpec } from '../config/spec.js'
import { type ConfigPath, LayoutError, type Problem } from '../errors.js'
import type { SourceFile } from '../image/extent.js'
import type { Payload } from '../layout/disk-plan.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { Timestamp } from '../tree/file-tree.js'
import { type FolderReading, readFolder } from '../tree/folder.js'
import { readSourceFile } from '../tree/raw-file.js'

export interface BundleFile {
  readonly name: string
  readonly file: SourceFile
}

export interface PayloadReading {
  /** One for each entry of `spec.partitions`. */
  readonly payloads: readonly Payload[]
  /** The bundle's files beside the image. */
  readonly bundle: readonly BundleFile[]
  readonly warnings: readonly Problem[]
}

export interface ReadPayloadsOptions {
  /** Later modification times become this one. */
  readonly clampTo?: Timestamp | undefined
  readonly runner: CommandRunner
  readonly signal?: AbortSignal | undefined
}

/** LayoutError with every payload that is missing or unreadable. */
export async function readPayloads(spec: ImageSpec, options: ReadPayloadsOptions): Promise<PayloadReading> {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const collect = async <T>(action: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }

  const payloads: Payload[] = []
  for (const { volume, configPath } of spec.partitions) {
    const payload = await collect(() => readPayload(volume, configPath, options, warnings))
    payloads.push(payload ?? { kind: 'none' })
  }
  const bundle: BundleFile[] = []
  for (const { path, name, configPath } of spec.bundle.include) {
    const file = await collect(() => readSourceFile(path, configPath))
    if (file !== undefined) bundle.push({ name, file })
  }
  if (problems.length > 0) throw new LayoutError(problems)
  return { payloads, bundle, warnings }
}

async function readPayload(
  volume: VolumeSpec,
  configPath: ConfigPath,
  options: ReadPayloadsOptions,
  warnings: Problem[],
): Promise<Payload> {
  if (volume.kind === 'none') return { kind: 'none' }
  if (volume.kind === 'raw') return { kind: 'file', file: readSourceFile(volume.path, [...configPath, 'fs']) }
  const [source] = volume.content
  if (source === undefined) return { kind: 'none' }
  const reading: FolderReading = await readFolder(source.path, {
    ...attributeRules(volume),
    runner: options.runner,
    configPath: source.configPath,
    ...(options.clampTo !== undefined && { clampTo: options.clampTo }),
    ...(options.signal !== undefined && { signal: options.signal }),
  })
  warnings.push(...reading.warnings)
  return { kind: 'tree', tree: reading.tree }
}

/** FAT keeps neither owners nor extended attributes nor holes; asking the host for them would only cost time. */
function attributeRules(volume: Extract<VolumeSpec, { kind: 'ext' | 'fat' }>): {
  owner: OwnerSpec
  holes: 'none' | 'host' | 'all'
  xattrs: 'none' | 'keep' | 'auto'
} {
  if (volume.kind === 'fat') return { owner: { kind: 'root' }, holes: 'none', xattrs: 'none' }
  return { owner: volume.owner, holes: volume.holes, xattrs: volume.xattrs }
}
