/** The files of a zip, and one of them unpacked: the bundle of a build, or what a vendor ships. */
import { createReadStream } from 'node:fs'
import { createInflateRaw } from 'node:zlib'
import { readSmallMember } from '../archives/zip/read-small-member.js'
import {
  FLAG_ENCRYPTED,
  FLAG_PATCHED,
  FLAG_STRONGLY_ENCRYPTED,
  readZipIndex,
  type ZipMember,
} from '../archives/zip/read-zip-index.js'
import { fieldError } from '../bytes/field-error.js'
import type { ArchiveMember } from './archive-member.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'
import type { Spool } from './spool.js'
import { copyTo, inflateTo } from './unpack-stream.js'

const METHOD_STORED = 0
const METHOD_DEFLATE = 8
const FLAGS_OF_OTHER_CONTENT = FLAG_ENCRYPTED | FLAG_PATCHED | FLAG_STRONGLY_ENCRYPTED
/**
 * The type of a symbolic link in a Unix mode: some tools make a link of such an entry, others a
 * file.
 */
const SYMBOLIC_LINK = 0o120000
/** Of one of these a bundle is signed. */
const SIGNATURE_NAME = /(?:^|[/\\])(?:manifest\.json|SHA256SUMS)\.(?:sig|sshsig|minisig)$/i

/** A file in a zip. */
export class ZippedFile implements ArchiveMember {
  readonly name: string
  readonly sizeBytes: number
  readonly #file: ImageFile
  readonly #entry: ZipMember

  constructor(file: ImageFile, entry: ZipMember) {
    this.name = entry.name
    this.sizeBytes = entry.sizeBytes
    this.#file = file
    this.#entry = entry
  }

  async head(length: number): Promise<Uint8Array | undefined> {
    const { method, flags, compressedSize, contentOffset: start } = this.#entry
    const isKnown = method === METHOD_STORED || method === METHOD_DEFLATE
    if (!isKnown || (flags & FLAGS_OF_OTHER_CONTENT) !== 0) return undefined
    if (compressedSize === 0) return new Uint8Array(0)
    const source = createReadStream(this.#file.path, { start, end: start + compressedSize - 1 })
    const inflater = method === METHOD_STORED ? undefined : createInflateRaw()
    // An error of the source ends the inflater too, where it is caught.
    const stream =
      inflater === undefined ? source : source.on('error', (error) => inflater.destroy(error)).pipe(inflater)
    const pieces: Buffer[] = []
    let found = 0
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        pieces.push(piece)
        found += piece.length
        if (found >= length) break
      }
    } catch {
      return undefined
    } finally {
      source.destroy()
    }
    return Buffer.concat(pieces).subarray(0, length)
  }

  /** The whole of a small file; undefined where it is larger than `maxBytes` or damaged. */
  small(maxBytes: number): Uint8Array | undefined {
    return readSmallMember(this.#file, this.#entry, maxBytes)
  }

  /** FormatError where anything does not add up, lengths and CRC included. */
  async unpackTo(spool: Spool, signal: AbortSignal | undefined): Promise<void> {
    const entry = this.#entry
    const structure = `zip entry "${entry.name}"`
    const refuse = (field: string, found: number | string, expected: string): Error =>
      fieldError(this.#file.name, { structure, offset: entry.centralOffset, field, found, expected })
    if ((entry.flags & FLAGS_OF_OTHER_CONTENT) !== 0) {
      throw refuse('general_purpose_flags', entry.flags, 'content without encryption or patches')
    }
    if (entry.fileType === SYMBOLIC_LINK) throw refuse('external_file_attributes', 'a symbolic link', 'a file')
    const { sizeBytes } = entry
    if (sizeBytes === 0 || sizeBytes > MAX_IMAGE_BYTES)
      throw refuse('uncompressed_size', sizeBytes, `1 to ${MAX_IMAGE_BYTES}`)
    const start = entry.contentOffset
    const end = start + entry.compressedSize

    const isStored = entry.method === METHOD_STORED
    if (!isStored && entry.method !== METHOD_DEFLATE) {
      throw refuse('compression_method', entry.method, `${METHOD_STORED} (stored) or ${METHOD_DEFLATE} (deflate)`)
    }
    const unpack = isStored ? copyTo : inflateTo
    const found = await unpack(spool, this.#file, { structure, start, end, sizeBytes, signal })
    if (found.sizeBytes !== sizeBytes) {
      throw refuse('uncompressed_size', sizeBytes, `${found.sizeBytes}, which is what came out,`)
    }
    if (found.crc32 !== entry.crc32) throw refuse('crc_32', entry.crc32, `${found.crc32}, as the content has it,`)
  }
}

/**
 * In the order of the directory, without folders. FormatError where the archive does not add up, or
 * is signed and was changed.
 */
export function zippedFiles(file: ImageFile): ZippedFile[] {
  const { members, foreign } = readZipIndex(file)
  // A signature vouches for what the writer wrote; whatever else is there, it was put there afterwards.
  if (foreign !== undefined && members.some(({ name }) => SIGNATURE_NAME.test(name)))
    throw fieldError(file.name, foreign)
  return members.filter(({ name }) => !name.endsWith('/')).map((entry) => new ZippedFile(file, entry))
}
