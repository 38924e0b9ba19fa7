/** From a file in any format that images come in to the image value. */
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DiskloomError, errnoOf, FormatError, InterruptedError, IoError, systemReason, UsageError } from '../errors.js'
import { overlayImages } from '../image/compose.js'
import type { DiskImage } from '../image/extent.js'
import { type ImageVerdict, judgeImage } from '../recognition/judge-image.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { readAndroidSparse } from './android-sparse-image.js'
import type { ArchiveMember } from './archive-member.js'
import { chooseMember } from './choose-member.js'
import { copyImageTo } from './copy-image.js'
import { formatOfHead, type ImageFormat, identify, isArchive, type PackedFormat } from './identify.js'
import { ImageFile } from './image-file.js'
import { readQcow2 } from './qcow2-image.js'
import { holesOfFile, rawImage, wholeFile, withZerosFound } from './raw-image.js'
import { assertDemand, type Demand } from './refuse-image.js'
import { Spool } from './spool.js'
import { type TarMember, tarMembers } from './tar-image.js'
import { gunzipTo, unpackByProgram } from './unpack-stream.js'
import { MANIFEST, MAX_MANIFEST_BYTES, nameInMeta, parseVouching, type Vouching, vouchingBeside } from './vouching.js'
import { type ZippedFile, zippedFiles } from './zip-image.js'

export interface ImageReadOptions {
  /**
   * An existing folder for spool files, asked for when the first one is needed: as much room as the
   * image has content.
   */
  readonly workFolder: string | (() => string)
  /** Runs xz, zstd and bzip2. */
  readonly runner: CommandRunner
  /** What `-` reads. */
  readonly stdin?: Readable
  /** The file of a zip or tar; default: its image. UsageError where there is no archive. */
  readonly entry?: string | undefined
  /** What the image must be; default `proof`. */
  readonly demand?: Demand
  /**
   * What becomes of zeros in a raw image: they are found, at the cost of reading it once, left as
   * ranges of the file, or found only where the file has holes, which costs nothing. Default `find`.
   */
  readonly zeros?: 'find' | 'leave' | 'holes'
  readonly signal?: AbortSignal
}

export interface OpenedImage {
  readonly image: DiskImage
  /** Outermost first: `['zst', 'raw']`. */
  readonly formats: readonly ImageFormat[]
  /** The same as text: `zst of raw`. */
  readonly format: string
  /** What it is, and what proves that. */
  readonly verdict: ImageVerdict
  /**
   * Lets go of what the image is read from. Call it when nothing reads the image any more; safe to
   * call twice.
   */
  release(): void
}

/** An archive in an archive in an archive is somebody's joke. */
const MAX_NESTING = 3

/**
 * Reads what a path (or `-`, standard input) holds: raw, qcow2, Android sparse; these in gz, xz,
 * zst, bz2, lzma or lzip, and in a zip or tar, which may be packed again; or several Android sparse
 * files that a disk was split into. Compressed images are unpacked once, a tar's stay in it.
 * Rejects with FormatError (damaged, without a reader, or not what `demand` asks), IoError,
 * UsageError (`entry` without an archive) or InterruptedError.
 */
export async function readImageFile(
  paths: string | readonly string[],
  options: ImageReadOptions,
): Promise<OpenedImage> {
  const reading = new Reading(options)
  try {
    const list = typeof paths === 'string' ? [paths] : paths
    let whole = await reading.read(list[0]!)
    for (const path of list.slice(1)) whole = joinSplit(whole, await reading.read(path), path)
    const { image, formats, isVouched } = whole
    if (options.entry !== undefined && !formats.some(isArchive)) throw noArchive(list[0]!, options.entry, formats)
    const name = list[0] === '-' ? 'standard input' : list[0]!
    const verdict = judgeImage(image, name)
    const { demand = 'proof' } = options
    assertDemand(verdict, { name, sizeBytes: image.sizeBytes, demand, isVouched })
    return { image, formats, format: formats.join(' of '), verdict, release: () => reading.release() }
  } catch (error) {
    reading.release()
    throw error
  }
}

