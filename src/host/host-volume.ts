/** What every volume that the host's tools make has in common: an order, a folder for spool files, and a result that is let go. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { IoError } from '../errors.js'
import type { PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import type { DiskImage } from '../image/extent.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { FileTree } from '../tree/file-tree.js'
import { missingTool } from './run-command.js'
import { isRoot } from './unpacked-tree.js'

export interface HostVolumeOrder {
  /** The partition's name, for messages. */
  readonly name: string
  /** Time, UUID, place on the disk, sector size. */
  readonly environment: VolumeEnvironment
  readonly label?: string
  readonly tree: FileTree
  /** An existing folder for spool files, on a file system that knows holes. */
  readonly workFolder: string
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
}

export interface HostVolume {
  /** Everything specified. Its extents read the spool file. */
  readonly image: DiskImage
  readonly facts: PlannedVolume['facts']
  /** Removes the spool file. Idempotent. */
  release(): void
}

/** Calls `make` with a folder of its own; nothing of it is left where that fails. */
export async function inSpoolFolder(
  { workFolder }: Pick<HostVolumeOrder, 'workFolder'>,
  make: (folder: string) => Promise<Omit<HostVolume, 'release'>>,
): Promise<HostVolume> {
  const folder = mkdtempSync(join(workFolder, 'host-'))
  const release = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    return { ...(await make(folder)), release }
  } catch (error) {
    release()
    throw error
  }
}

/** IoError with the packages of all tools that are missing. */
export function assertTools(runner: CommandRunner, tools: readonly string[]): void {
  const missing = tools.filter((tool) => runner.locate(tool) === undefined).map(missingTool)
  if (missing.length > 0) throw new IoError(missing.flatMap((error) => error.problems))
}

/** Whether this process may mount files, and the running kernel knows the type. */
export function canMount(type: string): boolean {
  return isRoot() && existsSync('/dev/loop-control') && kernelTypes().has(type)
}

/** One a line, after `nodev` or nothing and a tab. */
function kernelTypes(): Set<string> {
  const lines = existsSync(KERNEL_TYPES) ? readFileSync(KERNEL_TYPES, 'utf8').split('\n') : []
  return new Set(lines.map((line) => line.slice(line.indexOf('\t') + 1)))
}

const KERNEL_TYPES = '/proc/filesystems'

/** `sqfstar 4.5.1`: the same bytes come from the same version only. The name alone where it tells none. */
export async function toolName(runner: CommandRunner, tool: string, versionOption: string): Promise<string> {
  const { stdout, stderr } = await runner.run(tool, [versionOption])
  const version = /\d+\.\d+(?:\.\d+)*/.exec(`${stdout.toString('latin1')}${stderr}`)?.[0]
  return version === undefined ? tool : `${tool} ${version}`
}

/** SOURCE_DATE_EPOCH for tools that count seconds from 1970 in 32 bits. */
export function sourceDate({ time }: VolumeEnvironment): Record<string, string> {
  return { SOURCE_DATE_EPOCH: String(Math.min(Math.max(time.seconds, 0), MAX_U32)) }
}

const MAX_U32 = 2 ** 32 - 1
