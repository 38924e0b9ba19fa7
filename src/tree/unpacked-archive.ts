/**
 * A payload archive as one that can be read in place: a plain one as it stands, a compressed one unpacked once into a
 * spool file that has no name (the kernel frees it with the last descriptor, however this process ends).
 */
import { closeSync, createReadStream, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ArchiveFile } from '../archives/archive-file.js'
import { type ConfigPath, errnoOf, FormatError, InterruptedError, IoError, systemReason } from '../errors.js'
import type { CommandRunner } from './command-runner.js'
import type { FileTree } from './file-tree.js'
import { readSourceFile } from './raw-file.js'

export interface UnpackOptions {
  /** An existing folder for the spool file. */
  readonly workFolder: string
  /** Runs xz and zstd. */
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
  readonly configPath?: ConfigPath
}

export interface UnpackedArchive {
  readonly archive: ArchiveFile
  /** Lets the archive and its spool go; the content of trees made from it cannot be read any more. */
  release(): void
}

export interface ArchiveTree {
  readonly tree: FileTree
  /** Lets the archive go, after the last byte of the tree's files was read. */
  release(): void
}

/** Unpacks and reads one archive, which stays open for the tree. */
export async function treeOfArchive(
  path: string,
  options: UnpackOptions,
  read: (archive: ArchiveFile) => FileTree,
): Promise<ArchiveTree> {
  const { archive, release } = await unpackArchive(path, options)
  try {
    return { tree: read(archive), release }
  } catch (error) {
    release()
    throw error
  }
}

const MAGICS: readonly (readonly [name: Packing, magic: string])[] = [
  ['gzip', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['zstd', '28b52ffd'],
  ['bzip2', '425a68'],
]
type Packing = 'gzip' | 'xz' | 'zstd' | 'bzip2'
const MAGIC_BYTES = 6

/** LayoutError when the file is missing, FormatError when what is in it cannot be unpacked. */
export async function unpackArchive(path: string, options: UnpackOptions): Promise<UnpackedArchive> {
  const { sizeBytes } = readSourceFile(path, options.configPath)
  const packing = packingOf(path, sizeBytes)
  if (packing === undefined) {
    const archive = new ArchiveFile(path)
    return { archive, release: () => archive.close() }
  }
  const spool = openSpool(options.workFolder)
  try {
    await unpack(path, packing, spool.fd, options)
    const archive = new ArchiveFile(spool.path, { isSpool: true })
    const release = (): void => {
      archive.close()
      spool.release()
    }
    return { archive, release }
  } catch (error) {
    spool.release()
    throw error
  }
}

function packingOf(path: string, sizeBytes: number): Packing | undefined {
  const head = Buffer.alloc(Math.min(MAGIC_BYTES, sizeBytes))
  const fd = openSync(path, 'r')
  try {
    readSync(fd, head, 0, head.length, 0)
  } finally {
    closeSync(fd)
  }
  return MAGICS.find(([, magic]) => head.toString('hex').startsWith(magic))?.[0]
}

/** Linux opens a file without a name again through its descriptor; elsewhere it keeps its name until the release. */
function openSpool(workFolder: string): { fd: number; path: string; release: () => void } {
  const folder = makeSpoolFolder(workFolder)
  const named = join(folder, 'archive')
  const fd = openSync(named, 'wx+', 0o600)
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const path = `/proc/self/fd/${fd}`
  const isReachable = existsSync(path)
  if (isReachable) remove()
  let isOpen = true
  const release = (): void => {
    if (isOpen) closeSync(fd)
    isOpen = false
    if (!isReachable) remove()
  }
  return { fd, path: isReachable ? path : named, release }
}

function makeSpoolFolder(workFolder: string): string {
  try {
    return mkdtempSync(join(workFolder, 'unpacked-'))
  } catch (error) {
    const message = `Cannot make a temporary file in "${workFolder}": ${systemReason(error)}`
    throw new IoError(message, { hint: ELSEWHERE, details: { path: workFolder, errno: errnoOf(error) }, cause: error })
  }
}

const ELSEWHERE = 'TMPDIR chooses another folder'

async function unpack(path: string, packing: Packing, fd: number, options: UnpackOptions): Promise<void> {
  if (packing === 'gzip') return gunzip(path, fd, options.signal)
  const stdinFd = openSync(path, 'r')
  try {
    const { status, stderr } = await options.runner.run(packing, ['-dc'], {
      stdinFd,
      stdoutFd: fd,
      ...(options.signal && { signal: options.signal }),
    })
    if (status !== 0 && NO_SPACE.test(stderr)) throw noRoomOr({ code: 'ENOSPC' }, path)
    if (status !== 0) throw unpackFailure(path, packing, stderr.trim().split('\n')[0] || `it ended with ${status}`)
  } finally {
    closeSync(stdinFd)
  }
}

const NO_SPACE = /No space left on device/

async function gunzip(path: string, fd: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pipeline(createReadStream(path), createGunzip(), writerOf(fd), signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted === true) throw new InterruptedError()
    if (errnoOf(error)?.startsWith('Z_') === true) throw unpackFailure(path, 'gzip', (error as Error).message)
    throw noRoomOr(error, path)
  }
}

/** A full spool is a matter of this machine; anything else is as it was. */
function noRoomOr(error: unknown, path: string): unknown {
  if (errnoOf(error) !== 'ENOSPC') return error
  const message = `Cannot unpack "${path}": no space left for what is in it, in the folder for temporary files`
  return new IoError(message, { hint: ELSEWHERE, cause: error })
}

/** Writes on; the descriptor stays its owner's (a stream of node:fs would close it with an error). */
function writerOf(fd: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let written = 0; written < chunk.length; ) written += writeSync(fd, chunk, written)
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

function unpackFailure(path: string, packing: Packing, why: string): FormatError {
  return new FormatError(`Cannot unpack "${path}" with ${packing}: ${why}`)
}
