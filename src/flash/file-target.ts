/**
 * A plain file in a device's place, for tests and labs: it is judged, written and read back like
 * one.
 */
import { constants } from 'node:fs'
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { alignUp } from '../bytes/align.js'
import { errnoOf, IoError, systemReason } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { BlockDevice } from './block-device.js'
import type { Disk } from './disks.js'
import { OpenDevice } from './open-device.js'
import type { Refusal } from './refusals.js'

/** `Disk.type` of a plain file, where lsblk has `disk`. */
export const FILE_TYPE = 'file'

export interface FileTargetOptions {
  /** Of the image: a file that is missing or empty becomes as long. */
  readonly sizeBytes: number
  /** Of the image's table. */
  readonly sectorBytes: number
}

/** IoError where it is no plain file, or its folder is missing. */
export async function inspectFileTarget(path: string, { sizeBytes, sectorBytes }: FileTargetOptions): Promise<Disk> {
  const place = await realpath(path).catch(async (error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw fileError(path, error)
    const folder = await realpath(dirname(path)).catch((missing: unknown) => {
      throw fileError(path, missing)
    })
    return join(folder, basename(path))
  })
  const status = await stat(place).catch(() => undefined)
  if (status !== undefined && !status.isFile()) {
    const what = status.isDirectory() ? 'a folder' : status.isBlockDevice() ? 'a block device' : 'no plain file'
    throw new IoError(`Cannot flash to ${path}: it is ${what}, a plain file is expected`, {
      ...(status.isBlockDevice() && { hint: 'Leave --file out.' }),
      details: { path },
    })
  }
  const node = { path: place, type: FILE_TYPE, fsType: undefined, mounts: [] }
  return {
    ...node,
    sizeBytes: status === undefined || status.size === 0 ? alignUp(sizeBytes, sectorBytes) : status.size,
    sectorBytes,
    majorMinor: '',
    readOnly: false,
    removable: true,
    bus: undefined,
    vendor: undefined,
    model: undefined,
    serial: undefined,
    nodes: [node],
    uses: [],
  }
}

/** Empty where the file may be written. */
export async function fileTargetRefusals(
  { path, sizeBytes, sectorBytes }: Disk,
  { source, neededBytes }: { readonly source: string; readonly neededBytes: number },
): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  if (sizeBytes % sectorBytes !== 0) {
    refusals.push({
      reason: 'not-a-disk',
      text: `it has ${sizeBytes} bytes, a multiple of ${sectorBytes} is expected, as a disk has`,
    })
  }
  if (sizeBytes < neededBytes) {
    refusals.push({ reason: 'too-small', text: `it has ${sizeBytes} bytes, the image needs ${neededBytes}` })
  }
  const backed = await loopDeviceOf(path)
  if (backed !== undefined) {
    refusals.push({ reason: 'mounted', text: `${backed} stands on it`, hint: `losetup --detach ${backed}` })
  }
  if ((await realpath(source).catch(() => undefined)) === path) {
    refusals.push({ reason: 'not-a-disk', text: 'it is the image that is read' })
  }
  return refusals
}

/** The loop device that has the file at `path` behind it. */
async function loopDeviceOf(path: string): Promise<string | undefined> {
  const names = await readdir('/sys/block').catch(() => [])
  for (const name of names.filter((candidate) => candidate.startsWith('loop'))) {
    const backing = await readFile(join('/sys/block', name, 'loop/backing_file'), 'utf8').catch(() => undefined)
    if (backing?.trimEnd() === path) return join('/dev', name)
  }
  return undefined
}

/**
 * Opens the file, which is made or brought to its length first. IoError where that fails, or where
 * its length is no longer the one that was inspected. Reading back comes from the kernel's cache:
 * there is no medium behind a file.
 */
export async function openFileTarget(disk: Disk, runner: CommandRunner): Promise<BlockDevice> {
  const { path, sizeBytes } = disk
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    const { size } = await handle.stat()
    if (size === 0) await handle.truncate(sizeBytes)
    if (size === 0 || size === sizeBytes) return new OpenDevice(handle, disk, runner)
    await handle.close()
    throw new IoError(`Cannot open ${path}: it has ${size} bytes, ${sizeBytes} a moment ago`, { details: { path } })
  } catch (error) {
    if (error instanceof IoError) throw error
    throw fileError(path, error)
  }
}

function fileError(path: string, error: unknown): IoError {
  return new IoError(`Cannot flash to ${path}: ${systemReason(error)}`, {
    details: { path, errno: errnoOf(error) },
    cause: error,
  })
}
