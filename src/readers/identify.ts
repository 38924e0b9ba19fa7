/** Which format a file is in, by its first bytes: names lie, and standard input has none. */
import { TAR_BLOCK_BYTES } from '../archives/tar/disklayout.js'
import { beginsTar } from '../archives/tar/tar-reader.js'
import { isPowerOfTwo } from '../bytes/align.js'
import { isZero } from '../bytes/zeros.js'
import { FormatError } from '../errors.js'
import type { ImageFile } from './image-file.js'

/** Streams of one file. */
export type PackedFormat = 'gz' | 'xz' | 'zst' | 'bz2' | 'lzma' | 'lz'
/** Files with names in them. */
export type ArchiveFormat = 'zip' | 'tar'
export type ImageFormat = 'raw' | PackedFormat | ArchiveFormat | 'qcow2' | 'android-sparse'

const MAGICS: readonly (readonly [format: ImageFormat, magic: string])[] = [
  ['gz', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['zst', '28b52ffd'],
  ['lz', '4c5a495001'],
  ['zip', '504b0304'],
  ['zip', '504b0506'],
  ['qcow2', '514649fb'],
  ['android-sparse', '3aff26ed'],
]

/**
 * The digit is the block size; then the magic number of a block, or of the end of an empty stream.
 */
const BZIP2 = /^425a683[1-9](?:314159265359|177245385090)/
/** A skippable frame may stand first in a .zst: 0x184D2A50 to 0x184D2A5F. [RFC 8878 §3.1.2] */
const SKIPPABLE_FRAME = /^5.2a4d18/

/** FormatError for an empty file. What has no format of its own is `raw`, whatever it is. */
export function identify(file: ImageFile): ImageFormat {
  if (file.sizeBytes === 0) throw new FormatError(`Cannot read image "${file.name}": it is empty`)
  return formatOfHead(file.head(TAR_BLOCK_BYTES))
}

/** `head`: the first bytes of a file, 512 where it has as many. */
export function formatOfHead(head: Uint8Array): ImageFormat {
  const hex = Buffer.from(head.subarray(0, 16)).toString('hex')
  if (SKIPPABLE_FRAME.test(hex)) return 'zst'
  if (BZIP2.test(hex)) return 'bz2'
  const found = MAGICS.find(([, magic]) => hex.startsWith(magic))
  if (found !== undefined) return found[0]
  if (beginsLzma(head)) return 'lzma'
  const isTar = head.length >= TAR_BLOCK_BYTES && beginsTar(head, head.length) && !isZero(head)
  return isTar ? 'tar' : 'raw'
}

export function isPacked(format: ImageFormat): format is PackedFormat {
  return ['gz', 'xz', 'zst', 'bz2', 'lzma', 'lz'].includes(format)
}

export function isArchive(format: ImageFormat): format is ArchiveFormat {
  return format === 'zip' || format === 'tar'
}

const LZMA_HEADER_BYTES = 13
/** lc 3, lp 0, pb 2, which all tools write. */
const LZMA_PROPERTIES = 0x5d
const LZMA_SIZE_UNKNOWN = 'ffffffffffffffff'
const LARGEST_LZMA_SIZE = 2n ** 48n

/**
 * LZMA's old format has no magic number: known are its usual properties, a dictionary of 2^n or
 * 3·2^n bytes, and a size that can be.
 */
function beginsLzma(head: Uint8Array): boolean {
  if (head.length <= LZMA_HEADER_BYTES || head[0] !== LZMA_PROPERTIES || head[LZMA_HEADER_BYTES] !== 0) return false
  const bytes = Buffer.from(head.buffer, head.byteOffset, LZMA_HEADER_BYTES)
  const dictionary = bytes.readUInt32LE(1)
  const isUsual =
    dictionary >= 4096 && (isPowerOfTwo(dictionary) || (dictionary % 3 === 0 && isPowerOfTwo(dictionary / 3)))
  const isUnknown = bytes.toString('hex', 5) === LZMA_SIZE_UNKNOWN
  return isUsual && (isUnknown || bytes.readBigUInt64LE(5) < LARGEST_LZMA_SIZE)
}
