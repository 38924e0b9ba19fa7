/** The image against the manifest: each stretch's mapped digest and fills, from bytes that come in ascending order. */
import { DifferenceError, type Problem } from '../errors.js'
import { MappedDigest, type RunOutline } from '../image/mapped-digest.js'
import { mappedDigestOfDisk } from '../outputs/digests.js'
import type { Manifest, ManifestStretch } from './manifest-schema.js'
import { parseRun } from './run-text.js'

interface OpenStretch {
  readonly startByte: number
  readonly endByte: number
  readonly digest: MappedDigest
  readonly expected: string
  readonly runs: readonly RunOutline[]
  /** Of the first run that has not ended. */
  run: number
  /** What is wrong with a fill; the digest only has its length. */
  fillFinding: string | undefined
}

const HINT = 'diskloom verify --rebuild CONFIG IMAGE tells which bytes differ.'

/** A stretch of the image that must be looked at, with places on the disk. */
export interface SpecifiedRun {
  readonly start: number
  readonly end: number
}

export class ImageCheck {
  readonly #manifest: Manifest
  readonly #stretches: readonly OpenStretch[]
  #stretch = 0

  /**
   * `only`: the stretches that are there, when it is not the whole disk. Throws DifferenceError where the manifest contradicts
   * itself.
   */
  constructor(manifest: Manifest, only: readonly ManifestStretch[] = manifest.stretches) {
    assertConsistent(manifest)
    this.#manifest = manifest
    this.#stretches = only.map((stretch) => {
      const runs = stretch.runs.map(parseRun)
      return {
        startByte: stretch.start_byte,
        endByte: stretch.start_byte + stretch.size_bytes,
        digest: new MappedDigest(runs),
        expected: stretch.mapped_sha256,
        runs,
        run: 0,
        fillFinding: undefined,
      }
    })
  }

  /** Where the image specifies something; nothing else has to be given to `update`. */
  *specifiedRuns(): Generator<SpecifiedRun> {
    for (const { startByte, runs } of this.#stretches) {
      for (const { offset, length } of runs) yield { start: startByte + offset, end: startByte + offset + length }
    }
  }

  update(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    for (; this.#stretch < this.#stretches.length; this.#stretch++) {
      const stretch = this.#stretches[this.#stretch]!
      if (stretch.startByte >= end) return
      const from = Math.max(offset, stretch.startByte)
      const to = Math.min(end, stretch.endByte)
      if (from < to) {
        const part = bytes.subarray(from - offset, to - offset)
        stretch.digest.update(from - stretch.startByte, part)
        checkFills(stretch, from - stretch.startByte, part)
      }
      if (stretch.endByte > end) return
    }
  }

  /** What differs, a problem for each stretch; none where all is as the manifest says. */
  finish(): Problem[] {
    return this.#stretches.flatMap(({ startByte, endByte, digest, expected, fillFinding }): Problem[] => {
      const what = stretchName(this.#manifest, startByte, endByte)
      if (fillFinding !== undefined) return [{ message: `Cannot verify ${what}: ${fillFinding}`, hint: HINT }]
      const found = digest.finish()
      if (found === expected) return []
      return [{ message: `Cannot verify ${what}: its mapped SHA-256 is ${found}, ${expected} is expected`, hint: HINT }]
    })
  }
}

/** Bytes relative to the stretch. */
function checkFills(stretch: OpenStretch, offset: number, bytes: Uint8Array): void {
  const end = offset + bytes.length
  for (; stretch.run < stretch.runs.length; stretch.run++) {
    const run = stretch.runs[stretch.run]!
    if (run.offset >= end) return
    const runEnd = run.offset + run.length
    const from = Math.max(offset, run.offset)
    const to = Math.min(end, runEnd)
    if (run.fill !== undefined && from < to && stretch.fillFinding === undefined) {
      const at = firstOther(bytes.subarray(from - offset, to - offset), run.fill)
      if (at !== undefined) {
        const place = stretch.startByte + from + at
        stretch.fillFinding = `byte ${place} of the disk is ${hex(bytes[from - offset + at]!)}, ${hex(run.fill)} is expected`
      }
    }
    if (runEnd > end) return
  }
}

const fills = new Map<number, Buffer>()
const FILL_BYTES = 1 << 20

/** Index of the first byte that is not `fill`. */
function firstOther(bytes: Uint8Array, fill: number): number | undefined {
  let pattern = fills.get(fill)
  if (pattern === undefined) {
    pattern = Buffer.alloc(FILL_BYTES, fill)
    fills.set(fill, pattern)
  }
  for (let done = 0; done < bytes.length; done += FILL_BYTES) {
    const part = bytes.subarray(done, done + FILL_BYTES)
    if (pattern.compare(part, 0, part.length, 0, part.length) !== 0)
      return done + part.findIndex((byte) => byte !== fill)
  }
  return undefined
}

/** For messages: the partition, or what stands where none is. */
function stretchName(manifest: Manifest, startByte: number, endByte: number): string {
  const partition = manifest.partitions.find(({ start_byte }) => start_byte === startByte)
  const place = `bytes ${startByte} to ${endByte - 1} of ${manifest.image.name}`
  if (partition === undefined) return `what stands outside the partitions (${place})`
  return `partition ${partition.name === '' ? `number ${partition.number}` : `"${partition.name}"`} (${place})`
}

/** Throws DifferenceError unless the numbers agree that must, or a manifest could vouch for less than it seems to. */
export function assertConsistent({ image, stretches, partitions }: Manifest): void {
  const refuse = (what: string): never => {
    throw new DifferenceError(`Cannot verify ${image.name} by its manifest: ${what}`)
  }
  let end = 0
  for (const stretch of stretches) {
    if (stretch.start_byte !== end) refuse(`a stretch begins at byte ${stretch.start_byte}, ${end} is expected`)
    end += stretch.size_bytes
    assertRuns(stretch, refuse)
  }
  if (end !== image.size_bytes) refuse(`its stretches end at byte ${end}, the image at ${image.size_bytes}`)
  const places = stretches.map(({ start_byte, size_bytes }) => ({ offset: start_byte, sizeBytes: size_bytes }))
  const digest = mappedDigestOfDisk(
    places,
    stretches.map(({ mapped_sha256 }) => mapped_sha256),
  )
  if (digest !== image.mapped_sha256) {
    refuse(`the mapped SHA-256 of its stretches comes to ${digest}, for the image it says ${image.mapped_sha256}`)
  }
  for (const { name, start_byte, size_bytes, mapped_sha256 } of partitions) {
    const stretch = stretches.find((candidate) => candidate.start_byte === start_byte)
    if (stretch?.size_bytes !== size_bytes || stretch.mapped_sha256 !== mapped_sha256) {
      refuse(`partition "${name}" at byte ${start_byte} has no stretch of its size and digest`)
    }
  }
}

function assertRuns(stretch: ManifestStretch, refuse: (what: string) => never): void {
  let end = 0
  for (const run of stretch.runs.map(parseRun)) {
    if (run.offset < end || run.length === 0)
      refuse(`the runs of the stretch at byte ${stretch.start_byte} are not in order`)
    end = run.offset + run.length
  }
  if (end > stretch.size_bytes) refuse(`the runs of the stretch at byte ${stretch.start_byte} go past its end`)
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
