/** A block map against the manifest of the same image: both say which bytes matter, and both have sums of them. */
import { createHash, type Hash } from 'node:crypto'
import { alignDown, alignUp } from '../bytes/align.js'
import { DifferenceError, type Problem } from '../errors.js'
import type { Bmap } from '../outputs/parse-bmap.js'
import { assertConsistent } from './image-check.js'
import { MANIFEST_NAME } from './manifest-names.js'
import type { Manifest } from './manifest-schema.js'
import { parseRun } from './run-text.js'

/** A block map of a release, with the name that messages call it by. */
export interface NamedBmap {
  readonly name: string
  readonly bmap: Bmap
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

interface SpecifiedPart extends ByteRange {
  readonly fill: number | undefined
}

/**
 * Returns what the map leaves out of what the manifest specifies, and what it maps beyond that. The manifest must have been
 * checked against itself before, so that its runs are in order. O(runs + ranges).
 */
export function compareCoverage({ name, bmap }: NamedBmap, manifest: Manifest): Problem[] {
  const { image } = manifest
  if (bmap.imageSizeBytes !== image.size_bytes) {
    const message = `Cannot verify ${name}: it is of an image of ${bmap.imageSizeBytes} bytes, ${MANIFEST_NAME} says ${image.size_bytes}`
    return [{ message, hint: HINT }]
  }
  const { blockBytes } = bmap
  const specified = joined(specifiedParts(manifest), blockBytes)
  const mapped = joined(
    bmap.ranges.map(({ first, end }) => ({ start: first * blockBytes, end: end * blockBytes })),
    blockBytes,
  )
  return [
    ...missingProblem(specified, mapped, `${MANIFEST_NAME} specifies and ${name} does not map`, name),
    ...missingProblem(mapped, specified, `${name} maps and ${MANIFEST_NAME} does not specify`, name),
  ]
}

/**
 * Throws DifferenceError where the manifest contradicts itself, or the map is not of the blocks that it specifies: what is
 * written by such a map is not what was built.
 */
export function assertCovers(map: NamedBmap, manifest: Manifest): void {
  assertConsistent(manifest)
  const problems = compareCoverage(map, manifest)
  if (problems.length > 0) throw new DifferenceError(problems)
}

const HINT = 'The block map is of another build, or one of the two was changed.'

function missingProblem(
  wanted: readonly ByteRange[],
  there: readonly ByteRange[],
  what: string,
  name: string,
): Problem[] {
  const missing = withoutRanges(wanted, there)
  const [first] = missing
  if (first === undefined) return []
  const bytes = missing.reduce((sum, { start, end }) => sum + end - start, 0)
  const message = `Cannot verify ${name}: there are ${bytes} bytes that ${what}, the first at byte ${first.start}`
  return [{ message, hint: HINT }]
}

function specifiedParts({ stretches }: Manifest): SpecifiedPart[] {
  return stretches.flatMap(({ start_byte, runs }) =>
    runs.map(parseRun).map(({ offset, length, fill }) => ({
      start: start_byte + offset,
      end: start_byte + offset + length,
      fill,
    })),
  )
}

/** Whole blocks that ascending ranges touch; ranges that meet are one. */
function joined(ranges: readonly ByteRange[], blockBytes: number): ByteRange[] {
  const result: { start: number; end: number }[] = []
  for (const range of ranges) {
    const start = alignDown(range.start, blockBytes)
    const end = alignUp(range.end, blockBytes)
    const last = result.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else result.push({ start, end })
  }
  return result
}

/** The parts of `ranges` that no range of `others` covers; both ascend and are joined. */
function withoutRanges(ranges: readonly ByteRange[], others: readonly ByteRange[]): ByteRange[] {
  const result: ByteRange[] = []
  let next = 0
  for (const { start, end } of ranges) {
    let at = start
    while (next < others.length && others[next]!.end <= start) next++
    for (let index = next; index < others.length && others[index]!.start < end; index++) {
      const other = others[index]!
      if (other.start > at) result.push({ start: at, end: other.start })
      at = Math.max(at, other.end)
    }
    if (at < end) result.push({ start: at, end })
  }
  return result
}

/** Zeros for what lies between two runs in one block. */
const ZEROS = new Uint8Array(1 << 16)
/** Sums of shorter fills are made once for all ranges of that fill and length; longer ones are made from the image. */
const MAX_KNOWN_FILL_BYTES = 16 << 20

/** Takes the bytes of an image in ascending order, as an `ImageCheck` does, and compares the sums of a map's ranges. */
export class BmapSums {
  readonly #map: NamedBmap
  /** Ranges whose sum is made from the bytes that come. */
  readonly #ranges: (ByteRange & { readonly digest: string })[] = []
  readonly #problems: Problem[]
  #next = 0
  #hash: Hash | undefined
  #at = 0

