/** A raw image against its manifest: what it specifies, its partition table, and zeros where nothing is specified. */
import { readSync } from 'node:fs'
import { basename } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InterruptedError, IoError, type Problem, systemReason } from '../errors.js'
import { BmapSums, type NamedBmap } from './bmap-check.js'
import { ImageCheck, type SpecifiedRun } from './image-check.js'
import { KeptBytes } from './kept-bytes.js'
import type { Manifest } from './manifest-schema.js'
import { checkTable } from './table-check.js'
import { type CheckedFile, leftoverOfFile, UnspecifiedCheck, unspecifiedStretches } from './unspecified.js'

const CHUNK_BYTES = 1 << 20

/** Whether bytes that the manifest does not specify must be zeros, or are not looked at. */
export type Unspecified = 'zeros' | 'any'

/** Takes the bytes of an image in ascending order and gives what is wrong with them. */
export class ImageVerification {
  readonly #manifest: Manifest
  readonly #kept: KeptBytes
  readonly #unspecified: UnspecifiedCheck | undefined
  readonly #sums: readonly BmapSums[]
  readonly check: ImageCheck

  /**
   * With `unspecified: 'zeros'` all bytes must be given, otherwise those of `check.specifiedRuns()`. `maps` are compared with
   * the manifest and with the bytes on the way.
   */
  constructor(manifest: Manifest, unspecified: Unspecified, maps: readonly NamedBmap[] = []) {
    this.#manifest = manifest
    this.check = new ImageCheck(manifest)
    this.#sums = maps.map((map) => new BmapSums(map, manifest))
    this.#kept = new KeptBytes(manifest)
    this.#unspecified = unspecified === 'zeros' ? new UnspecifiedCheck(manifest) : undefined
  }

  update(offset: number, bytes: Uint8Array): void {
    this.check.update(offset, bytes)
    this.#kept.update(offset, bytes)
    this.#unspecified?.update(offset, bytes)
    for (const sums of this.#sums) sums.update(offset, bytes)
  }

  finish(): Problem[] {
    const left = this.#unspecified?.finish() ?? []
    const ofMaps = this.#sums.flatMap((sums) => sums.finish())
    return [...this.check.finish(), ...left, ...ofMaps, ...checkTable(this.#manifest, this.#kept.image())]
  }
}

export interface VerifyFileOptions {
  readonly unspecified: Unspecified
  /** Block maps of the image, which are compared on the way. */
  readonly maps?: readonly NamedBmap[]
  readonly signal?: AbortSignal | undefined
}

/** Reads an image from an open file of the right size; `file.path` is for messages too. */
export async function verifyImageFile(
  file: Pick<CheckedFile, 'fd' | 'path'>,
  manifest: Manifest,
  { unspecified, maps, signal }: VerifyFileOptions,
): Promise<Problem[]> {
  const { fd, path } = file
  const verification = new ImageVerification(manifest, 'any', maps)
  await feed(verification.check.specifiedRuns(), signal, (at, part) => {
    readFully(fd, path, part, at)
    verification.update(at, part)
  })
  const findings = verification.finish()
  if (unspecified === 'any') return findings
  const whole = { ...file, sizeBytes: manifest.image.size_bytes, startByte: 0 }
  return [...findings, ...leftoverOfFile(whole, unspecifiedStretches(manifest.stretches), manifest)]
}

/**
 * The file of one partition (`split`) against the stretch that begins at its `startByte` of the disk. Errors and findings as
 * `verifyImageFile`.
 */
export async function verifyPieceFile(
  file: CheckedFile,
  manifest: Manifest,
  { unspecified, signal }: VerifyFileOptions,
): Promise<Problem[]> {
  const { fd, path, sizeBytes, startByte } = file
  const stretch = manifest.stretches.find(({ start_byte }) => start_byte === startByte)
  if (stretch === undefined)
    return [{ message: `Cannot verify ${path}: no stretch of the manifest begins at byte ${startByte}` }]
  const check = new ImageCheck(manifest, [stretch])
  await feed(check.specifiedRuns(), signal, (at, part) => {
    const from = at - startByte
    // What is behind the file's end reads as zeros, which the digest refuses where something else is specified.
    part.fill(0)
    readFully(fd, path, part.subarray(0, Math.max(0, Math.min(part.length, sizeBytes - from))), from)
    check.update(at, part)
  })
  const left = unspecified === 'any' ? [] : leftoverOfFile(file, unspecifiedStretches([stretch]), manifest)
  return [...check.finish(), ...left].map((problem) => ({
    ...problem,
    message: problem.message.replace(/^Cannot verify /, () => `Cannot verify ${basename(path)}, `),
  }))
}

/** Calls for each piece of the runs in order, with a buffer of its length. */
async function feed(
  runs: Iterable<SpecifiedRun>,
  signal: AbortSignal | undefined,
  use: (at: number, part: Uint8Array) => void,
): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES)
  for (const { start, end } of runs) {
    for (let at = start; at < end; ) {
      if (signal?.aborted) throw new InterruptedError()
      const part = buffer.subarray(0, Math.min(buffer.length, end - at))
      use(at, part)
      at += part.length
      await nextTurn()
    }
  }
}

export function readFully(fd: number, path: string, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length; ) {
    let count: number
    try {
      count = readSync(fd, target, done, target.length - done, position + done)
    } catch (error) {
      throw readFailure(path, position + done, systemReason(error), error)
    }
    if (count === 0) throw readFailure(path, position + done, 'it ends there')
    done += count
  }
}

function readFailure(path: string, offset: number, reason: string, cause?: unknown): IoError {
  return new IoError(`Cannot read ${path} at byte ${offset}: ${reason}`, { details: { path, offset }, cause })
}
