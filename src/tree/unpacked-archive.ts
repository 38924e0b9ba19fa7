/**
 * A payload archive as parts that can be read in place. A plain archive is one part. What is compressed is unpacked once
 * into a spool file that has no name (the kernel frees it with the last descriptor, however this process ends). An initrd
 * is often several archives one after another, plain and compressed, with zeros between; each is a part.
 * [LINUX Documentation/driver-api/early-userspace/buffer-format.rst]
 */

import { ArchiveFile } from '../archives/archive-file.js'
import { beginsCpio, endOfCpio } from '../archives/cpio/cpio-reader.js'
import { CODEC_HEAD_BYTES, codecAtOffset } from '../archives/packed/codec.js'
import { endOfZeros } from '../archives/packed/zeros.js'
import { beginsTar } from '../archives/tar/tar-reader.js'
import { appendAll } from '../bytes/append-all.js'
import { byteStringFromBytes, displayName } from '../bytes/text.js'
import { type ConfigPath, errnoOf, FormatError, IoError, systemReason } from '../errors.js'
import { openUnnamedFile, type UnnamedFile } from '../scratch/unnamed-file.js'
import { ELSEWHERE } from '../scratch/work-folder.js'
import type { CommandRunner } from './command-runner.js'
import type { FileTree } from './file-tree.js'
import { readSourceFile } from './raw-file.js'
import { unpackStreams } from './unpack-streams.js'

export interface UnpackOptions {
  /** An existing folder for the spool file, or a function that gives one when it is needed. */
  readonly workFolder: string | (() => string)
  /** Runs xz, zstd, bzip2 and lz4. */
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
  readonly configPath?: ConfigPath
}

/** A stretch of a file that holds one tar, or one or several cpios. */
export interface ArchivePart {
  readonly archive: ArchiveFile
  readonly start: number
  readonly end: number
}

export interface UnpackedArchive {
  /** At least one; several are cpios. */
  readonly parts: readonly ArchivePart[]
  /** Lets the archive and its spools go; the content of trees made from it cannot be read any more. */
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
  read: (archive: UnpackedArchive) => FileTree,
): Promise<ArchiveTree> {
  const unpacked = await unpackArchive(path, options)
  try {
    return { tree: read(unpacked), release: () => unpacked.release() }
  } catch (error) {
    unpacked.release()
    throw error
  }
}

/** A tar that is packed and packed again and again is refused, as an archive that unpacks to itself would have no end. */
const MOST_PACKINGS = 3

/**
 * LayoutError when the file is missing, FormatError with the byte where what is in it cannot be unpacked, or is followed by
 * something else than zeros and further archives.
 */
export async function unpackArchive(path: string, options: UnpackOptions): Promise<UnpackedArchive> {
  readSourceFile(path, options.configPath)
  const unpacking = new Unpacking(options)
  try {
    const parts = await unpacking.partsOf(unpacking.open(path, { name: path }), 0)
    return { parts, release: () => unpacking.release() }
  } catch (error) {
    unpacking.release()
    throw error
  }
}

class Unpacking {
  readonly #options: UnpackOptions
  readonly #releases: (() => void)[] = []

  constructor(options: UnpackOptions) {
    this.#options = options
  }

  open(path: string, options: { readonly name: string; readonly isSpool?: boolean }): ArchiveFile {
    const archive = new ArchiveFile(path, options)
    this.#releases.push(() => archive.close())
    return archive
  }

  release(): void {
    for (const release of this.#releases.splice(0).reverse()) release()
  }

  async partsOf(source: ArchiveFile, packings: number): Promise<ArchivePart[]> {
    const { sizeBytes } = source
    const whole = { archive: source, start: 0, end: sizeBytes }
    const parts: ArchivePart[] = []
    for (let at = 0; at < sizeBytes; at = endOfZeros(source, at)) {
      const isPacked = codecAtOffset(source, at) !== undefined
      const isCpio = !isPacked && beginsCpio(source, at) && !isTar(source, at)
      if (!isPacked && !isCpio && parts.length === 0) return [whole]
      if (!isPacked && !isCpio) throw trailing(source, at)
      if (isCpio) {
        const end = endOfCpio(source, at)
        parts.push({ archive: source, start: at, end })
        at = end
      } else {
        if (packings === MOST_PACKINGS) throw new FormatError(`Cannot read "${source.name}": it is packed too often`)
        const spool = this.#spool(`${source.name}, unpacked`)
        at = await unpackStreams(source, at, { fd: spool.fd, ...this.#options })
        appendAll(parts, await this.partsOf(this.open(spool.path, { name: spool.name, isSpool: true }), packings + 1))
      }
      const other = parts.length > 1 ? parts.find((part) => !beginsCpio(part.archive, part.start)) : undefined
      if (other !== undefined) throw mixed(source, other, at)
    }
    return parts.length === 0 ? [whole] : parts
  }

  #spool(name: string): { readonly fd: number; readonly path: string; readonly name: string } {
    const { workFolder } = this.#options
    const { fd, path, release } = openSpool(typeof workFolder === 'string' ? workFolder : workFolder())
    this.#releases.push(release)
    return { fd, path, name }
  }
}

const TAR_HEAD_BYTES = 512

/** The first name in a tar may be any, also one that is the magic of a cpio. */
function isTar(source: ArchiveFile, offset: number): boolean {
  if (offset + TAR_HEAD_BYTES > source.sizeBytes) return false
  return beginsTar(source.read(offset, TAR_HEAD_BYTES, 'the beginning'), source.sizeBytes)
}

function trailing(source: ArchiveFile, offset: number): FormatError {
  const head = source.read(offset, Math.min(CODEC_HEAD_BYTES, source.sizeBytes - offset), 'what follows')
  const shown = displayName(byteStringFromBytes(head.slice()))
  return new FormatError(
    `Cannot read "${source.name}" at byte ${offset}: found "${shown}", expected zeros, a cpio or a compressed one after what comes before`,
    { details: { path: source.name, offset } },
  )
}

function mixed(source: ArchiveFile, { archive }: ArchivePart, end: number): FormatError {
  return new FormatError(
    `Cannot read "${source.name}": it is several archives up to byte ${end}, and "${archive.name}" is no cpio; only cpios may follow one another`,
    { details: { path: source.name, offset: end } },
  )
}

function openSpool(workFolder: string): UnnamedFile {
  try {
    return openUnnamedFile(workFolder)
  } catch (error) {
    const message = `Cannot make a temporary file in "${workFolder}": ${systemReason(error)}`
    throw new IoError(message, {
      hint: ELSEWHERE,
      details: { path: workFolder, errno: errnoOf(error) },
      cause: error,
    })
  }
}
