/** From a file in any format that images come in to the image value. */
import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DiskloomError, errnoOf, FormatError, InterruptedError, IoError, systemReason } from '../errors.js'
import { overlayImages } from '../image/compose.js'
import type { DiskImage } from '../image/extent.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { readAndroidSparse } from './android-sparse-image.js'
import { type ImageFormat, identify } from './identify.js'
import { ImageFile } from './image-file.js'
import { readQcow2 } from './qcow2-image.js'
import { rawImage, wholeFile } from './raw-image.js'
import { Spool } from './spool.js'
import { gunzipTo, unpackByProgram } from './unpack-stream.js'
import { unpackZipImage } from './zip-image.js'

export interface ImageReadOptions {
  /** An existing folder for spool files, asked for when the first one is needed: as much room as the image has content. */
  readonly workFolder: string | (() => string)
  /** Runs xz and zstd. */
  readonly runner: CommandRunner
  /** What `-` reads. */
  readonly stdin?: Readable
  /** The entry of a zip; default: its image. */
  readonly entry?: string
  /** What becomes of zeros in a raw image: they are found, at the cost of reading it once, or left as ranges of the file. Default `find`. */
  readonly zeros?: 'find' | 'leave'
  readonly signal?: AbortSignal
}

export interface OpenedImage {
  readonly image: DiskImage
  /** Outermost first: `['zst', 'raw']`. */
  readonly formats: readonly ImageFormat[]
  /** The same as text: `zst of raw`. */
  readonly format: string
  /** Lets go of what the image is read from. Call it when nothing reads the image any more; safe to call twice. */
  release(): void
}

/** An archive in an archive in an archive is somebody's joke. */
const MAX_NESTING = 3

/**
 * Reads what a path (or `-`, standard input) holds: raw, gz, xz, zst, zip, qcow2, Android sparse, and the last two packed
 * in one of the others; or several Android sparse files that a disk was split into. Compressed images are unpacked once.
 * Rejects with FormatError (damaged, or a format without a reader), IoError or InterruptedError.
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
    return { ...whole, format: whole.formats.join(' of '), release: () => reading.release() }
  } catch (error) {
    reading.release()
    throw error
  }
}

type ReadImage = Pick<OpenedImage, 'image' | 'formats'>

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
  return { image: overlayImages(before.image, part.image), formats: before.formats }
}

class Reading {
  readonly #options: ImageReadOptions
  readonly #releases: (() => void)[] = []

  constructor(options: ImageReadOptions) {
    this.#options = options
  }

  async read(path: string): Promise<ReadImage> {
    if (path === '-') return this.#read(await this.#spoolStream(this.#options.stdin ?? process.stdin, '-'), 0)
    const handle = await openForReading(path)
    try {
      const status = await handle.stat()
      if (status.isFIFO()) return this.#read(await this.#spoolStream(handle.createReadStream(), path), 0)
      if (!status.isFile()) {
        const what = status.isDirectory() ? 'a folder' : 'a device'
        throw new IoError(`Cannot read image "${path}": it is ${what}, a file is expected`, { details: { path } })
      }
    } finally {
      await handle.close().catch(() => {})
    }
    return this.#read(this.#open(path, { isSpool: false, name: path }), 0)
  }

  release(): void {
    for (const release of this.#releases.splice(0).reverse()) release()
  }

  async #read(file: ImageFile, depth: number): Promise<ReadImage> {
    const format = identify(file)
    switch (format) {
      case 'raw':
        return { image: this.#options.zeros === 'leave' ? wholeFile(file) : rawImage(file), formats: [format] }
      case 'qcow2':
        return { image: readQcow2(file, () => this.#spool()), formats: [format] }
      case 'android-sparse':
        return { image: readAndroidSparse(file), formats: [format] }
      default: {
        if (depth === MAX_NESTING) throw new FormatError(`Cannot read image "${file.name}": it is packed too often`)
        const { image, formats } = await this.#read(await this.#unpack(file, format), depth + 1)
        return { image, formats: [format, ...formats] }
      }
    }
  }

  async #unpack(file: ImageFile, format: 'gz' | 'xz' | 'zst' | 'zip'): Promise<ImageFile> {
    const { signal, runner, entry } = this.#options
    const spool = this.#spool()
    if (format === 'gz') await gunzipTo(spool, file, signal)
    else if (format === 'zip') await unpackZipImage(file, spool, { entry, signal })
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
