/** Parts of an image as files of the host: a node of a volume as it is or as a tar, a partition as its bytes. */
import { closeSync, constants, existsSync, openSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { linkStatsAt } from '../bytes/path-stats.js'
import { displayName } from '../bytes/text.js'
import { IoError, systemReason, type Warning } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { carriedBytes } from '../image/windows.js'
import { OutputFolder } from '../outputs/output-folder.js'
import { RawSink } from '../outputs/raw-sink.js'
import { INLINE_THREADS } from '../outputs/threads.js'
import { weave } from '../outputs/weave.js'
import { withZerosFound } from '../readers/raw-image.js'
import type { DirectoryNode, FileNode } from '../tree/file-tree.js'
import { planTar } from '../tree/tar-image.js'
import type { OpenPartition } from './open-image.js'
import { type Placed, type PlaceOptions, placeNode } from './place-tree.js'

export interface Extraction {
  /** Absolute path of what was made. */
  readonly path: string
  readonly bytes: number
  readonly notes: readonly Warning[]
}

/**
 * `node` as `path`, which must not be there yet, or be a file that is replaced, or an empty folder that is filled. Errors as
 * `placeNode`; nothing is left behind then.
 */
export async function extractNode(
  node: FileNode,
  path: string,
  options: PlaceOptions,
): Promise<Extraction & Pick<Placed, 'entries' | 'folders'>> {
  const final = resolve(path)
  assertFree(final, node)
  const folder = await OutputFolder.open(dirname(final), options.runner)
  try {
    // Both by their descriptors: somebody who may write to the parent must not put another folder in the place of either.
    const parent = openFolder(dirname(final))
    try {
      const room = folder.room()
      const temporary = join(room.anchor, basename(final))
      const { handOver, release, ...placed } = await placeNode(node, temporary, { ...options, shownAs: final })
      try {
        await room.settled()
        rename(temporary, join(parent.anchor, basename(final)), final)
        handOver()
      } finally {
        release()
      }
      await folder.commit()
      return { path: final, ...placed }
    } finally {
      closeSync(parent.fd)
    }
  } finally {
    await folder.discard()
  }
}

function assertFree(path: string, node: FileNode): void {
  const stats = linkStatsAt(path)
  if (stats === undefined) return
  const refuse = (what: string, accepted: string): never => {
    throw new IoError(`Cannot extract to "${path}": ${what}, ${accepted}`, { details: { path } })
  }
  if (node.type === 'directory') {
    const accepted = 'a new name or an empty folder is accepted'
    if (!stats.isDirectory()) refuse('it is a file', accepted)
    if (readdirSync(path).length > 0) refuse('the folder is not empty', accepted)
  } else if (!stats.isFile()) refuse('it is no file', 'a new name or a file to replace is accepted')
}

function openFolder(path: string): { readonly fd: number; readonly anchor: string } {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  const anchor = `/proc/self/fd/${fd}`
  return { fd, anchor: existsSync(anchor) ? anchor : path }
}

function rename(from: string, to: string, shown: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    throw new IoError(`Cannot extract to "${shown}": ${systemReason(error)}`, {
      details: { path: shown },
      cause: error,
    })
  }
}

export interface TarExtraction {
  readonly image: DiskImage
  readonly notes: readonly Warning[]
}

/** Everything below `folder` as a tar that keeps owners, devices, attributes and holes; sockets, which no tar has, are told. */
export function tarOf(folder: DirectoryNode): TarExtraction {
  const { image, leftOut } = planTar(folder, { holes: 'sparse' })
  const first = leftOut[0]
  if (first === undefined) return { image, notes: [] }
  const others = leftOut.length === 1 ? '' : ` and ${leftOut.length - 1} more`
  return {
    image,
    notes: [
      { finding: 'extract-sockets', message: `a tar holds no sockets: "${displayName(first)}"${others} left out` },
    ],
  }
}

/** The bytes of a partition, its zeros found, so that they become holes. Reads it once. */
export function partitionImage({ view }: OpenPartition): DiskImage {
  return withZerosFound(view.slice(0, view.sizeBytes, 'partition'))
}

/** `image` as a sparse file; zeros that matter are holes too. Errors as `weave`; nothing is left behind then. */
export async function placeImage(
  image: DiskImage,
  path: string,
  { runner, signal }: PlaceOptions,
): Promise<Extraction> {
  const final = resolve(path)
  const folder = await OutputFolder.open(dirname(final), runner)
  try {
    const sink = await RawSink.create(folder.stage(basename(final)), image.sizeBytes, carriedBytes(image))
    try {
      await weave(image, [sink], INLINE_THREADS, { signal })
    } finally {
      await sink.close()
    }
    await folder.commit()
    return { path: final, bytes: image.sizeBytes, notes: [] }
  } finally {
    await folder.discard()
  }
}
