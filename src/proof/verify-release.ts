/**
 * Whether a release is what was built and signed: the signature vouches for the manifest, the manifest for every other file,
 * for each partition and for the table. Nothing is asked of a network.
 */
import { createHash, type KeyObject } from 'node:crypto'
import { closeSync, createReadStream, lstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readZipStream, type ZipStreamEntry } from '../archives/zip/read-zip-stream.js'
import {
  DifferenceError,
  DiskloomError,
  errnoOf,
  FormatError,
  InterruptedError,
  IoError,
  type Problem,
  systemReason,
} from '../errors.js'
import { MANIFEST_NAME, SIGNATURE_NAME, SIGNATURE_NAMES } from './manifest-names.js'
import { type Manifest, parseManifest } from './manifest-schema.js'
import { isSignedBy, SIGNATURE_BYTES } from './signatures.js'
import { SparseSpool } from './sparse-spool.js'
import { checkSums, type FoundFile, SUMS_NAME } from './sums.js'
import { ImageVerification, verifyImageFile, verifyPieceFile } from './verify-image.js'
import { readZipMember } from './zip-member.js'

export interface VerifyOptions {
  /** Ed25519; without it nothing says who made the release. */
  readonly key?: KeyObject | undefined
  readonly signal?: AbortSignal | undefined
}

export interface VerifiedRelease {
  readonly manifest: Manifest
  /** Whether a key vouched for the manifest. */
  readonly signed: boolean
  /** Files whose content was compared, the image among them; sorted. */
  readonly files: readonly string[]
}

/** A manifest of 500,000 files has 80 MB. */
const MAX_SMALL_FILE_BYTES = 256 << 20
/** Files that no manifest can hold the sum of. */
const UNLISTED = new Set([MANIFEST_NAME, SUMS_NAME, ...SIGNATURE_NAMES])

/**
 * `path`: a bundle, or the folder that a build wrote. Throws DifferenceError with everything that is not as the manifest
 * says; FormatError for what is neither; IoError where it cannot be read.
 */
export async function verifyRelease(path: string, options: VerifyOptions = {}): Promise<VerifiedRelease> {
  if (statOf(path).isDirectory()) return verifyFolder(path, options)
  const fd = openSync(path, 'r')
  try {
    // Ahead of the pass, so that the image need not be kept until its manifest comes.
    const early = readZipMember(path, MANIFEST_NAME, MAX_SMALL_FILE_BYTES)
    const input = createReadStream('', { fd, start: 0, autoClose: false, highWaterMark: 1 << 20 })
    return await verifyBundleStream(input, path, { ...options, early: early && manifestOrNothing(early) })
  } finally {
    closeSync(fd)
  }
}

export interface VerifyStreamOptions extends VerifyOptions {
  /** The manifest as it seems to be; the one that comes in the stream must be the same. */
  readonly early?: { readonly bytes: Uint8Array; readonly manifest: Manifest } | undefined
}

/** A bundle front to back, as from standard input; `name` is for messages. Errors as `verifyRelease`. */
export async function verifyBundleStream(
  input: AsyncIterable<Uint8Array>,
  name: string,
  options: VerifyStreamOptions = {},
): Promise<VerifiedRelease> {
  const findings: Problem[] = []
  const bundle = new BundlePass(options)
  try {
    for await (const entry of readZipStream(input, name)) {
      if (options.signal?.aborted) throw new InterruptedError()
      await bundle.entry(entry)
    }
    if (bundle.small.get(MANIFEST_NAME) === undefined) {
      throw new DifferenceError([...findings, { message: `Cannot verify ${name}: there is no ${MANIFEST_NAME} in it` }])
    }
    const { manifest, signed } = readManifest(bundle.small, `${MANIFEST_NAME} of ${name}`, options.key, findings)
    await bundle.image(manifest, findings, options.signal)
    compareFiles(manifest, bundle.found, findings)
    for (const path of bundle.found.keys()) {
      if (!UNLISTED.has(path) && !manifest.outputs.some((output) => output.path === path)) {
        findings.push({ message: `Cannot verify ${path}: ${MANIFEST_NAME} does not name it` })
      }
    }
    compareSums(bundle.small, bundle.found, findings)
    return finish(manifest, signed, bundle.found.keys(), findings)
  } catch (error) {
    // Where it begins like no zip it is another file. Everything later is damage, or was put there.
    if (error instanceof FormatError && (bundle.found.size > 0 || error.details?.structure !== undefined))
      throw new DifferenceError([...findings, ...error.problems], { cause: error })
    throw error
  } finally {
    bundle.close()
  }
}

