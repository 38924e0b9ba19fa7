/**
 * Whether a release is what was built and signed: the signature vouches for the manifest, the manifest for every other file,
 * for each partition and for the table. Nothing is asked of a network.
 */

import { createHash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readZipStream, type ZipStreamEntry } from '../archives/zip/read-zip-stream.js'
import { appendAll } from '../bytes/append-all.js'
import { DifferenceError, DiskloomError, FormatError, InterruptedError, type Problem } from '../errors.js'
import { temporaryFolder } from '../scratch/work-folder.js'
import type { NamedBmap } from './bmap-check.js'
import { compareRelease, UNLISTED } from './compare-release.js'
import { MANIFEST_NAME } from './manifest-names.js'
import { type Manifest, parseManifest } from './manifest-schema.js'
import { addBmap, isAdded, isBmapName } from './read-bmaps.js'
import { statOf } from './read-release-file.js'
import { readSignedManifest } from './signed-manifest.js'
import { SparseSpool } from './sparse-spool.js'
import type { FoundFile } from './sums.js'
import { uncheckedSignatures } from './unchecked-signatures.js'
import type { VerifiedRelease, VerifyOptions } from './verified-release.js'
import { verifyFileBeside, verifyFolder } from './verify-folder.js'
import { ImageVerification, verifyImageFile } from './verify-image.js'
import { isZipFile, readZipMember } from './zip-member.js'

export type { VerifiedRelease, VerifyOptions } from './verified-release.js'

/** A manifest of 500,000 files has 80 MB. */
const MAX_SMALL_FILE_BYTES = 256 << 20

/**
 * `path`: a bundle, the folder that a build wrote, or one of its files beside the manifest. Throws DifferenceError with everything that is not as the manifest
 * says; FormatError for what is neither; IoError where it cannot be read.
 */
export async function verifyRelease(path: string, options: VerifyOptions = {}): Promise<VerifiedRelease> {
  const stats = statOf(path)
  if (stats.isDirectory()) return verifyFolder(path, options)
  if (stats.isFile() && !isZipFile(path) && existsSync(join(dirname(path), MANIFEST_NAME)))
    return verifyFileBeside(path, options)
  const fd = openSync(path, 'r')
  try {
    // Ahead of the pass, so that the image need not be kept until its manifest comes.
    const bytes = readZipMember(path, MANIFEST_NAME, MAX_SMALL_FILE_BYTES)
    const early = bytes && manifestOrNothing(bytes)
    const maps = early?.manifest.outputs.flatMap(({ path: name }): readonly (readonly [string, Uint8Array])[] => {
      const map = isBmapName(name) ? readZipMember(path, name, MAX_SMALL_FILE_BYTES) : undefined
      return map === undefined ? [] : [[name, map]]
    })
    const input = createReadStream('', { fd, start: 0, autoClose: false, highWaterMark: 1 << 20 })
    return await verifyBundleStream(input, path, { ...options, early: early && { ...early, maps: new Map(maps) } })
  } finally {
    closeSync(fd)
  }
}

export interface VerifyStreamOptions extends VerifyOptions {
  /** The manifest as it seems to be; the one that comes in the stream must be the same. */
  readonly early?: EarlyFiles | undefined
}

interface EarlyFiles {
  readonly bytes: Uint8Array
  readonly manifest: Manifest
  /** Block maps of the archive. */
  readonly maps: ReadonlyMap<string, Uint8Array>
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
    const source = `${MANIFEST_NAME} of ${name}`
    const { manifest, signed } = readSignedManifest(bundle.small, source, options.key, findings)
    await bundle.image(manifest, findings, options.signal)
    for (const path of bundle.found.keys()) {
      if (!UNLISTED.has(path) && !manifest.outputs.some((output) => output.path === path)) {
        findings.push({ message: `Cannot verify ${path}: ${MANIFEST_NAME} does not name it` })
      }
    }
    appendAll(findings, compareRelease({ ...bundle, manifest, key: options.key }))
    if (findings.length > 0) throw new DifferenceError(findings)
    const unchecked = uncheckedSignatures(bundle.found.keys(), options.key, manifest)
    return {
      manifest,
      signed,
      files: [...bundle.found.keys()].sort(),
      partitions: manifest.partitions.length,
      missing: [],
      unvouched: [],
      unchecked,
    }
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
  readonly #maps = new Map<string, Uint8Array>()
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
    } else if (UNLISTED.has(name) || isBmapName(name)) {
      const bytes = await collect(content, name, sizeBytes)
      if (UNLISTED.has(name)) this.small.set(name, bytes)
      else this.#maps.set(name, bytes)
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
    // A map that cannot be read is a finding at the end.
    const verification = usable
      ? new ImageVerification(early.manifest, 'zeros', mapsOf(early.maps, early.manifest, []))
      : undefined
    const hash = usable && early.manifest.image.sha256 === undefined ? undefined : createHash('sha256')
    if (verification === undefined) {
      this.#spool = SparseSpool.create(sizeBytes, temporaryFolder(this.#options.environment ?? process.env))
    }
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
    const maps = mapsOf(this.#maps, manifest, findings)
    // compareFiles tells.
    if (sizeBytes !== manifest.image.size_bytes) return
    const sameManifest = Buffer.from(this.#options.early?.bytes ?? []).equals(this.small.get(MANIFEST_NAME)!)
    if (this.#early !== undefined) {
      if (!sameManifest)
        findings.push({ message: `Cannot verify ${first}: the archive lists another ${MANIFEST_NAME} than it holds` })
      appendAll(findings, this.#early.problems)
      appendAll(findings, changedMaps(this.#options.early!.maps, this.#maps))
    } else {
      appendAll(
        findings,
        await this.#spool!.read((file) => verifyImageFile(file, manifest, { unspecified: 'zeros', maps, signal })),
      )
    }
  }

  close(): void {
    this.#spool?.close()
  }
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

/** Maps that cannot be read are in `findings`. */
function mapsOf(files: EarlyFiles['maps'], manifest: Manifest, findings: Problem[]): NamedBmap[] {
  const maps: NamedBmap[] = []
  for (const [name, bytes] of files) if (!isAdded(name, manifest)) addBmap(maps, findings, name, bytes)
  return maps
}

/** Returns a finding for each map that the pass found to be another than the archive's directory leads to. */
function changedMaps(early: EarlyFiles['maps'], found: EarlyFiles['maps']): Problem[] {
  return [...found]
    .filter(([name, bytes]) => !Buffer.from(early.get(name) ?? []).equals(bytes))
    .map(([name]) => ({ message: `Cannot verify ${name}: the archive lists another ${name} than it holds` }))
}

function manifestOrNothing(bytes: Uint8Array): Pick<EarlyFiles, 'bytes' | 'manifest'> | undefined {
  try {
    return { bytes, manifest: parseManifest(bytes, MANIFEST_NAME) }
  } catch (error) {
    if (error instanceof DiskloomError) return undefined
    throw error
  }
}
