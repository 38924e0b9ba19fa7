/** Android's sparse image as an image value: "don't care" is what the value calls unspecified.  [ANDROID-SPARSE] */
import {
  CHUNK_TYPE_CRC32,
  CHUNK_TYPE_DONT_CARE,
  CHUNK_TYPE_FILL,
  CHUNK_TYPE_RAW,
  ChunkHeader,
  CRC32_BYTES,
  FILL_VALUE_BYTES,
  SPARSE_HEADER_MAGIC,
  SPARSE_MAJOR_VERSION,
  SparseHeader,
} from '../archives/android-sparse/disklayout.js'
import { fieldError } from '../bytes/field-error.js'
import { type DiskImage, ImageBuilder, type MakeBytes } from '../image/extent.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'

const HEADER = 'Android sparse header'
const CHUNK = 'Android sparse chunk'
/**
 * What all fills of four different bytes may come to. A fill of one byte costs nothing whatever its length, but nothing
 * knows how to compare, hash or skip a longer pattern without making its bytes, so a header of 16 bytes would cost hours.
 */
const MAX_PATTERN_BYTES = 16 * 2 ** 30

/** Reads the headers; content stays in the file. FormatError where they do not add up. O(chunks). */
export function readAndroidSparse(file: ImageFile): DiskImage {
  const header = readHeader(file)
  const sizeBytes = header.total_blks * header.blk_sz
  const builder = new ImageBuilder(sizeBytes)
  let at = header.file_hdr_sz
  let block = 0
  let patternBytes = 0
  for (let index = 0; index < header.total_chunks; index++) {
    const chunk = file.decode(ChunkHeader, at)
    const bodyBytes = chunk.total_sz - header.chunk_hdr_sz
    const lengthBytes = chunk.chunk_sz * header.blk_sz
    const refuse = (field: string, found: number | string, expected: string): Error =>
      fieldError(file.name, { structure: `${CHUNK} ${index}`, offset: at, field, found, expected })
    const expected = bodyOf(chunk.chunk_type, lengthBytes)
    if (expected === undefined) throw refuse('chunk_type', `0x${chunk.chunk_type.toString(16)}`, '0xcac1 to 0xcac4')
    if (bodyBytes !== expected) throw refuse('total_sz', chunk.total_sz, `${expected + header.chunk_hdr_sz}`)
    if (chunk.chunk_type === CHUNK_TYPE_CRC32 && chunk.chunk_sz !== 0) throw refuse('chunk_sz', chunk.chunk_sz, '0')
    if (block + chunk.chunk_sz > header.total_blks) {
      throw refuse('chunk_sz', chunk.chunk_sz, `at most the ${header.total_blks - block} blocks that are left`)
    }
    const bodyAt = at + header.chunk_hdr_sz
    if (bodyAt + bodyBytes > file.sizeBytes) {
      throw refuse('the body', `cut off at byte ${file.sizeBytes}`, `${bodyBytes} bytes from byte ${bodyAt}`)
    }
    const offset = block * header.blk_sz
    if (chunk.chunk_type === CHUNK_TYPE_RAW) builder.file(offset, lengthBytes, file.source, bodyAt)
    if (chunk.chunk_type === CHUNK_TYPE_FILL) {
      const word = file.read(bodyAt, FILL_VALUE_BYTES, CHUNK).slice()
      if (word.every((byte) => byte === word[0])) builder.fill(offset, lengthBytes, word[0]!)
      else {
        patternBytes += lengthBytes
        if (patternBytes > MAX_PATTERN_BYTES) {
          const others = lengthBytes === patternBytes ? '' : ' together with the ones before'
          const expected = `at most ${MAX_PATTERN_BYTES} bytes${others} for fills of different bytes`
          throw refuse('chunk_sz', `${chunk.chunk_sz} blocks, ${patternBytes} bytes`, expected)
        }
        builder.made(offset, lengthBytes, patternOf(word))
      }
    }
    block += chunk.chunk_sz
    at = bodyAt + bodyBytes
  }
  if (block !== header.total_blks) {
    throw fieldError(file.name, {
      structure: HEADER,
      offset: 0,
      field: 'total_blks',
      found: header.total_blks,
      expected: `${block}, which is what the chunks cover,`,
    })
  }
  return builder.finish()
}

/** Bytes behind the header of a chunk; undefined for a type that is not known. */
function bodyOf(type: number, lengthBytes: number): number | undefined {
  switch (type) {
    case CHUNK_TYPE_RAW:
      return lengthBytes
    case CHUNK_TYPE_DONT_CARE:
      return 0
    case CHUNK_TYPE_FILL:
      return FILL_VALUE_BYTES
    case CHUNK_TYPE_CRC32:
      return CRC32_BYTES
    default:
      return undefined
  }
}

function readHeader(file: ImageFile): SparseHeader {
  const header = file.decode(SparseHeader, 0)
  const refuse = (field: keyof SparseHeader, expected: string): Error =>
    fieldError(file.name, { structure: HEADER, offset: 0, field, found: header[field], expected })
  if (header.magic !== SPARSE_HEADER_MAGIC) throw refuse('magic', `0x${SPARSE_HEADER_MAGIC.toString(16)}`)
  if (header.major_version !== SPARSE_MAJOR_VERSION) {
    throw refuse('major_version', `${SPARSE_MAJOR_VERSION}`)
  }
  if (header.file_hdr_sz < SparseHeader.SIZE) throw refuse('file_hdr_sz', `${SparseHeader.SIZE} or more`)
  if (header.chunk_hdr_sz < ChunkHeader.SIZE) throw refuse('chunk_hdr_sz', `${ChunkHeader.SIZE} or more`)
  if (header.blk_sz === 0 || header.blk_sz % FILL_VALUE_BYTES !== 0) throw refuse('blk_sz', 'a multiple of 4')
  if (header.total_blks === 0) throw refuse('total_blks', '1 or more')
  if (header.total_blks * header.blk_sz > MAX_IMAGE_BYTES) {
    throw refuse('total_blks', `at most ${MAX_IMAGE_BYTES} bytes in blocks of ${header.blk_sz}`)
  }
  return header
}

/** Returns what makes any stretch of the word over and over. */
function patternOf(word: Uint8Array): MakeBytes {
  return (target, offset) => {
    const first = Math.min(word.length, target.length)
    for (let at = 0; at < first; at++) target[at] = word[(offset + at) % word.length]!
    // Each copy doubles what is there.
    for (let done = first; done < target.length; done *= 2) {
      target.copyWithin(done, 0, Math.min(done, target.length - done))
    }
  }
}