  /** Ranges whose blocks are not those of the manifest are findings, and no sum is compared then. */
  constructor(map: NamedBmap, manifest: Manifest) {
    this.#map = map
    this.#problems = compareCoverage(map, manifest)
    if (this.#problems.length > 0) return
    const { bmap } = map
    const fills = specifiedParts(manifest).filter(({ fill }) => fill !== undefined)
    const known = new Map<string, string>()
    let at = 0
    for (const { first, end: endBlock, digest } of bmap.ranges) {
      if (digest === undefined) continue
      const start = first * bmap.blockBytes
      const end = Math.min(endBlock * bmap.blockBytes, bmap.imageSizeBytes)
      while (at < fills.length && fills[at]!.end < end) at++
      const part = fills[at]
      if (part === undefined || part.start > start || end - start > MAX_KNOWN_FILL_BYTES) {
        this.#ranges.push({ start, end, digest })
        continue
      }
      const key = `${part.fill}:${end - start}`
      let sum = known.get(key)
      if (sum === undefined) {
        sum = createHash(bmap.algorithm)
          .update(new Uint8Array(end - start).fill(part.fill!))
          .digest('hex')
        known.set(key, sum)
      }
      this.#compare(start, end, sum, digest)
    }
  }

  update(offset: number, bytes: Uint8Array): void {
    const until = offset + bytes.length
    for (;;) {
      const range = this.#ranges[this.#next]
      if (range === undefined || range.start >= until) return
      this.#skipTo(range, offset)
      if (this.#at < range.end && this.#at < until) {
        const to = Math.min(range.end, until)
        this.#take(bytes.subarray(this.#at - offset, to - offset))
      }
      if (this.#at < range.end) return
      this.#end(range)
    }
  }

  /** Returns every finding. */
  finish(): Problem[] {
    for (let range = this.#ranges[this.#next]; range !== undefined; range = this.#ranges[this.#next]) {
      this.#skipTo(range, range.end)
      this.#end(range)
    }
    return this.#problems
  }

  /** What is not specified within a block reads as zeros in what a build writes. */
  #skipTo({ start, end }: ByteRange, offset: number): void {
    if (this.#hash === undefined) {
      this.#hash = createHash(this.#map.bmap.algorithm)
      this.#at = start
    }
    const to = Math.min(offset, end)
    while (this.#at < to) this.#take(ZEROS.subarray(0, Math.min(ZEROS.length, to - this.#at)))
  }

  #take(bytes: Uint8Array): void {
    this.#hash!.update(bytes)
    this.#at += bytes.length
  }

  #end({ start, end, digest }: ByteRange & { readonly digest: string }): void {
    this.#compare(start, end, this.#hash!.digest('hex'), digest)
    this.#hash = undefined
    this.#next++
  }

  #compare(start: number, end: number, found: string, expected: string): void {
    if (found === expected) return
    const { name, bmap } = this.#map
    this.#problems.push({
      message: `Cannot verify ${name}: bytes ${start} to ${end - 1} of the image give ${bmap.algorithm} ${found}, the map has ${expected}`,
      hint: HINT,
    })
  }
}
