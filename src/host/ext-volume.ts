/**
 * `engine: host` for ext2, ext3 and ext4: the volume made by the host's own mke2fs, as the shell scripts did it.
 *
 *   spool file, sparse, as long as the disk up to the volume's end
 *   → mke2fs at the volume's offset
 *   → mount + cp -a (root with loop devices), or mke2fs -d (everybody)
 *   → owners, times and superblock as the payload tree has them (debugfs)
 *   → the spool as extents: zeros and ranges of the file
 */
import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExtFamily, ExtOptions } from '../config/spec.js'
import { IoError } from '../errors.js'
import type { PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import type { DiskImage } from '../image/extent.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { FileTree } from '../tree/file-tree.js'
import { type FillOptions, fillByMount, MOUNT_TOOLS } from './fill-by-mount.js'
import { MKE2FS_CONFIG, mke2fsArguments, mke2fsEnvironment } from './mke2fs.js'
import { missingTool } from './run-command.js'
import { settleVolume } from './settle-volume.js'
import { imageOfSpool } from './spool-image.js'
import { readVolumeFacts } from './volume-facts.js'
import { type SpooledVolume, toolFailure } from './volume-tools.js'

export interface HostVolumeRequest extends FillOptions {
  /** The partition's name, for messages. */
  readonly name: string
  readonly type: ExtFamily
  readonly sizeBytes: number
  /** Time, UUID, place on the disk, sector size. */
  readonly environment: VolumeEnvironment
  readonly label?: string
  readonly options: ExtOptions
  /** Folders that are copied in, one over the other. */
  readonly content: readonly { readonly path: string }[]
  /** The same folders as `readContent` gave them: owners and times are taken from here. */
  readonly tree: FileTree
  /** An existing folder for spool files, on a file system that knows holes. */
  readonly workFolder: string
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
  /** Default: `mount` for root where there are loop devices, else `populate` (mke2fs -d). */
  readonly method?: 'mount' | 'populate'
}

export interface HostVolume {
  /** Of exactly the size asked for; everything specified. Its extents read the spool file. */
  readonly image: DiskImage
  readonly facts: PlannedVolume['facts']
  /** Removes the spool file. Idempotent. */
  release(): void
}

/** Nothing is left behind on failure or abort: no loop device, no mount, no file. */
export async function buildHostVolume(request: HostVolumeRequest): Promise<HostVolume> {
  const method = request.method ?? (canMount() ? 'mount' : 'populate')
  assertTools(request.runner, ['mke2fs', 'debugfs', 'dumpe2fs', ...(method === 'mount' ? MOUNT_TOOLS : ['cp'])])
  const { name, type, sizeBytes, environment, runner, signal, options } = request
  const folder = mkdtempSync(join(request.workFolder, 'host-'))
  const release = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const volume: SpooledVolume = {
      title: `${type} volume "${name}"`,
      spool: join(folder, 'spool'),
      folder,
      sizeBytes,
      environment,
      runner,
      ...(signal === undefined ? {} : { signal }),
    }
    makeSparseFile(volume.spool, environment.offsetBytes + sizeBytes)
    const folders = request.content.map(({ path }) => path)
    if (method === 'mount') {
      await makeFileSystem(request, volume)
      if (folders.length > 0) await fillByMount(volume, folders, request)
    } else {
      await makeFileSystem(request, volume, await oneFolder(volume, folders))
    }
    await settleVolume(volume, request.tree, {
      hasExtraTimes: options.inode_size !== 128,
      keepLostAndFound: options.lost_and_found !== false,
    })
    const facts = { engine: `host (${method})`, ...(await readVolumeFacts(volume)) }
    return { image: imageOfSpool(volume.spool, environment.offsetBytes, sizeBytes), facts, release }
  } catch (error) {
    release()
    throw error
  }
}

function canMount(): boolean {
  return process.geteuid?.() === 0 && existsSync('/dev/loop-control')
}

function assertTools(runner: CommandRunner, tools: readonly string[]): void {
  const missing = tools.filter((tool) => runner.locate(tool) === undefined).map(missingTool)
  if (missing.length > 0) throw new IoError(missing.flatMap((error) => error.problems))
}

function makeSparseFile(path: string, sizeBytes: number): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    ftruncateSync(fd, sizeBytes)
  } finally {
    closeSync(fd)
  }
}

async function makeFileSystem(request: HostVolumeRequest, volume: SpooledVolume, folder?: string): Promise<void> {
  const configFile = join(volume.folder, 'mke2fs.conf')
  writeFileSync(configFile, MKE2FS_CONFIG)
  const result = await volume.runner.run('mke2fs', mke2fsArguments(request, volume.spool, folder), {
    env: mke2fsEnvironment(volume.environment, configFile),
    ...(volume.signal && { signal: volume.signal }),
  })
  if (result.status !== 0) throw toolFailure(volume, folder === undefined ? 'format' : 'fill', 'mke2fs', result)
}

/** mke2fs -d takes one folder: several are copied together first. */
async function oneFolder(volume: SpooledVolume, folders: readonly string[]): Promise<string | undefined> {
  if (folders.length <= 1) return folders[0]
  const together = join(volume.folder, 'content')
  mkdirSync(together)
  for (const folder of folders) {
    const args = ['-a', '--', `${folder}/.`, `${together}/`]
    const result = await volume.runner.run('cp', args, volume.signal && { signal: volume.signal })
    if (result.status !== 0) throw toolFailure(volume, 'lay together the content of', 'cp', result)
  }
  return together
}
