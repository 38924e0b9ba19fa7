/** Compressed streams by their first bytes, and what all of their readers share. */
import { FormatError } from '../../errors.js'

export type Codec = 'gzip' | 'xz' | 'zstd' | 'bzip2' | 'lz4'

/** A file that is read at places; `read` throws where the file ends before, and what it gives is valid until the next call. */
export interface PackedSource {
  /** For messages. */
  readonly name: string
  readonly sizeBytes: number
  read(offset: number, length: number, what: string): Uint8Array
}

/** As many bytes as `codecAt` looks at. */
export const CODEC_HEAD_BYTES = 10

/** Either of the first two magics of LZ4 is one that its program writes, the second with -l; kernels read that one. */
const MAGICS: readonly (readonly [codec: Codec, magic: RegExp])[] = [
  ['gzip', /^1f8b/],
  ['xz', /^fd377a585a00/],
  ['zstd', /^28b52ffd/],
  // A skippable frame, 0x184D2A50 to 0x184D2A5F; LZ4 has the same ones. [RFC 8878 §3.1.2]
  ['zstd', /^5.2a4d18/],
  // The level, and the first block or, in an empty stream, the end.
  ['bzip2', /^425a683[1-9](?:314159265359|177245385090)/],
  ['lz4', /^(?:04224d18|02214c18)/],
]

/** The codec whose stream begins with `head`. */
export function codecAt(head: Uint8Array): Codec | undefined {
  const text = Buffer.from(head.subarray(0, CODEC_HEAD_BYTES)).toString('hex')
  return MAGICS.find(([, magic]) => magic.test(text))?.[0]
}

/** The codec whose stream begins at `offset` of the file. */
export function codecAtOffset(source: PackedSource, offset: number): Codec | undefined {
  const length = Math.min(CODEC_HEAD_BYTES, source.sizeBytes - offset)
  return codecAt(source.read(offset, length, 'the beginning of a stream'))
}

export interface PackedFault {
  readonly codec: Codec
  /** Byte of the file. */
  readonly offset: number
  readonly found: string
  readonly expected: string
}

export function packedError({ name }: PackedSource, fault: PackedFault): FormatError {
  const { codec, offset, found, expected } = fault
  return new FormatError(
    `Cannot unpack "${name}" with ${codec}: found ${found} at byte ${offset}, expected ${expected}`,
    { details: { path: name, ...fault } },
  )
}

/** `length` bytes at `offset`; FormatError where the file ends before. */
export function readPacked(source: PackedSource, codec: Codec, offset: number, length: number): Uint8Array {
  if (offset + length > source.sizeBytes) {
    throw packedError(source, {
      codec,
      offset: source.sizeBytes,
      found: 'the end of the file',
      expected: `${offset + length - source.sizeBytes} bytes more`,
    })
  }
  return source.read(offset, length, codec)
}
