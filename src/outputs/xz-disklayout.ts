/**
 * The .xz container: a stream of a header, blocks, an index and a footer. Little-endian; lengths in the index are of
 * variable size, seven bits a byte, least significant first.  [XZ 1.1.0 §2]
 */
import { alignUp } from '../bytes/align.js'
import { concatBytes } from '../bytes/concat.js'
import { crc32 } from '../bytes/crc32.js'
import { bytes, struct, u32le } from '../bytes/struct.js'
import { FormatError, invariant } from '../errors.js'

export const StreamHeader = struct('xz_stream_header', 12, {
  Magic: [0, bytes(6)],
  Stream_Flags: [6, bytes(2)],
  CRC32: [8, u32le],
})

export const StreamFooter = struct('xz_stream_footer', 12, {
  CRC32: [0, u32le],
  /** Of the index, in units of four bytes less one. */
  Backward_Size: [4, u32le],
  Stream_Flags: [8, bytes(2)],
  Magic: [10, bytes(2)],
})

/** One record of the index. Sizes in bytes; the unpadded size is that of the block without the zeros that align it. */
export interface XzRecord {
  readonly unpaddedBytes: number
  readonly uncompressedBytes: number
}

const HEADER_MAGIC = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)
const FOOTER_MAGIC = Uint8Array.of(0x59, 0x5a)
const INDEX_INDICATOR = 0x00
/** Blocks and index are whole multiples of this. */
export const XZ_ALIGN_BYTES = 4
const CONTINUES = 0x80
const BITS_PER_BYTE = 7

/** Stream_Flags: a zero byte, then the check that stands behind each block. Here CRC32, which every reader has. */
export const XZ_FLAGS_CRC32 = Uint8Array.of(0x00, 0x01)

export function encodeXzHeader(): Uint8Array {
  return StreamHeader.encode({ Magic: HEADER_MAGIC, Stream_Flags: XZ_FLAGS_CRC32, CRC32: crc32(XZ_FLAGS_CRC32) })
}

/** Index and footer of a stream with these blocks. */
export function encodeXzEnd(records: readonly XzRecord[]): Uint8Array {
  const numbers = [INDEX_INDICATOR, ...encodeNumber(records.length)]
  for (const { unpaddedBytes, uncompressedBytes } of records) {
    numbers.push(...encodeNumber(unpaddedBytes), ...encodeNumber(uncompressedBytes))
  }
  while (numbers.length % XZ_ALIGN_BYTES !== 0) numbers.push(0)
  const index = Uint8Array.from(numbers)
  const indexCrc = new Uint8Array(u32le.size)
  new DataView(indexCrc.buffer).setUint32(0, crc32(index), true)
  const footer = StreamFooter.encode({
    CRC32: 0,
    Backward_Size: (index.length + u32le.size) / XZ_ALIGN_BYTES - 1,
    Stream_Flags: XZ_FLAGS_CRC32,
    Magic: FOOTER_MAGIC,
  })
  // The footer's CRC32 is over Backward_Size and Stream_Flags.
  const checked = footer.subarray(StreamFooter.FIELDS.Backward_Size![0], StreamFooter.FIELDS.Magic![0])
  new DataView(footer.buffer).setUint32(0, crc32(checked), true)
  return concatBytes([index, indexCrc, footer])
}

/** The blocks of a single stream and their index records, as another xz wrote it with CRC32 as its check. */
export function splitXzStream(stream: Uint8Array): { readonly blocks: Uint8Array; readonly records: XzRecord[] } {
  const footerAt = stream.length - StreamFooter.SIZE
  if (footerAt < StreamHeader.SIZE || !equalBytes(stream.subarray(0, StreamHeader.SIZE), encodeXzHeader())) {
    throw new FormatError('Cannot take the output of xz: it is no .xz stream with CRC32 checks')
  }
  const { Backward_Size } = StreamFooter.decode(stream, footerAt)
  const indexAt = footerAt - (Backward_Size + 1) * XZ_ALIGN_BYTES
  const index = new NumberReader(stream, indexAt + 1)
  const records = Array.from({ length: index.next() }, () => ({
    unpaddedBytes: index.next(),
    uncompressedBytes: index.next(),
  }))
  const blocks = stream.subarray(StreamHeader.SIZE, indexAt)
  const total = records.reduce((sum, { unpaddedBytes }) => sum + alignUp(unpaddedBytes, XZ_ALIGN_BYTES), 0)
  invariant(total === blocks.length, `blocks of ${blocks.length} bytes, ${total} in the index of xz`)
  return { blocks, records }
}

function* encodeNumber(value: number): Generator<number> {
  let rest = value
  for (; rest >= CONTINUES; rest = Math.floor(rest / CONTINUES)) yield (rest % CONTINUES) | CONTINUES
  yield rest
}

class NumberReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(source: Uint8Array, at: number) {
    this.#bytes = source
    this.#at = at
  }

  next(): number {
    let value = 0
    for (let shift = 0; ; shift += BITS_PER_BYTE) {
      const byte = this.#bytes[this.#at++]
      invariant(byte !== undefined && shift < 53, 'the index of xz does not end')
      value += (byte % CONTINUES) * 2 ** shift
      if (byte < CONTINUES) return value
    }
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