function noArchive(path: string, entry: string, formats: readonly ImageFormat[]): UsageError {
  return new UsageError(
    `Cannot read "${entry}" of "${path}": it is ${formats.join(' of ')}, a zip or a tar has members`,
  )
}

interface ReadImage extends Pick<OpenedImage, 'image' | 'formats'> {
  /** Whether a manifest names it. */
  isVouched(): boolean
}

const notVouched = (): boolean => false

/** The parts of a split set cover the same disk; what one leaves out, another has. */
function joinSplit(before: ReadImage, part: ReadImage, path: string): ReadImage {
  if ([before, part].some(({ formats }) => formats.at(-1) !== 'android-sparse')) {
    throw new FormatError(`Cannot join "${path}" to what stands before it: only Android sparse files come in parts`)
  }
  if (before.image.sizeBytes !== part.image.sizeBytes) {
    throw new FormatError(
      `Cannot join "${path}" to what stands before it: it is of a disk of ${part.image.sizeBytes} bytes, ${before.image.sizeBytes} are expected`,
    )
  }
  return { ...before, image: overlayImages(before.image, part.image) }
}

class Reading {
  readonly #options: ImageReadOptions
  readonly #releases: (() => void)[] = []

  constructor(options: ImageReadOptions) {
    this.#options = options
  }

  async read(path: string): Promise<ReadImage> {
    if (path === '-') return this.#read(await this.#spoolStream(this.#options.stdin ?? process.stdin, '-'), [])
    const handle = await openForReading(path)
    try {
      const status = await handle.stat()
      if (status.isFIFO()) return this.#read(await this.#spoolStream(handle.createReadStream(), path), [])
      if (!status.isFile()) {
        const what = status.isDirectory() ? 'a folder' : 'a device'
        throw new IoError(`Cannot read image "${path}": it is ${what}, a file is expected`, { details: { path } })
      }
    } finally {
      await handle.close().catch(() => {})
    }
    const file = this.#open(path, { isSpool: false, name: path })
    const beside = once(() => vouchingBeside(path))
    const name = basename(path)
    // A raw image may begin with what looks like a packed one: the first partition of a disk without a table, for instance.
    const isRawImage = identify(file) !== 'raw' && isImageOf(beside(), name, file.sizeBytes)
    const read = isRawImage ? await this.#raw(file) : await this.#read(file, [])
    // Outputs are pictures, lists and partitions as well: only what gives the image's size is one.
    const isNamed = (): boolean =>
      read.image.sizeBytes === beside()?.image.sizeBytes &&
      (isImageOf(beside(), name, file.sizeBytes) || beside()?.outputs.get(name) === file.sizeBytes)
    return { ...read, isVouched: () => read.isVouched() || isNamed() }
  }

