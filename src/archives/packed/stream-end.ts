/** Finds where a compressed stream ends without unpacking it, from the lengths that its blocks state. */

import { ArchiveFile } from '../archive-file.js'
import { Bzip2Ends, endOfBzip2 } from './bzip2-end.js'
import { type Codec, type PackedSource, packedError, readPacked } from './codec.js'
import { endOfXz } from './xz-end.js'

export type WalkedCodec = Exclude<Codec, 'gzip'>

/** Finds ends of streams of one codec in one file, in ascending order. */
export interface EndFinder {
  /** Where the stream that begins at `start` ends. FormatError with the byte where it is damaged or the file ends inside it. */
  endOf(start: number): number
  close(): void
}

/** Blocks are some 64 KiB, their headers a few bytes. */
const HEADER_WINDOW_BYTES = 4096

/** Opens the file once more. Reads headers only, but for bzip2, which has no lengths; linear in the streams' length. */
export function openEndFinder(file: { readonly path: string; readonly name: string }, codec: WalkedCodec): EndFinder {
  const { path, name } = file
  const source = new ArchiveFile(path, { name, ...(codec !== 'bzip2' && { windowBytes: HEADER_WINDOW_BYTES }) })
  return { endOf: endsIn(source, codec), close: () => source.close() }
}

function endsIn(source: ArchiveFile, codec: WalkedCodec): (start: number) => number {
  switch (codec) {
    case 'xz':
      return (start) => endOfXz(source, start)
    case 'zstd':
      return (start) => endOfZstd(source, start)
    case 'lz4':
      return (start) => endOfLz4(source, start)
    case 'bzip2': {
      const ends = new Bzip2Ends(source)
      return (start) => endOfBzip2(source, ends, start)
    }
  }
}

const U32_BYTES = 4
const SKIPPABLE = 0x184d2a50
const SKIPPABLE_MASK = 0xfffffff0

function u32(source: PackedSource, codec: Codec, offset: number): number {
  const bytes = readPacked(source, codec, offset, U32_BYTES)
  return new DataView(bytes.buffer, bytes.byteOffset, U32_BYTES).getUint32(0, true)
}

function isSkippable(magic: number): boolean {
  return (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE
}

/** A skippable frame: its magic, its length, that many bytes. */
function endOfSkippable(source: PackedSource, codec: Codec, start: number): number {
  return within(source, codec, start + 2 * U32_BYTES + u32(source, codec, start + U32_BYTES))
}

/** `end`, if the file reaches that far. */
function within(source: PackedSource, codec: Codec, end: number): number {
  readPacked(source, codec, end, 0)
  return end
}

const ZSTD_BLOCK = { headerBytes: 3, rle: 1, reserved: 3 } as const
const ZSTD_DICTIONARY_BYTES = [0, 1, 2, 4] as const
const ZSTD_CHECKSUM_BYTES = 4

/** One frame, or one skippable frame.  [RFC 8878 §3.1.1] */
function endOfZstd(source: PackedSource, start: number): number {
  if (isSkippable(u32(source, 'zstd', start))) return endOfSkippable(source, 'zstd', start)
  const descriptor = readPacked(source, 'zstd', start + U32_BYTES, 1)[0]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 2 ** sizeFlag
  let at = start + U32_BYTES + 1 + (isSingleSegment ? 0 : 1) + ZSTD_DICTIONARY_BYTES[descriptor & 3]! + sizeBytes
  for (;;) {
    const [low = 0, middle = 0, high = 0] = readPacked(source, 'zstd', at, ZSTD_BLOCK.headerBytes)
    const header = low + middle * 2 ** 8 + high * 2 ** 16
    const type = (header >> 1) & 3
    if (type === ZSTD_BLOCK.reserved) {
      throw packedError(source, {
        codec: 'zstd',
        offset: at,
        found: 'a block of the reserved type',
        expected: 'a block',
      })
    }
    at = within(source, 'zstd', at + ZSTD_BLOCK.headerBytes + (type === ZSTD_BLOCK.rle ? 1 : header >> 3))
    if ((header & 1) !== 0) break
  }
  return within(source, 'zstd', at + ((descriptor & 4) !== 0 ? ZSTD_CHECKSUM_BYTES : 0))
}

const LZ4_LEGACY = 0x184c2102
/** The most that a block of 8 MiB becomes: a larger "length" is the magic of what follows. */
const LZ4_LEGACY_MOST_BYTES = 2 ** 23 + Math.floor(2 ** 23 / 255) + 16
const LZ4_FLAG = { dictionary: 1, contentChecksum: 4, contentSize: 8, blockChecksum: 16 } as const

/** One frame; in the legacy format, which states no end, as many blocks as follow.  [lz4 doc/lz4_Frame_format.md] */
function endOfLz4(source: PackedSource, start: number): number {
  const magic = u32(source, 'lz4', start)
  if (isSkippable(magic)) return endOfSkippable(source, 'lz4', start)
  if (magic === LZ4_LEGACY) return endOfLegacyLz4(source, start)
  const flags = readPacked(source, 'lz4', start + U32_BYTES, 1)[0]!
  const has = (flag: keyof typeof LZ4_FLAG): boolean => (flags & LZ4_FLAG[flag]) !== 0
  let at = start + U32_BYTES + 3 + (has('contentSize') ? 8 : 0) + (has('dictionary') ? U32_BYTES : 0)
  for (;;) {
    const length = u32(source, 'lz4', at)
    at += U32_BYTES
    if (length === 0) break
    // The highest bit says that the block is stored.
    at = within(source, 'lz4', at + (length % 2 ** 31) + (has('blockChecksum') ? U32_BYTES : 0))
  }
  return within(source, 'lz4', at + (has('contentChecksum') ? U32_BYTES : 0))
}

function endOfLegacyLz4(source: PackedSource, start: number): number {
  let at = start + U32_BYTES
  while (at + U32_BYTES <= source.sizeBytes) {
    const length = u32(source, 'lz4', at)
    if (length === 0 || length > LZ4_LEGACY_MOST_BYTES) break
    at = within(source, 'lz4', at + U32_BYTES + length)
  }
  return at
}