/** What one pass over the archive gathers. */
class BundlePass {
  readonly found = new Map<string, FoundFile>()
  /** Files that are read here, whole. */
  readonly small = new Map<string, Uint8Array>()
  readonly #options: VerifyStreamOptions
  #spool: SparseSpool | undefined
  #early: { readonly verification: ImageVerification; readonly problems: Problem[] } | undefined

  constructor(options: VerifyStreamOptions) {
    this.#options = options
  }

  /** The image is the first entry. */
  async entry(entry: ZipStreamEntry): Promise<void> {
    const { name, sizeBytes, content } = entry
    if (this.found.size === 0) {
      // Known from here on, so that damage within it is told as such.
      this.found.set(name, { sizeBytes })
      this.found.set(name, { sizeBytes, sha256: await this.#imageEntry(entry) })
    } else if (UNLISTED.has(name)) {
      const bytes = await collect(content, name, sizeBytes)
      this.small.set(name, bytes)
      this.found.set(name, { sizeBytes, sha256: createHash('sha256').update(bytes).digest('hex') })
    } else {
      const hash = createHash('sha256')
      for await (const piece of content) hash.update(piece)
      this.found.set(name, { sizeBytes, sha256: hash.digest('hex') })
    }
  }

  /** The plain SHA-256 where the manifest has one to compare it with. */
  async #imageEntry({ name, sizeBytes, content }: ZipStreamEntry): Promise<string | undefined> {
    const { early, signal } = this.#options
    const usable =
      early !== undefined && early.manifest.image.name === name && early.manifest.image.size_bytes === sizeBytes
    const verification = usable ? new ImageVerification(early.manifest) : undefined
    const hash = usable && early.manifest.image.sha256 === undefined ? undefined : createHash('sha256')
    if (verification === undefined) this.#spool = SparseSpool.create(sizeBytes)
    let at = 0
    for await (const piece of content) {
      if (signal?.aborted) throw new InterruptedError()
      if (verification === undefined) this.#spool!.write(at, piece)
      else verification.update(at, piece)
      hash?.update(piece)
      at += piece.length
    }
    if (verification !== undefined) this.#early = { verification, problems: verification.finish() }
    return hash?.digest('hex')
  }

  /** Judges the image by the manifest that came with it. */
  async image(manifest: Manifest, findings: Problem[], signal: AbortSignal | undefined): Promise<void> {
    const [first] = this.found.keys()
    if (first !== manifest.image.name) {
      findings.push({ message: `Cannot verify ${manifest.image.name}: the first entry is ${first}` })
      return
    }
    const { sizeBytes } = this.found.get(first)!
    // compareFiles tells.
    if (sizeBytes !== manifest.image.size_bytes) return
    const sameManifest = Buffer.from(this.#options.early?.bytes ?? []).equals(this.small.get(MANIFEST_NAME)!)
    if (this.#early !== undefined) {
      if (!sameManifest)
        findings.push({ message: `Cannot verify ${first}: the archive lists another ${MANIFEST_NAME} than it holds` })
      findings.push(...this.#early.problems)
    } else {
      findings.push(...(await verifyImageFile(this.#spool!.fd, first, manifest, signal)))
    }
  }

  close(): void {
    this.#spool?.close()
  }
}

async function verifyFolder(folder: string, { key, signal }: VerifyOptions): Promise<VerifiedRelease> {
  const findings: Problem[] = []
  const small = new Map<string, Uint8Array>()
  const found = new Map<string, FoundFile>()
  for (const name of UNLISTED) {
    const path = join(folder, name)
    const size = lstatSync(path, { throwIfNoEntry: false })?.size
    if (size === undefined) continue
    const bytes = readFile(path)
    small.set(name, bytes)
    found.set(name, { sizeBytes: size, sha256: createHash('sha256').update(bytes).digest('hex') })
  }
  if (!small.has(MANIFEST_NAME)) {
    throw new FormatError(
      `Cannot verify ${folder}: there is no ${MANIFEST_NAME} in it, a folder that a build wrote is expected`,
    )
  }
  const { manifest, signed } = readManifest(small, join(folder, MANIFEST_NAME), key, findings)
  for (const { path, sha256, size_bytes, start_byte } of manifest.outputs) {
    const isImage = path === manifest.image.name
    const file = join(folder, path)
    const stats = statSync(file, { throwIfNoEntry: false })
    if (stats === undefined || !stats.isFile()) continue
    found.set(path, { sizeBytes: stats.size, sha256: sha256 && (await digestOfFile(file, signal)) })
    if (stats.size !== size_bytes || (!isImage && start_byte === undefined)) continue
    const fd = openSync(file, 'r')
    try {
      findings.push(
        ...(isImage
          ? await verifyImageFile(fd, file, manifest, signal)
          : await verifyPieceFile({ fd, path: file, sizeBytes: size_bytes }, start_byte!, manifest, signal)),
      )
    } finally {
      closeSync(fd)
    }
  }
  compareFiles(manifest, found, findings)
  compareSums(small, found, findings)
  return finish(manifest, signed, found.keys(), findings)
}

function readManifest(
  small: ReadonlyMap<string, Uint8Array>,
  source: string,
  key: KeyObject | undefined,
  findings: Problem[],
): { manifest: Manifest; signed: boolean } {
  const bytes = small.get(MANIFEST_NAME)!
  const signature = small.get(SIGNATURE_NAME)
  if (key !== undefined) {
    if (signature === undefined) {
      findings.push({ message: `Cannot verify ${source}: it is not signed, there is no ${SIGNATURE_NAME} beside it` })
    } else if (signature.length !== SIGNATURE_BYTES) {
      findings.push({
        message: `Cannot verify ${source}: ${SIGNATURE_NAME} has ${signature.length} bytes, ${SIGNATURE_BYTES} are expected`,
      })
    } else if (!isSignedBy(bytes, signature, key)) {
      findings.push({
        message: `Cannot verify ${source}: ${SIGNATURE_NAME} is no signature of it by this key`,
        hint: 'Either the manifest was changed after it was signed, or another key signed it.',
      })
    }
    // An unvouched manifest can say anything; comparing files with it would prove nothing.
    if (findings.length > 0) throw new DifferenceError(findings)
  }
  return { manifest: parseManifest(bytes, source), signed: key !== undefined }
}

function compareFiles(manifest: Manifest, found: ReadonlyMap<string, FoundFile>, findings: Problem[]): void {
  for (const { path, size_bytes, sha256, start_byte } of manifest.outputs) {
    const file = found.get(path)
    if (sha256 === undefined && start_byte === undefined && path !== manifest.image.name) {
      findings.push({ message: `Cannot verify ${path}: ${MANIFEST_NAME} has no SHA-256 of it` })
    }
    if (file === undefined) {
      // A release may come without its raw image, when the bundle holds it; whoever has none cannot burn it.
      if (path !== manifest.image.name) findings.push({ message: `Cannot verify ${path}: it is not there` })
    } else if (file.sizeBytes !== size_bytes) {
      findings.push({ message: `Cannot verify ${path}: it has ${file.sizeBytes} bytes, ${size_bytes} are expected` })
    } else if (sha256 !== undefined && file.sha256 !== undefined && file.sha256 !== sha256) {
      findings.push({ message: `Cannot verify ${path}: its SHA-256 is ${file.sha256}, ${sha256} is expected` })
    }
  }
}

function compareSums(
  small: ReadonlyMap<string, Uint8Array>,
  found: ReadonlyMap<string, FoundFile>,
  findings: Problem[],
): void {
  const sums = small.get(SUMS_NAME)
  if (sums === undefined) findings.push({ message: `Cannot verify ${SUMS_NAME}: it is not there` })
  // A file that differs from the manifest differs from the sums too; that is one finding, told once.
  else if (findings.length === 0) findings.push(...checkSums(Buffer.from(sums).toString('utf8'), found))
}

function finish(
  manifest: Manifest,
  signed: boolean,
  files: Iterable<string>,
  findings: readonly Problem[],
): VerifiedRelease {
  if (findings.length > 0) throw new DifferenceError(findings)
  return { manifest, signed, files: [...files].sort() }
}

async function collect(content: AsyncIterable<Uint8Array>, name: string, sizeBytes: number): Promise<Buffer> {
  if (sizeBytes > MAX_SMALL_FILE_BYTES) {
    throw new FormatError(
      `Cannot read ${name}: it has ${sizeBytes} bytes, at most ${MAX_SMALL_FILE_BYTES} are accepted`,
    )
  }
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece.slice())
  return Buffer.concat(pieces)
}

function manifestOrNothing(bytes: Uint8Array): VerifyStreamOptions['early'] {
  try {
    return { bytes, manifest: parseManifest(bytes, MANIFEST_NAME) }
  } catch (error) {
    if (error instanceof DiskloomError) return undefined
    throw error
  }
}

async function digestOfFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
      if (signal?.aborted) throw new InterruptedError()
      hash.update(piece as Uint8Array)
    }
  } catch (error) {
    throw error instanceof DiskloomError ? error : unreadable(path, error)
  }
  return hash.digest('hex')
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function statOf(path: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): IoError {
  return new IoError(`Cannot read ${path}: ${systemReason(error)}`, {
    details: { path, errno: errnoOf(error) },
    cause: error,
  })
}
