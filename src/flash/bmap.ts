/**
 * A block map beside a raw image: which of its blocks matter. The image value then specifies these and no others.
 * Versions 1.3 (SHA-1), 1.4 and 2.0 are read, as bmaptool writes and checks them.  [BMAP 2.0]
 */
import { createHash } from 'node:crypto'
import { ceilDivide } from '../bytes/align.js'
import { FormatError } from '../errors.js'
import { extentsWithin } from '../image/compose.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'

export interface Bmap {
  readonly imageSizeBytes: number
  readonly blockBytes: number
  readonly algorithm: 'sha1' | 'sha256'
  /** Blocks, [first, end), ascending; `digest` in lower-case hexadecimal. */
  readonly ranges: readonly { readonly first: number; readonly end: number; readonly digest: string | undefined }[]
}

/** `name` is for messages. FormatError where the text is no block map or its own sum is wrong. */
export function parseBmap(text: string, name: string): Bmap {
  const refuse = (what: string): never => {
    throw new FormatError(`Cannot read block map "${name}": ${what}`, { details: { path: name } })
  }
  const major = /<bmap\s+version="(\d+)\.\d+"/.exec(text)?.[1] ?? refuse('it has no <bmap version="…">')
  if (major !== '1' && major !== '2') refuse(`it is of version ${major}, 1 and 2 are accepted`)
  const textOf = (tag: string): string | undefined => textBetween(text, `<${tag}>`, `</${tag}>`)
  const countOf = (tag: string): number => {
    const value = Number(textOf(tag) ?? refuse(`it has no <${tag}>`))
    return Number.isSafeInteger(value) && value > 0 ? value : refuse(`<${tag}> is no number above 0`)
  }
  const algorithm = textOf('ChecksumType') ?? 'sha1'
  if (algorithm !== 'sha1' && algorithm !== 'sha256') {
    return refuse(`its sums are ${algorithm}, sha1 and sha256 are accepted`)
  }
  const own = textOf('BmapFileChecksum') ?? textOf('BmapFileSHA1')
  if (own !== undefined) {
    // The sum is over the file with zeros in its own place.
    const found = createHash(algorithm)
      .update(text.replace(own, '0'.repeat(own.length)))
      .digest('hex')
    if (found !== own.toLowerCase()) refuse(`its own sum is ${own}, its bytes give ${found}`)
  }
  const imageSizeBytes = countOf('ImageSize')
  const blockBytes = countOf('BlockSize')
  const blocks = ceilDivide(imageSizeBytes, blockBytes)
  const ranges: { first: number; end: number; digest: string | undefined }[] = []
  for (const [, attributes, from, to] of rangesIn(text)) {
    const first = Number(from)
    const end = Number(to ?? from) + 1
    if (first < (ranges.at(-1)?.end ?? 0) || end <= first || end > blocks) {
      refuse(`its range ${from}-${to ?? from} is not between the one before and the last block, ${blocks - 1}`)
    }
    const digest = /(?:chksum|sha1)="\s*([0-9a-f]+)\s*"/i.exec(attributes!)?.[1]?.toLowerCase()
    ranges.push({ first, end, digest })
  }
  return { imageSizeBytes, blockBytes, algorithm, ranges }
}

/** The word between two tags, the first time that they are there. */
function textBetween(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open)
  const end = start < 0 ? -1 : text.indexOf(close, start)
  if (end < 0) return undefined
  const word = text.slice(start + open.length, end).trim()
  return /^[^<\s]+$/.test(word) ? word : undefined
}

/** What one range says, without the space around it. */
const RANGE = /^([^>]*)>\s*(\d{1,16})(?:\s*-\s*(\d{1,16}))?$/

/** The ranges of a block map, cut by their tags first: a pattern over the whole text would begin at each tag anew. */
function* rangesIn(text: string): Generator<RegExpExecArray> {
  for (const piece of text.split('<Range').slice(1)) {
    const end = piece.indexOf('</Range>')
    const range = end < 0 ? null : RANGE.exec(piece.slice(0, end).trimEnd())
    if (range !== null) yield range
  }
}

const CHUNK_BYTES = 1 << 20

/**
 * What `bmap` maps of `image`; everything else becomes unspecified. Every range with a sum is read and compared.
 * FormatError where the map is of another image.
 */
export function applyBmap(image: DiskImage, bmap: Bmap, name: string): DiskImage {
  if (bmap.imageSizeBytes !== image.sizeBytes) {
    throw new FormatError(
      `Cannot use block map "${name}": it is of an image of ${bmap.imageSizeBytes} bytes, this one has ${image.sizeBytes}`,
      { hint: 'It belongs to the unpacked image, of the same build.', details: { path: name } },
    )
  }
  const builder = new ImageBuilder(image.sizeBytes)
  for (const { first, end, digest } of bmap.ranges) {
    const from = first * bmap.blockBytes
    const to = Math.min(end * bmap.blockBytes, image.sizeBytes)
    const found = digest === undefined ? undefined : digestOf(image, from, to, bmap.algorithm)
    if (found !== digest) {
      throw new FormatError(
        `Cannot use block map "${name}": bytes ${from} to ${to - 1} of the image give ${bmap.algorithm} ${found}, the map has ${digest}`,
        { hint: 'The image is damaged, or the map is of another build.', details: { path: name, offset: from } },
      )
    }
    for (const extent of extentsWithin(image, from, to)) builder.extent(0, extent)
  }
  return builder.finish()
}

function digestOf(image: DiskImage, start: number, end: number, algorithm: Bmap['algorithm']): string {
  const hash = createHash(algorithm)
  const reader = new PayloadReader()
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - start))
  try {
    for (let at = start; at < end; at += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, end - at))
      readImage(image, at, part, reader)
      hash.update(part)
    }
    reader.close()
  } finally {
    reader.abandon()
  }
  return hash.digest('hex')
}
