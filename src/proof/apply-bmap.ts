/** A block map beside a raw image: the image value then specifies what it maps and nothing else. */
import { createHash } from 'node:crypto'
import { FormatError } from '../errors.js'
import { extentsWithin } from '../image/compose.js'
import { type DiskImage, ImageBuilder } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { type Bmap, parseBmap } from '../outputs/parse-bmap.js'
import { assertCovers } from './bmap-check.js'
import { manifestBeside } from './manifest-of-source.js'
import { readNamedFile } from './read-release-file.js'

const CHUNK_BYTES = 1 << 20

/**
 * Returns what the block map at `bmap` maps of `image`. A manifest that comes with `source`, the path of the image, must specify
 * the same blocks: DifferenceError otherwise. Further errors as of `applyBmap`; IoError where the map cannot be read.
 */
export async function imageByBmap(bmap: string, image: DiskImage, source: string): Promise<DiskImage> {
  const map = { name: bmap, bmap: parseBmap(readNamedFile(bmap).toString('utf8'), bmap) }
  const manifest = source === '-' ? undefined : manifestBeside(source)
  if (manifest !== undefined) assertCovers(map, manifest)
  return applyBmap(image, map.bmap, bmap)
}

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
