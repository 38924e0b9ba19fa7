/**
 * The text of a bmap 2.0: which blocks of a raw image have to be written, with a sum of each range. [BMAP 2.0]
 *
 * Readers: bmaptool, balenaEtcher, SWUpdate. Block numbers are inclusive here, and numbers stand between spaces, as
 * bmaptool writes them.
 */
import { createHash } from 'node:crypto'
import { ceilDivide } from '../bytes/align.js'

/** What bmaptool uses, whatever the file system: hosts map files in pages of it. */
export const BMAP_BLOCK_BYTES = 4096

/** Blocks [start, end) in bytes, aligned; the last end may exceed the image. */
export interface BmapRange {
  readonly start: number
  readonly end: number
  /** SHA-256 of the range, which ends with the image at the latest. */
  readonly sha256: string
}

/** BmapFileChecksum is made over the text with this in its place. */
const CHECKSUM_PLACEHOLDER = '0'.repeat(64)

export function bmapText(sizeBytes: number, ranges: readonly BmapRange[]): string {
  const mapped = ranges.reduce((total, { start, end }) => total + (end - start) / BMAP_BLOCK_BYTES, 0)
  const text = `<?xml version="1.0" ?>
<!-- The blocks of this image that must be written: with the image to bmaptool copy. All others may keep what they hold. -->
<bmap version="2.0">
    <ImageSize> ${sizeBytes} </ImageSize>
    <BlockSize> ${BMAP_BLOCK_BYTES} </BlockSize>
    <BlocksCount> ${ceilDivide(sizeBytes, BMAP_BLOCK_BYTES)} </BlocksCount>
    <MappedBlocksCount> ${mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${CHECKSUM_PLACEHOLDER} </BmapFileChecksum>
    <BlockMap>
${ranges.map(rangeLine).join('')}    </BlockMap>
</bmap>
`
  const checksum = createHash('sha256').update(text).digest('hex')
  return text.replace(CHECKSUM_PLACEHOLDER, checksum)
}

function rangeLine({ start, end, sha256 }: BmapRange): string {
  const first = start / BMAP_BLOCK_BYTES
  const last = end / BMAP_BLOCK_BYTES - 1
  return `        <Range chksum="${sha256}"> ${first === last ? first : `${first}-${last}`} </Range>\n`
}
