/** A raw image or device beside the image value that it should be: every place that differs, by its name. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InterruptedError, type Problem } from '../errors.js'
import { loadReadings } from '../filesystems/registry.js'
import { extentsWithin } from '../image/compose.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { ImageView } from '../image/image-view.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { runsOf } from '../image/runs.js'
import type { DiskPlan, Payload } from '../layout/disk-plan.js'
import { DiskPlaces } from './place-on-disk.js'
import { readFully } from './verify-image.js'

const CHUNK_BYTES = 1 << 20
/** More of them say no more. */
const MAX_FINDINGS = 50

export interface ComparedImage {
  /** Bytes that the plan specifies, all of which were compared. */
  readonly comparedBytes: number
  readonly findings: readonly Problem[]
}

/**
 * `fd` is open for reading and at least as long as the image; `path` is for messages. What the plan leaves unspecified is not
 * read, and neither are encrypted partitions. Errors as PayloadReader's; IoError where the image cannot be read.
 */
export async function compareImage(
  plan: DiskPlan,
  payloads: readonly Payload[],
  { fd, path, signal }: { fd: number; path: string; signal?: AbortSignal | undefined },
): Promise<ComparedImage> {
  const image = repeatableImage(plan)
  const reader = new PayloadReader()
  const asides = ImageView.of(image, 'the disk as the config builds it')
  const places = new DiskPlaces(plan, payloads, { view: asides, readings: await loadReadings() })
  const findings: Problem[] = []
  const expected = Buffer.alloc(CHUNK_BYTES)
  const found = Buffer.alloc(CHUNK_BYTES)
  let comparedBytes = 0
  let skipTo = 0
  let more = 0
  try {
    for (const run of runsOf(image)) {
      const end = run.offset + run.length
      for (let at = run.offset; at < end; ) {
        if (signal?.aborted) throw new InterruptedError()
        const length = Math.min(CHUNK_BYTES, end - at)
        const wanted = expected.subarray(0, length)
        if (run.kind === 'fill') wanted.fill(run.byte)
        else readImage(image, at, wanted, reader)
        const has = found.subarray(0, length)
        readFully(fd, path, has, at)
        for (let from = Math.max(0, skipTo - at); from < length; ) {
          const other = firstDifference(wanted, has, from)
          if (other === undefined) break
          if (findings.length === MAX_FINDINGS) {
            more++
            skipTo = end
            break
          }
          const place = places.at(at + other)
          findings.push({ message: findingText(path, place, at + other, { has: has[other]!, wanted: wanted[other]! }) })
          skipTo = Math.max(place.end, at + other + 1)
          from = skipTo - at
        }
        comparedBytes += length
        at += length
        await nextTurn()
      }
    }
    reader.close()
    asides.close()
  } finally {
    reader.abandon()
  }
  if (more > 0) findings.push({ message: `${path} differs in more places than these ${MAX_FINDINGS}` })
  return { comparedBytes, findings }
}

/** Without encrypted partitions, whose bytes are others in every build. */
function repeatableImage(plan: DiskPlan): DiskImage {
  const image = plan.image()
  if (plan.seals.length === 0) return image
  const builder = new ImageBuilder(image.sizeBytes)
  let at = 0
  const keepTo = (end: number): void => {
    for (const extent of extentsWithin(image, at, end)) builder.extent(0, extent)
  }
  const sealed = plan.seals.map(({ index }) => plan.partitions[index]!)
  for (const { startByte, endByte } of sealed.sort((a, b) => a.startByte - b.startByte)) {
    keepTo(startByte)
    at = endByte
  }
  keepTo(image.sizeBytes)
  return builder.finish()
}

function firstDifference(a: Buffer, b: Buffer, from: number): number | undefined {
  if (a.compare(b, from, b.length, from, a.length) === 0) return undefined
  let at = from
  while (a[at] === b[at]) at++
  return at
}

function findingText(
  path: string,
  { what, countsFrom, start, end }: ReturnType<DiskPlaces['at']>,
  offset: number,
  { has, wanted }: { has: number; wanted: number },
): string {
  const inside =
    countsFrom === undefined
      ? end - start > 1
        ? `, byte ${offset - start} of ${end - start}`
        : ''
      : `, byte ${offset - countsFrom}`
  return `${path} differs in ${what}${inside}: byte ${offset} of the disk is ${hex(has)}, ${hex(wanted)} is expected`
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
