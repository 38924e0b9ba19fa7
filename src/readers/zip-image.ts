/** The image in a zip: the bundle of a build, or what a vendor ships. */
import { extname } from 'node:path'
import { LocalFileHeader, SIGNATURE } from '../archives/zip/disklayout.js'
import { fieldError } from '../bytes/field-error.js'
import { FormatError } from '../errors.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'
import type { Spool } from './spool.js'
import { copyTo, inflateTo } from './unpack-stream.js'
import { readZipDirectory, type ZipDirectoryEntry } from './zip-directory.js'

export interface ZipImageOptions {
  readonly entry: string | undefined
  readonly signal: AbortSignal | undefined
}

const METHOD_STORED = 0
const METHOD_DEFLATE = 8
const FLAG_ENCRYPTED = 1
/** What people call images, after balenaEtcher's list. */
const IMAGE_EXTENSIONS = new Set(
  '.img .raw .bin .wic .sdcard .rpi-sdimg .hddimg .dsk .iso .qcow2 .simg .gz .xz .zst'.split(' '),
)

/**
 * Unpacks the image of a zip into `spool`: the entry asked for, else the first that has no extension or an image's, else the
 * first file. FormatError where anything does not add up, lengths and CRC included.
 */
export async function unpackZipImage(file: ImageFile, spool: Spool, options: ZipImageOptions): Promise<void> {
  const entry = chooseEntry(file, readZipDirectory(file), options.entry)
  const refuse = (field: string, found: number | string, expected: string): Error =>
    fieldError(file.name, { structure: `zip entry "${entry.name}"`, offset: entry.offset, field, found, expected })
  if ((entry.flags & FLAG_ENCRYPTED) !== 0) throw refuse('general_purpose_flags', 'encrypted', 'no encryption')
  if (entry.uncompressedSize === 0 || entry.uncompressedSize > MAX_IMAGE_BYTES) {
    throw refuse('uncompressed_size', entry.uncompressedSize, `1 to ${MAX_IMAGE_BYTES}`)
  }
  const start = contentStart(file, entry)
  const end = start + entry.compressedSize
  if (end > file.sizeBytes) throw refuse('compressed_size', entry.compressedSize, `at most ${file.sizeBytes - start}`)

  const isStored = entry.method === METHOD_STORED
  if (!isStored && entry.method !== METHOD_DEFLATE) {
    throw refuse('compression_method', entry.method, `${METHOD_STORED} (stored) or ${METHOD_DEFLATE} (deflate)`)
  }
  const sizeBytes = entry.uncompressedSize
  if (isStored && entry.compressedSize !== sizeBytes) {
    throw refuse('compressed_size', entry.compressedSize, `${sizeBytes}, since it is stored,`)
  }
  const structure = `zip entry "${entry.name}"`
  const unpack = isStored ? copyTo : inflateTo
  const found = await unpack(spool, file, { structure, start, end, sizeBytes, signal: options.signal })
  if (found.sizeBytes !== sizeBytes) {
    throw refuse('uncompressed_size', sizeBytes, `${found.sizeBytes}, which is what came out,`)
  }
  if (found.crc32 !== entry.crc32) throw refuse('crc_32', entry.crc32, `${found.crc32}, as the content has it,`)
}

function chooseEntry(
  file: ImageFile,
  all: readonly ZipDirectoryEntry[],
  wanted: string | undefined,
): ZipDirectoryEntry {
  const files = all.filter(({ name }) => !name.endsWith('/') && !name.startsWith('.meta/'))
  const names = files.slice(0, 10).map(({ name }) => name)
  if (wanted !== undefined) {
    const entry = files.find(({ name }) => name === wanted)
    if (entry !== undefined) return entry
    throw new FormatError(
      `Cannot read "${wanted}" of "${file.name}": there is no such entry, it has ${names.join(', ')}`,
    )
  }
  const isImage = ({ name }: ZipDirectoryEntry): boolean => {
    const extension = extname(name).toLowerCase()
    return extension === '' || IMAGE_EXTENSIONS.has(extension)
  }
  const chosen = files.find(isImage) ?? files[0]
  if (chosen === undefined) throw new FormatError(`Cannot read image "${file.name}": the archive holds no file`)
  return chosen
}

/** Where the content begins: behind the local header, whose names may have other lengths than the central one's. */
function contentStart(file: ImageFile, { name, headerOffset }: ZipDirectoryEntry): number {
  const header = file.decode(LocalFileHeader, headerOffset)
  if (header.signature !== SIGNATURE.localFileHeader) {
    throw fieldError(file.name, {
      structure: `zip local header of "${name}"`,
      offset: headerOffset,
      field: 'signature',
      found: `0x${header.signature.toString(16)}`,
      expected: `0x${SIGNATURE.localFileHeader.toString(16).padStart(8, '0')}`,
    })
  }
  return headerOffset + LocalFileHeader.SIZE + header.file_name_length + header.extra_field_length
}
