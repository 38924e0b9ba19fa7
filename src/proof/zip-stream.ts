/**
 * A bundle read front to back, so that it may come from a pipe, and strictly: it shares only the records with the writer.
 * Every entry's content is inflated and its length and CRC-32 compared with the local header, and the central directory
 * with the entries that were there.  [APPNOTE 6.3.10 §4.3]
 */
import { Readable } from 'node:stream'
import { createInflateRaw } from 'node:zlib'
import {
  CentralDirectoryHeader,
  EndOfCentralDirectory,
  LocalFileHeader,
  OVERFLOW_16,
  OVERFLOW_32,
  SIGNATURE,
  Zip64EndOfCentralDirectory,
  Zip64EndOfCentralDirectoryLocator,
} from '../archives/zip/disklayout.js'
import { zip64Values } from '../archives/zip/zip64-extra.js'
import { crc32 } from '../bytes/crc32.js'
import { u32le } from '../bytes/struct.js'
import { FormatError } from '../errors.js'
import { ByteSource } from './byte-source.js'

const STORED = 0
const DEFLATED = 8
const FLAG_ENCRYPTED = 1 << 0
const FLAG_DATA_DESCRIPTOR = 1 << 3
const INFLATE_CHUNK_BYTES = 1 << 20

export interface ZipStreamEntry {
  readonly name: string
  readonly sizeBytes: number
  /** To be read to its end before the next entry; throws FormatError where it is damaged. */
  readonly content: AsyncGenerator<Uint8Array>
}

interface SeenEntry {
  readonly name: string
  readonly crc32: number
  readonly compressedSize: number
  readonly sizeBytes: number
  readonly headerOffset: number
}

/** `name` of the archive is for messages. Throws FormatError, with the byte, for everything that is not as it must be. */
export async function* readZipStream(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<ZipStreamEntry> {
  const source = new ByteSource(input, name)
  const seen: SeenEntry[] = []
  for (;;) {
    const at = source.position
    const signature = await readSignature(source, seen.length === 0 ? 'its first bytes' : 'the signature of a record')
    if (signature !== SIGNATURE.localFileHeader) {
      if (seen.length === 0) {
        throw new FormatError(
          `Cannot read ${name}: it begins with ${hex32(signature)}, a zip with ${hex32(SIGNATURE.localFileHeader)}`,
        )
      }
      await readDirectory(source, { name, seen, signature, offset: at })
      return
    }
    const entry = await readLocalHeader(source, name, at)
    seen.push(entry)
    yield { name: entry.name, sizeBytes: entry.sizeBytes, content: readContent(source, name, entry) }
    if (source.position !== entry.contentEnd) throw new Error(`invariant: ${entry.name} was not read to its end`)
  }
}

interface LocalEntry extends SeenEntry {
  readonly method: number
  readonly contentEnd: number
}

async function readLocalHeader(source: ByteSource, archive: string, at: number): Promise<LocalEntry> {
  const what = `the local header at byte ${at}`
  const header = LocalFileHeader.decode(await restOf(source, LocalFileHeader, SIGNATURE.localFileHeader, what))
  const name = (await source.take(header.file_name_length, what)).toString('utf8')
  const extra = await source.take(header.extra_field_length, what)
  const refuse = (why: string): never => {
    throw new FormatError(`Cannot read ${archive}: the entry "${name}" at byte ${at} ${why}`)
  }
  if (header.general_purpose_flags & FLAG_ENCRYPTED) refuse('is encrypted')
  if (header.general_purpose_flags & FLAG_DATA_DESCRIPTOR)
    refuse('has its size behind its content, it is expected before')
  if (header.compression_method !== STORED && header.compression_method !== DEFLATED) {
    refuse(`has method ${header.compression_method}, ${STORED} (stored) and ${DEFLATED} (deflate) are accepted`)
  }
  const [sizeBytes, compressedSize] =
    zip64Values(extra, [header.uncompressed_size, header.compressed_size]) ?? refuse('has a damaged zip64 field')
  return {
    name,
    crc32: header.crc_32,
    sizeBytes: sizeBytes!,
    compressedSize: compressedSize!,
    headerOffset: at,
    method: header.compression_method,
    contentEnd: source.position + compressedSize!,
  }
}

async function* readContent(source: ByteSource, archive: string, entry: LocalEntry): AsyncGenerator<Uint8Array> {
  const refuse = (why: string): FormatError =>
    new FormatError(`Cannot read ${archive}: the entry "${entry.name}" at byte ${entry.headerOffset} ${why}`)
  const packed = source.pieces(entry.compressedSize, `the entry "${entry.name}"`)
  let crc = 0
  let length = 0
  for await (const piece of entry.method === STORED ? packed : inflated(packed, entry, refuse)) {
    crc = crc32(piece, crc)
    length += piece.length
    if (length > entry.sizeBytes) throw refuse(`unpacks to more than the ${entry.sizeBytes} bytes that it should have`)
    yield piece
  }
  if (length !== entry.sizeBytes) throw refuse(`has ${length} bytes, ${entry.sizeBytes} are expected`)
  if (crc !== entry.crc32) throw refuse(`has the CRC-32 ${hex32(crc)}, ${hex32(entry.crc32)} is expected`)
}

async function* inflated(
  packed: AsyncIterable<Uint8Array>,
  entry: LocalEntry,
  refuse: (why: string) => FormatError,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES })
  const input = Readable.from(packed, { objectMode: false, highWaterMark: INFLATE_CHUNK_BYTES })
  let sourceError: unknown
  input.on('error', (error) => {
    sourceError = error
    inflate.destroy(error)
  })
  try {
    for await (const piece of input.pipe(inflate)) yield piece as Uint8Array
  } catch (error) {
    throw (
      sourceError ?? (isZlibError(error) ? refuse(`is no whole deflate stream (${(error as Error).message})`) : error)
    )
  } finally {
    input.destroy()
    inflate.destroy()
  }
  if (inflate.bytesWritten !== entry.compressedSize) {
    throw refuse(`ends after ${inflate.bytesWritten} of its ${entry.compressedSize} packed bytes`)
  }
}

