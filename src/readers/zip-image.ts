/** The image in a zip: the bundle of a build, or what a vendor ships. */
import { extname } from 'node:path'
import {
  FLAG_ENCRYPTED,
  FLAG_PATCHED,
  FLAG_STRONGLY_ENCRYPTED,
  readZipIndex,
  type ZipMember,
} from '../archives/zip/read-zip-index.js'
import { fieldError } from '../bytes/field-error.js'
import { FormatError } from '../errors.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'
import type { Spool } from './spool.js'
import { copyTo, inflateTo } from './unpack-stream.js'

export interface ZipImageOptions {
  readonly entry: string | undefined
  readonly signal: AbortSignal | undefined
}

const METHOD_STORED = 0
const METHOD_DEFLATE = 8
const FLAGS_OF_OTHER_CONTENT = FLAG_ENCRYPTED | FLAG_PATCHED | FLAG_STRONGLY_ENCRYPTED
/** The type of a symbolic link in a Unix mode: some tools make a link of such an entry, others a file. */
const SYMBOLIC_LINK = 0o120000
/** Of one of these a bundle is signed. */
const SIGNATURE_NAME = /(?:^|[/\\])(?:manifest\.json|SHA256SUMS)\.(?:sig|sshsig|minisig)$/i
/** What people call images, after balenaEtcher's list. */
const IMAGE_EXTENSIONS = new Set(
  '.img .raw .bin .wic .sdcard .rpi-sdimg .hddimg .dsk .iso .qcow2 .simg .gz .xz .zst'.split(' '),
)

/**
 * Unpacks the image of a zip into `spool`: the entry asked for, else the first that has no extension or an image's, else the
 * first file. FormatError where anything does not add up, lengths and CRC included.
 */
export async function unpackZipImage(file: ImageFile, spool: Spool, options: ZipImageOptions): Promise<void> {
  const { members, foreign } = readZipIndex(file)
  // A signature vouches for what the writer wrote; whatever else is there, it was put there afterwards.
  if (foreign !== undefined && members.some(({ name }) => SIGNATURE_NAME.test(name)))
    throw fieldError(file.name, foreign)
  const entry = chooseEntry(file, members, options.entry)
  const refuse = (field: string, found: number | string, expected: string): Error =>
    fieldError(file.name, {
      structure: `zip entry "${entry.name}"`,
      offset: entry.centralOffset,
      field,
      found,
      expected,
    })
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
  const structure = `zip entry "${entry.name}"`
  const unpack = isStored ? copyTo : inflateTo
  const found = await unpack(spool, file, { structure, start, end, sizeBytes, signal: options.signal })
  if (found.sizeBytes !== sizeBytes) {
    throw refuse('uncompressed_size', sizeBytes, `${found.sizeBytes}, which is what came out,`)
  }
  if (found.crc32 !== entry.crc32) throw refuse('crc_32', entry.crc32, `${found.crc32}, as the content has it,`)
}

function chooseEntry(file: ImageFile, all: readonly ZipMember[], wanted: string | undefined): ZipMember {
  const files = all.filter(({ name }) => !name.endsWith('/') && !name.startsWith('.meta/'))
  const names = files.slice(0, 10).map(({ name }) => name)
  if (wanted !== undefined) {
    const entry = files.find(({ name }) => name === wanted)
    if (entry !== undefined) return entry
    throw new FormatError(
      `Cannot read "${wanted}" of "${file.name}": there is no such entry, it has ${names.join(', ')}`,
    )
  }
  const isImage = ({ name }: ZipMember): boolean => {
    const extension = extname(name).toLowerCase()
    return extension === '' || IMAGE_EXTENSIONS.has(extension)
  }
  const chosen = files.find(isImage) ?? files[0]
  if (chosen === undefined) throw new FormatError(`Cannot read image "${file.name}": the archive holds no file`)
  return chosen
}
