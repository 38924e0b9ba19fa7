/** Unpacks gzip member by member, so that it is known where each one ends.  [RFC 1952 §2.3] */
import { createInflateRaw, inflateRawSync } from 'node:zlib'
import { crc32 } from '../../bytes/crc32.js'
import { errnoOf, InterruptedError } from '../../errors.js'
import { type PackedSource, packedError, readPacked } from './codec.js'

const READ_BYTES = 1 << 17
const INFLATED_BYTES = 1 << 18
/** What one call unpacks of a member that is likely to be small: many tools write members of 64 KiB. */
const SMALL_MEMBER_BYTES = 1 << 20

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const DEFLATE = 8
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const
const RESERVED_FLAGS = 0xe0

export interface GunzipOptions {
  /** Takes what comes out, in order; may keep nothing of it. */
  readonly write: (bytes: Uint8Array) => void
  /** The member before this one was small. */
  readonly isSmall?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Unpacks the member at `start` and resolves with the offset of what comes after it. Rejects with FormatError where it is
 * damaged or cut off, with InterruptedError, and with what `write` throws.
 */
export async function gunzipMember(source: PackedSource, start: number, options: GunzipOptions): Promise<number> {
  let crc = 0
  let length = 0
  const write = (bytes: Uint8Array): void => {
    crc = crc32(bytes, crc)
    length += bytes.length
    options.write(bytes)
  }
  const dataStart = endOfHeader(source, start)
  const small = options.isSmall === true ? inflateSmall(source, dataStart, write) : undefined
  const dataEnd = small ?? (await inflate(source, dataStart, { write, signal: options.signal }))
  const trailer = readPacked(source, 'gzip', dataEnd, TRAILER_BYTES)
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES)
  expectSame(source, dataEnd, 'CRC-32', view.getUint32(0, true), crc)
  expectSame(source, dataEnd + 4, 'length', view.getUint32(4, true), length % 2 ** 32)
  return dataEnd + TRAILER_BYTES
}

function expectSame(source: PackedSource, offset: number, field: string, stored: number, made: number): void {
  if (stored === made) return
  throw packedError(source, { codec: 'gzip', offset, found: `the ${field} ${stored}`, expected: `${made}` })
}

function endOfHeader(source: PackedSource, start: number): number {
  const header = readPacked(source, 'gzip', start, HEADER_BYTES)
  const [, , method = 0, flags = 0] = header
  if (method !== DEFLATE || (flags & RESERVED_FLAGS) !== 0) {
    const found = `method ${method} with flags 0x${flags.toString(16)}`
    throw packedError(source, { codec: 'gzip', offset: start + 2, found, expected: 'method 8 with flags below 0x20' })
  }
  let at = start + HEADER_BYTES
  if (flags & FLAG.extra) {
    const [low = 0, high = 0] = readPacked(source, 'gzip', at, 2)
    at += 2 + low + 256 * high
  }
  if (flags & FLAG.name) at = endOfText(source, at)
  if (flags & FLAG.comment) at = endOfText(source, at)
  if (flags & FLAG.headerCrc) at += 2
  return at
}

function endOfText(source: PackedSource, start: number): number {
  let at = start
  while (readPacked(source, 'gzip', at, 1)[0] !== 0) at++
  return at + 1
}

/** Undefined, with nothing written, where the member is not small or not whole. */
function inflateSmall(source: PackedSource, start: number, write: (bytes: Uint8Array) => void): number | undefined {
  const input = source.read(start, Math.min(READ_BYTES, source.sizeBytes - start), 'a gzip member')
  try {
    const options = { info: true, maxOutputLength: SMALL_MEMBER_BYTES }
    // With `info`, which the types do not know for this function, the result is the output and the engine.
    const result = inflateRawSync(input, options) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    }
    write(result.buffer)
    return start + result.engine.bytesWritten
  } catch (error) {
    if (errnoOf(error)?.startsWith('Z_') === true || errnoOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

function inflate(
  source: PackedSource,
  start: number,
  { write, signal }: { write: (bytes: Uint8Array) => void; signal: AbortSignal | undefined },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const inflater = createInflateRaw({ chunkSize: INFLATED_BYTES })
    let offset = start
    let isSettled = false
    const fail = (error: unknown): void => {
      isSettled = true
      inflater.destroy()
      reject(error)
    }
    const attempt = (action: () => void): void => {
      if (isSettled) return
      try {
        if (signal?.aborted === true) throw new InterruptedError()
        action()
      } catch (error) {
        fail(error)
      }
    }
    const feed = (): void =>
      attempt(() => {
        const length = Math.min(READ_BYTES, source.sizeBytes - offset)
        if (length <= 0) {
          inflater.end()
          return
        }
        // The window may move on before the engine has read it.
        const chunk = source.read(offset, length, 'a gzip member').slice()
        offset += length
        inflater.write(chunk, (error) => {
          if (error == null) feed()
        })
      })
    inflater.on('data', (bytes: Buffer) => attempt(() => write(bytes)))
    inflater.on('end', () => {
      isSettled = true
      resolve(start + inflater.bytesWritten)
    })
    inflater.on('error', (error) => {
      if (isSettled) return
      const isEnd = errnoOf(error) === 'Z_BUF_ERROR'
      const found = isEnd ? 'the end of the file' : `"${error.message}" at or before byte ${offset}, after the start`
      fail(packedError(source, { codec: 'gzip', offset: isEnd ? offset : start, found, expected: 'a whole member' }))
    })
    feed()
  })
}
