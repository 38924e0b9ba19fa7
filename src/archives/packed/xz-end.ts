/** Where an xz stream ends.  [The .xz File Format 1.1.0 §2 to §4; the chunks of LZMA2 as xz-embedded documents them] */
import { alignUp } from '../../bytes/align.js'
import { type PackedSource, packedError, readPacked } from './codec.js'

const GRAIN_BYTES = 4
const STREAM_HEADER_BYTES = 12
const FOOTER_BYTES = 12
const CRC_BYTES = 4
/** Bytes of a block's check by its type. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const
const BLOCK_FLAG = { compressedSize: 0x40, unpackedSize: 0x80 } as const
const LZMA2 = 0x21
const MAX_VLI_BYTES = 9

interface Position {
  at: number
}

/** FormatError with the byte where the structure is wrong or the file ends. Reads headers, not the data. */
export function endOfXz(source: PackedSource, start: number): number {
  const checkType = readPacked(source, 'xz', start, STREAM_HEADER_BYTES)[7]! & 0x0f
  let at = start + STREAM_HEADER_BYTES
  for (;;) {
    const size = readPacked(source, 'xz', at, 1)[0]!
    if (size === 0) break
    const dataStart = at + (size + 1) * GRAIN_BYTES
    const stated = dataLengthOf(source, at)
    const length = stated ?? lzma2Length(source, dataStart)
    at = dataStart + alignUp(length, GRAIN_BYTES) + CHECK_BYTES[checkType]!
  }
  const indexEnd = endOfIndex(source, at)
  const footer = readPacked(source, 'xz', indexEnd, FOOTER_BYTES)
  const magic = String.fromCharCode(...footer.subarray(FOOTER_BYTES - 2))
  if (magic !== 'YZ') {
    const found = 'another footer'
    throw packedError(source, { codec: 'xz', offset: indexEnd + FOOTER_BYTES - 2, found, expected: '"YZ"' })
  }
  return indexEnd + FOOTER_BYTES
}

/** The length of a block's data where its header states it. */
function dataLengthOf(source: PackedSource, start: number): number | undefined {
  const headerBytes = (readPacked(source, 'xz', start, 1)[0]! + 1) * GRAIN_BYTES
  const flags = readPacked(source, 'xz', start + 1, 1)[0]!
  const position = { at: start + 2 }
  const compressed = flags & BLOCK_FLAG.compressedSize ? readVli(source, position) : undefined
  if (flags & BLOCK_FLAG.unpackedSize) readVli(source, position)
  const filters = (flags & 3) + 1
  let last = 0
  for (let index = 0; index < filters; index++) {
    last = readVli(source, position)
    position.at += readVli(source, position)
  }
  if (last !== LZMA2 || position.at > start + headerBytes - CRC_BYTES) {
    const found = `a block header with filter 0x${last.toString(16)} last`
    throw packedError(source, { codec: 'xz', offset: start, found, expected: 'LZMA2 (0x21)' })
  }
  if (compressed !== undefined) readPacked(source, 'xz', start + headerBytes + compressed, 0)
  return compressed
}

/** Chunks: a control byte, lengths less one in big-endian, for some the properties, the data. A zero byte ends them. */
function lzma2Length(source: PackedSource, start: number): number {
  let at = start
  for (;;) {
    const control = readPacked(source, 'xz', at, 1)[0]!
    if (control === 0) return at + 1 - start
    if (control >= 0x80) {
      const [high = 0, low = 0] = readPacked(source, 'xz', at + 3, 2)
      at += 5 + (control >= 0xc0 ? 1 : 0) + high * 256 + low + 1
    } else if (control <= 2) {
      const [high = 0, low = 0] = readPacked(source, 'xz', at + 1, 2)
      at += 3 + high * 256 + low + 1
    } else {
      const found = `the control byte 0x${control.toString(16)}`
      throw packedError(source, { codec: 'xz', offset: at, found, expected: 'a chunk of LZMA2' })
    }
  }
}

/** A zero byte, the number of records, two numbers each, zeros up to a multiple of four, a CRC. */
function endOfIndex(source: PackedSource, start: number): number {
  const position = { at: start + 1 }
  const records = readVli(source, position)
  for (let index = 0; index < records; index++) {
    readVli(source, position)
    readVli(source, position)
  }
  return start + alignUp(position.at - start, GRAIN_BYTES) + CRC_BYTES
}

function readVli(source: PackedSource, position: Position): number {
  let value = 0
  for (let index = 0; index < MAX_VLI_BYTES; index++) {
    const byte = readPacked(source, 'xz', position.at, 1)[0]!
    position.at++
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value
  }
  const offset = position.at - MAX_VLI_BYTES
  throw packedError(source, { codec: 'xz', offset, found: 'a number of ten bytes', expected: 'nine at most' })
}
