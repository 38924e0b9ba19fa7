/** Looking into images from the library and the command line: what needs programs, spool files and the file system of the host. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { FormatError, IoError, systemReason } from './errors.js'
import { makeCommandRunner } from './host/run-command.js'
import { type Extraction, extractNode } from './inspect/extract.js'
import { type OpenImage, openDiskImage } from './inspect/open-image.js'
import { MANIFEST_NAME, parseManifest } from './proof/manifest-schema.js'
import { readImageFile } from './readers/read-image-file.js'
import type { FileNode } from './tree/file-tree.js'

export { type Extraction, extractImage, tarOf } from './inspect/extract.js'
export { type Inspection, inspectImage } from './inspect/inspection.js'
export type { Content } from './inspect/open-content.js'
export type { OpenImage, OpenPartition } from './inspect/open-image.js'

export interface OpenImageOptions {
  /** Which file of a zip; default: its image. */
  readonly entry?: string | undefined
  /** What `-` reads. */
  readonly stdin?: Readable | undefined
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens an image in any format that `convert` reads, a bundle, or the folder that a build wrote; `-` is standard input. What is
 * compressed is unpacked into a spool file of TMPDIR, which goes with `close`. Rejects with FormatError for what is no image (a
 * damaged table or volume is no error here), IoError or InterruptedError.
 */
export async function openImage(path: string, options: OpenImageOptions = {}): Promise<OpenImage> {
  const { environment = process.env, entry, stdin, signal } = options
  const work = new WorkFolder()
  try {
    const opened = await readImageFile(imageInFolder(path), {
      workFolder: () => work.path(),
      runner: makeCommandRunner(environment),
      ...(entry !== undefined && { entry }),
      ...(stdin && { stdin }),
      ...(signal && { signal }),
    })
    const release = (): void => {
      opened.release()
      work.remove()
    }
    const name = path === '-' ? 'standard input' : path
    return openDiskImage(opened.image, { name, format: opened.format, release })
  } catch (error) {
    work.remove()
    throw error
  }
}

export interface ExtractOptions {
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Puts a node of a volume at `path` of the host: a folder with all that is in it, or one file. `path` must not be there yet, but
 * for a file that is replaced and an empty folder that is filled. Nothing outside it is touched whatever the image says. What
 * this user may not make or keep is in the notes. Rejects with FormatError, IoError or InterruptedError; nothing is left then.
 */
export function extract(node: FileNode, path: string, options: ExtractOptions = {}): Promise<Extraction> {
  const { environment = process.env, signal } = options
  return extractNode(node, path, { runner: makeCommandRunner(environment), signal })
}

/** A folder for spool files, made when the first one is. */
class WorkFolder {
  #path: string | undefined

  path(): string {
    this.#path ??= mkdtempSync(join(tmpdir(), 'diskloom-inspect-'))
    return this.#path
  }

  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
    this.#path = undefined
  }
}

/** Of a folder that a build wrote, the raw image or the bundle; every other path is itself. */
function imageInFolder(path: string): string {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path
  const manifestPath = join(path, MANIFEST_NAME)
  if (!existsSync(manifestPath)) {
    throw new FormatError(`Cannot read image "${path}": it is a folder without ${MANIFEST_NAME}, an image is expected`)
  }
  const { image, outputs } = parseManifest(readOrFail(manifestPath), manifestPath)
  const holders = [image.name, ...outputs.map((output) => output.path).filter((name) => IMAGE_HOLDER.test(name))]
  const found = holders.map((name) => join(path, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new IoError(`Cannot read image "${path}": none of ${holders.join(', ')} is there`, { details: { path } })
}

/** Outputs from which the whole disk can be read. */
const IMAGE_HOLDER = /\.(?:zip|gz|xz|zst|qcow2|simg)$/

function readOrFail(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new IoError(`Cannot read ${path}: ${systemReason(error)}`, { details: { path }, cause: error })
  }
}
