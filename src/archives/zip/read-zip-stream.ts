/**
 * A bundle read front to back, so that it may come from a pipe, and strictly. From each local header the entry's values are
 * taken and all records encoded again as the writer does it (encode-records.ts); a byte that differs is an error, with its
 * field and both values. Content is inflated, and its length, its CRC-32 and the end of its deflate stream are compared with
 * the header. So an archive that passes has no byte but packed content that is not known from its list of entries, and no
 * reader can take another image from it.  [APPNOTE 6.3.10 §4.3; docs/design/zip-bundles.md]
 */
import { Readable } from 'node:stream'
import { createInflateRaw } from 'node:zlib'
import { crc32 } from '../../bytes/crc32.js'
import { fieldError } from '../../bytes/field-error.js'
import { u32le } from '../../bytes/struct.js'
import { FormatError } from '../../errors.js'
import { ByteSource } from './byte-source.js'
import { differingField, type RecordPlace } from './differing-field.js'
import { CentralDirectoryHeader, LocalFileHeader, SIGNATURE } from './disklayout.js'
import {
  type EntryRecord,
  encodeCentralHeader,
  encodeEnd,
  encodeLocalHeader,
  type RecordLayout,
} from './encode-records.js'
import { zip64Values } from './zip64-extra.js'

const INFLATE_CHUNK_BYTES = 1 << 20

export interface ZipStreamEntry {
  readonly name: string
  readonly sizeBytes: number
  /** To be read to its end before the next entry; throws FormatError where it is damaged. */
  readonly content: AsyncGenerator<Uint8Array>
}

interface StreamedEntry extends EntryRecord {
  readonly name: string
  readonly contentEnd: number
}

/** `name` of the archive is for messages. Throws FormatError, with the byte, for everything that our writer does not write. */
export async function* readZipStream(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<ZipStreamEntry> {
  const source = new ByteSource(input, name)
  const seen: StreamedEntry[] = []
  const names = new Set<string>()
  for (;;) {
    const at = source.position
    const head = await source.take(u32le.size, seen.length === 0 ? 'its first bytes' : 'the signature of a record')
    const signature = head.readUInt32LE()
    if (signature !== SIGNATURE.localFileHeader) {
      if (seen.length === 0) {
        throw new FormatError(
          `Cannot read ${name}: it begins with ${hex32(signature)}, a zip with ${hex32(SIGNATURE.localFileHeader)}`,
        )
      }
      await readDirectory(source, { name, seen, head, offset: at })
      return
    }
    const entry = await readLocalHeader(source, { name, head, offset: at })
    if (names.has(entry.name)) {
      const expected = 'a name that no entry before it has'
      throw fieldError(name, {
        structure: localOf(entry.name),
        offset: at,
        field: 'file_name',
        found: entry.name,
        expected,
      })
    }
    names.add(entry.name)
    seen.push(entry)
    yield { name: entry.name, sizeBytes: entry.sizeBytes, content: readContent(source, name, entry) }
    if (source.position !== entry.contentEnd) throw new Error(`invariant: ${entry.name} was not read to its end`)
  }
}

function localOf(name: string): string {
  return `zip local header of "${name}"`
}

interface Begun {
  /** Of the archive. */
  readonly name: string
  /** The signature of the next record, which has been taken. */
  readonly head: Buffer
  /** Of that record. */
  readonly offset: number
}

async function readLocalHeader(source: ByteSource, { name: archive, head, offset }: Begun): Promise<StreamedEntry> {
  const what = `the local header at byte ${offset}`
  const fixed = Buffer.concat([head, await source.take(LocalFileHeader.SIZE - head.length, what)])
  const header = LocalFileHeader.decode(fixed)
  const nameBytes = await source.take(header.file_name_length, what)
  const extra = await source.take(header.extra_field_length, what)
  const name = nameBytes.toString('utf8')
  const place = { structure: localOf(name), offset }
  const sizes = zip64Values(extra, [header.uncompressed_size, header.compressed_size])
  if (sizes === undefined) {
    const expected = 'a record with both sizes'
    throw fieldError(archive, { ...place, field: 'the zip64 extra field', found: 'missing or cut', expected })
  }
  const [sizeBytes, compressedSize] = sizes as [number, number]
  const entry = {
    name,
    nameBytes: Buffer.from(name, 'utf8'),
    sizeBytes,
    compressedSize,
    crc32: header.crc_32,
    headerOffset: offset,
    modified: { date: header.last_mod_date, time: header.last_mod_time },
  }
  const found = Buffer.concat([fixed, nameBytes, extra])
  const difference = differingField(LocalFileHeader, { found, expected: encodeLocalHeader(entry) }, place)
  if (difference !== undefined) throw fieldError(archive, difference)
  return { ...entry, contentEnd: source.position + compressedSize }
}

async function* readContent(source: ByteSource, archive: string, entry: StreamedEntry): AsyncGenerator<Uint8Array> {
  const refuse = (why: string): FormatError =>
    new FormatError(`Cannot read ${archive}: the entry "${entry.name}" at byte ${entry.headerOffset} ${why}`)
  const packed = source.pieces(entry.compressedSize, `the entry "${entry.name}"`)
  let crc = 0
  let length = 0
  for await (const piece of inflated(packed, entry, refuse)) {
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
  entry: StreamedEntry,
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

/** The central directory and what ends the archive, byte for byte as the entries that were read make them. */
async function readDirectory(
  source: ByteSource,
  { name, seen, head, offset }: Begun & { readonly seen: readonly StreamedEntry[] },
): Promise<void> {
  let begun = head
  const compare = async (layout: RecordLayout, expected: Uint8Array, { structure }: Omit<RecordPlace, 'offset'>) => {
    const at = source.position - begun.length
    const found = Buffer.concat([begun, await source.take(expected.length - begun.length, structure)])
    begun = Buffer.alloc(0)
    const difference = differingField(layout, { found, expected }, { structure, offset: at })
    if (difference !== undefined) throw fieldError(name, difference)
  }
  for (const entry of seen) {
    const structure = `zip central header of "${entry.name}"`
    await compare(CentralDirectoryHeader, encodeCentralHeader(entry), { structure })
  }
  const size = source.position - offset
  for (const { layout, bytes } of encodeEnd(seen.length, offset, size)) {
    await compare(layout, bytes, { structure: layout.name.replaceAll('_', ' ') })
  }
  if (!(await source.ended()))
    throw new FormatError(`Cannot read ${name}: something follows its end, at byte ${source.position}`)
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