function isZlibError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('Z_')
}

interface DirectoryContext {
  readonly name: string
  readonly seen: readonly SeenEntry[]
  /** Of the first record, which has been read. */
  readonly signature: number
  readonly offset: number
}

async function readDirectory(
  source: ByteSource,
  { name, seen, signature: first, offset }: DirectoryContext,
): Promise<void> {
  let signature: number = first
  let at = offset
  const refuse = (why: string): never => {
    throw new FormatError(`Cannot read ${name}: ${why}`)
  }
  const next = async (): Promise<number> => {
    at = source.position
    return readSignature(source, 'its central directory')
  }
  for (const entry of seen) {
    if (signature !== SIGNATURE.centralDirectoryHeader)
      refuse(`its central directory has no entry for "${entry.name}" at byte ${at}`)
    await readDirectoryEntry(source, entry, (why) => refuse(`its central directory, at byte ${at}, ${why}`))
    signature = await next()
  }
  const size = at - offset
  if (signature === SIGNATURE.centralDirectoryHeader)
    refuse(`its central directory lists more than its ${seen.length} entries`)
  if (signature === SIGNATURE.zip64EndOfCentralDirectory) {
    const what = 'its zip64 end record'
    const end = Zip64EndOfCentralDirectory.decode(await restOf(source, Zip64EndOfCentralDirectory, signature, what))
    if (
      end.entries !== seen.length ||
      end.offset_of_central_directory !== offset ||
      end.size_of_central_directory !== size
    ) {
      refuse('its zip64 end record does not fit its central directory')
    }
    const zip64At = at
    signature = await next()
    if (signature !== SIGNATURE.zip64EndOfCentralDirectoryLocator)
      refuse(`byte ${at} has ${hex32(signature)}, a zip64 locator is expected`)
    const locator = Zip64EndOfCentralDirectoryLocator.decode(
      await restOf(source, Zip64EndOfCentralDirectoryLocator, signature, what),
    )
    if (locator.offset_of_zip64_end !== zip64At) refuse('its zip64 locator does not point at its zip64 end record')
    signature = await next()
  }
  if (signature !== SIGNATURE.endOfCentralDirectory)
    refuse(`byte ${at} has ${hex32(signature)}, the end record is expected`)
  const end = EndOfCentralDirectory.decode(await restOf(source, EndOfCentralDirectory, signature, 'its end record'))
  await source.take(end.comment_length, 'its comment')
  const fits =
    end.entries === Math.min(seen.length, OVERFLOW_16) &&
    end.offset_of_central_directory === Math.min(offset, OVERFLOW_32) &&
    end.size_of_central_directory === Math.min(size, OVERFLOW_32)
  if (!fits) refuse(`its end record says ${end.entries} entries, ${seen.length} are there`)
  if (!(await source.ended())) refuse(`something follows its end, at byte ${source.position}`)
}

async function readDirectoryEntry(source: ByteSource, entry: SeenEntry, refuse: (why: string) => never): Promise<void> {
  const what = 'its central directory'
  const header = CentralDirectoryHeader.decode(
    await restOf(source, CentralDirectoryHeader, SIGNATURE.centralDirectoryHeader, what),
  )
  const name = (await source.take(header.file_name_length, what)).toString('utf8')
  const extra = await source.take(header.extra_field_length, what)
  await source.take(header.file_comment_length, what)
  if (name !== entry.name) refuse(`has "${name}", "${entry.name}" is expected`)
  const said = zip64Values(extra, [
    header.uncompressed_size,
    header.compressed_size,
    header.relative_offset_of_local_header,
  ])
  if (said === undefined) refuse(`has a damaged zip64 field of "${name}"`)
  const expected = [entry.sizeBytes, entry.compressedSize, entry.headerOffset]
  const fits = header.crc_32 === entry.crc32 && expected.every((value, index) => said![index] === value)
  if (!fits) refuse(`has another size, CRC-32 or place for "${name}" than its local header`)
}

async function readSignature(source: ByteSource, what: string): Promise<number> {
  return (await source.take(u32le.size, what)).readUInt32LE()
}

/** A whole record whose signature has been read already. */
async function restOf(
  source: ByteSource,
  record: { readonly SIZE: number },
  signature: number,
  what: string,
): Promise<Buffer> {
  const whole = Buffer.alloc(record.SIZE)
  whole.writeUInt32LE(signature)
  whole.set(await source.take(record.SIZE - u32le.size, what), u32le.size)
  return whole
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