  release(): void {
    for (const release of this.#releases.splice(0).reverse()) release()
  }

  /** `above`: what it was packed in. */
  async #read(file: ImageFile, above: readonly ImageFormat[]): Promise<ReadImage> {
    const format = identify(file)
    if (above.length > MAX_NESTING) throw new FormatError(`Cannot read image "${file.name}": it is packed too often`)
    switch (format) {
      case 'raw':
        return this.#raw(file)
      case 'qcow2':
        return { image: readQcow2(file, () => this.#spool()), formats: [format], isVouched: notVouched }
      case 'android-sparse':
        return { image: readAndroidSparse(file), formats: [format], isVouched: notVouched }
      case 'tar':
        // Asked for as it is, a tar is bytes: some people write one to a device.
        return this.#options.demand === 'nothing' ? this.#raw(file) : this.#tar(file, above)
      case 'zip':
        return this.#zip(file, above)
      default:
        return this.#within(format, await this.#unpack(file, format), above)
    }
  }

  async #raw(file: ImageFile): Promise<ReadImage> {
    const { zeros } = this.#options
    const image =
      zeros === 'leave'
        ? wholeFile(file)
        : zeros === 'holes'
          ? await holesOfFile(file, this.#options)
          : await rawImage(file, this.#options)
    return { image, formats: ['raw'], isVouched: notVouched }
  }

  async #within(format: ImageFormat, file: ImageFile, above: readonly ImageFormat[]): Promise<ReadImage> {
    const { image, formats, isVouched } = await this.#read(file, [...above, format])
    return { image, formats: [format, ...formats], isVouched }
  }

  async #zip(file: ImageFile, above: readonly ImageFormat[]): Promise<ReadImage> {
    const members = zippedFiles(file)
    const vouching = vouchingIn(members)
    const named = vouching?.image.name ?? nameInBundle(members)
    const member = await this.#choose(file, members, named, above)
    const spool = this.#spool()
    await member.unpackTo(spool, this.#options.signal)
    const unpacked = this.#open(spool.path, { isSpool: true, name: file.name })
    if (!isImageOf(vouching, member.name, member.sizeBytes)) return this.#within('zip', unpacked, above)
    return { ...(await this.#raw(unpacked)), formats: ['zip', 'raw'], isVouched: () => true }
  }

  /** The image stays in the archive, but for one that is packed once more. */
  async #tar(file: ImageFile, above: readonly ImageFormat[]): Promise<ReadImage> {
    const member = await this.#choose<TarMember>(file, tarMembers(file), undefined, above)
    const content = member.content()
    const format = formatOfHead(await member.head(HEAD_BYTES))
    if (format === 'raw') {
      const image =
        this.#options.zeros === 'leave' || this.#options.zeros === 'holes' ? content : withZerosFound(content)
      return { image, formats: ['tar', 'raw'], isVouched: notVouched }
    }
    const spool = this.#spool()
    copyImageTo(spool, content, this.#options.signal)
    return this.#within('tar', this.#open(spool.path, { isSpool: true, name: file.name }), above)
  }

  /** The member that was asked for is one of the outermost archive. */
  #choose<M extends ArchiveMember>(
    file: ImageFile,
    members: readonly M[],
    named: string | undefined,
    above: readonly ImageFormat[],
  ): Promise<M> {
    const wanted = above.some(isArchive) ? undefined : this.#options.entry
    return chooseMember(members, { archive: file.name, wanted, named })
  }

  async #unpack(file: ImageFile, format: PackedFormat): Promise<ImageFile> {
    const { signal, runner } = this.#options
    const spool = this.#spool()
    if (format === 'gz') await gunzipTo(spool, file, signal)
    else await unpackByProgram(spool, file, format, { runner, signal })
    return this.#open(spool.path, { isSpool: true, name: file.name })
  }

  async #spoolStream(stream: Readable, name: string): Promise<ImageFile> {
    const { signal } = this.#options
    const spool = this.#spool()
    try {
      await pipeline(stream, spool.stream(`"${name}"`), signal === undefined ? {} : { signal })
    } catch (error) {
      if (signal?.aborted === true) throw new InterruptedError()
      if (error instanceof DiskloomError) throw error
      throw new IoError(`Cannot read image "${name}": ${systemReason(error)}`, { cause: error })
    }
    return this.#open(spool.path, { isSpool: true, name: name === '-' ? 'standard input' : name })
  }

  #spool(): Spool {
    const { workFolder } = this.#options
    const spool = new Spool(typeof workFolder === 'string' ? workFolder : workFolder())
    this.#releases.push(() => spool.release())
    return spool
  }

  #open(path: string, options: { readonly isSpool: boolean; readonly name: string }): ImageFile {
    const file = new ImageFile(path, options)
    this.#releases.push(() => file.close())
    return file
  }
}

/** The first block says what is in a tar's member. */
const HEAD_BYTES = 512

function isImageOf(vouching: Vouching | undefined, name: string, sizeBytes: number): boolean {
  return vouching !== undefined && vouching.image.name === name && vouching.image.sizeBytes === sizeBytes
}

function vouchingIn(members: readonly ZippedFile[]): Vouching | undefined {
  const bytes = members.find(({ name }) => name === MANIFEST)?.small(MAX_MANIFEST_BYTES)
  return bytes && parseVouching(bytes)
}

const META_NAME = '.meta/manifest.json'
const MAX_META_BYTES = 1 << 20

function nameInBundle(members: readonly ZippedFile[]): string | undefined {
  const bytes = members.find(({ name }) => name === META_NAME)?.small(MAX_META_BYTES)
  return bytes && nameInMeta(bytes)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw new IoError(`Cannot read image "${path}": ${systemReason(error)}`, {
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  }
}
