/**
 * An image whose every byte was compared with its manifest, for who writes it: exactly what was verified, from memory or from a
 * spool that has no name. A source in a file may be changed by another program at any time, also one that is held open, so
 * what was read from it once is not read from it again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DifferenceError, InterruptedError, type Problem } from '../errors.js'
import { extentsWithin } from '../image/compose.js'
import { type DiskImage, type Extent, ImageBuilder, type SourceFile } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readExtents } from '../image/read.js'
import type { Manifest } from './manifest-schema.js'
import { parseRun } from './run-text.js'
import { SparseSpool } from './sparse-spool.js'
import { lengthOfStretches, unspecifiedStretches } from './unspecified.js'
import { ImageVerification, type Unspecified } from './verify-image.js'

const CHUNK_BYTES = 1 << 20

export interface VerifiedCopy {
  /** What the manifest specifies, and nothing else. */
  readonly image: DiskImage
  /** Bytes that it does not specify, which are not in `image`. */
  readonly unspecifiedBytes: number
  /** Lets go of the spool. Call it when nothing reads the image any more; safe to call twice. */
  release(): void
}

export interface VerifiedCopyOptions {
  /** `zeros`: for an image that came packed, whose writer left zeros there. */
  readonly unspecified: Unspecified
  /** Where there is room for the image's content; asked for when a spool is needed. */
  readonly folder: () => string
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads `image` once and compares it with `manifest`. What is read from files that others can change goes to a spool on the way. Rejects with DifferenceError (every finding), IoError or InterruptedError.
 */
export async function verifiedCopy(
  image: DiskImage,
  manifest: Manifest,
  { unspecified, folder, signal }: VerifiedCopyOptions,
): Promise<VerifiedCopy> {
  const { name, size_bytes } = manifest.image
  if (image.sizeBytes !== size_bytes) {
    throw new DifferenceError(`Cannot verify ${name}: it has ${image.sizeBytes} bytes, ${size_bytes} are expected`)
  }
  const verification = new ImageVerification(manifest, unspecified)
  const spool = image.extents.some(isChangeable) ? SparseSpool.create(size_bytes, folder()) : undefined
  try {
    const runs = manifest.stretches.flatMap(({ start_byte, runs: ofStretch }) =>
      ofStretch.map(parseRun).map((run) => ({ ...run, offset: start_byte + run.offset })),
    )
    const gaps = unspecified === 'zeros' ? unspecifiedStretches(manifest.stretches) : []
    const stretches = [
      ...runs.map(({ offset, length, fill }) => ({ start: offset, end: offset + length, fill, isGap: false })),
      ...gaps.map(({ start, end }) => ({ start, end, fill: 0, isGap: true })),
    ].sort((a, b) => a.start - b.start)
    const reader = new PayloadReader()
    try {
      for (const { start, end, fill, isGap } of stretches) {
        for (const part of readParts(image, { start, end, holesAre: fill === 0 ? 'zeros' : 'bytes' }, reader)) {
          if (signal?.aborted) throw new InterruptedError()
          verification.update(part.offset, part.bytes)
          if (fill === undefined && !isGap) spool?.write(part.offset, part.bytes)
          await nextTurn()
        }
      }
      reader.close()
    } finally {
      reader.abandon()
    }
    const findings: Problem[] = verification.finish()
    if (findings.length > 0) throw new DifferenceError(findings)
    const source = spool === undefined ? undefined : spool.read(({ path }) => ({ path, sizeBytes: size_bytes }))
    return {
      image: imageOfRuns(image, runs, source),
      unspecifiedBytes: lengthOfStretches(unspecifiedStretches(manifest.stretches)),
      release: () => spool?.close(),
    }
  } catch (error) {
    spool?.close()
    throw error
  }
}

function isChangeable({ source }: Extent): boolean {
  return source.kind === 'made' || (source.kind === 'file' && source.file.mtimeNs !== undefined)
}

interface PartOfImage {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** The bytes of a stretch; with `holesAre: 'zeros'` without those that no extent covers and without fills of zeros. */
function* readParts(
  image: DiskImage,
  { start, end, holesAre }: { readonly start: number; readonly end: number; readonly holesAre: 'zeros' | 'bytes' },
  reader: PayloadReader,
): Generator<PartOfImage> {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - start))
  const read = function* (from: number, to: number): Generator<PartOfImage> {
    for (let at = from; at < to; at += buffer.length) {
      const bytes = buffer.subarray(0, Math.min(buffer.length, to - at))
      readExtents(extentsWithin(image, at, at + bytes.length), at, bytes, reader)
      yield { offset: at, bytes }
    }
  }
  if (holesAre === 'bytes') {
    yield* read(start, end)
    return
  }
  for (const { offset, length, source } of extentsWithin(image, start, end)) {
    if (source.kind !== 'fill' || source.byte !== 0) yield* read(offset, offset + length)
  }
}

/** `copy` has all data at its places; without one the image itself has it, where nobody can change it. */
function imageOfRuns(
  image: DiskImage,
  runs: readonly { readonly offset: number; readonly length: number; readonly fill: number | undefined }[],
  copy: SourceFile | undefined,
): DiskImage {
  const builder = new ImageBuilder(image.sizeBytes)
  for (const { offset, length, fill } of runs) {
    if (fill !== undefined) builder.fill(offset, length, fill)
    else if (copy !== undefined) builder.file(offset, length, copy, offset)
    else builder.withoutHoles(0, image, offset, offset + length)
  }
  return builder.finish()
}
