/**
 * A block map as it is read: which blocks of a raw image matter, with the sum of each range. Versions 1.3 (SHA-1), 1.4 and
 * 2.0 are read, as bmaptool writes and checks them.  [BMAP 2.0]
 */
import { createHash } from 'node:crypto'
import { ceilDivide } from '../bytes/align.js'
import { FormatError } from '../errors.js'

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
