/** One small entry of a zip, whole in memory. */
import { inflateRawSync } from 'node:zlib'
import { crc32 } from '../../bytes/crc32.js'
import type { ZipBytes, ZipMember } from './read-zip-index.js'

const STORED = 0
const DEFLATED = 8

/** Gives undefined where the entry is larger than `maxBytes`, packed in another way, or damaged: a pass over the archive says how. */
export function readSmallMember(file: ZipBytes, member: ZipMember, maxBytes: number): Buffer | undefined {
  const { method, contentOffset, compressedSize, sizeBytes } = member
  if (sizeBytes > maxBytes || compressedSize > maxBytes || (method !== STORED && method !== DEFLATED)) return undefined
  const packed = Buffer.from(file.read(contentOffset, compressedSize, `zip entry "${member.name}"`))
  const content = method === STORED ? packed : inflateWhole(packed, sizeBytes)
  return content?.length === sizeBytes && crc32(content) === member.crc32 ? content : undefined
}

interface Inflated {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

function inflateWhole(packed: Buffer, sizeBytes: number): Buffer | undefined {
  try {
    // One byte of room more, so that content that goes on does not fit.
    const options = { maxOutputLength: sizeBytes + 1, info: true }
    const { buffer, engine } = inflateRawSync(packed, options) as unknown as Inflated
    return engine.bytesWritten === packed.length ? buffer : undefined
  } catch {
    return undefined
  }
}
