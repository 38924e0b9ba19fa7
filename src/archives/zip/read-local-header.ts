/** The local header of an entry, which must say what the central one does, and what may follow the content. */
import { fieldError } from '../../bytes/field-error.js'
import { u64le } from '../../bytes/struct.js'
import { DataDescriptor, LocalFileHeader, OVERFLOW_32, SIGNATURE, ZIP64_EXTRA_ID } from './disklayout.js'
import { extraFields, renamedBy } from './extra-fields.js'
import type { ZipBytes } from './find-zip-directory.js'
import type { ZipMember } from './zip-member.js'
import { zip64Values } from './zip64-extra.js'

type CentralEntry = Omit<ZipMember, 'contentOffset'>

export interface LocalHeader {
  readonly contentOffset: number
  /** Sizes behind the content have 64 bits. */
  readonly isWide: boolean
}

const STORED = 0
export const FLAG_DATA_DESCRIPTOR = 1 << 3
/** Central headers that hide the values of local ones. [APPNOTE §4.4.4] */
const FLAG_MASKED = 1 << 13
/** How hard the compressor tried: no reader asks. */
const FLAGS_OF_EFFORT = (1 << 1) | (1 << 2)

/** `limit`: where the directory begins. FormatError where a reader of local headers would find another entry. */
export function readLocalHeader(file: ZipBytes, central: CentralEntry, limit: number): LocalHeader {
  const { name, headerOffset: offset, flags } = central
  const structure = `zip local header of "${name}"`
  const refuse = (field: string, found: number | string, expected: string): never => {
    throw fieldError(file.name, { structure, offset, field, found, expected })
  }
  const differs = (field: string, found: number | string, said: number | string): void => {
    if (found !== said) refuse(field, found, `${said}, as its central header says,`)
  }
  if (offset + LocalFileHeader.SIZE > limit) refuse('its place', offset, `a place before the directory, at ${limit}`)
  const header = LocalFileHeader.decode(file.read(offset, LocalFileHeader.SIZE, structure))
  if (header.signature !== SIGNATURE.localFileHeader) {
    refuse('signature', hex32(header.signature), hex32(SIGNATURE.localFileHeader))
  }
  differs('file_name_length', header.file_name_length, central.nameBytes.length)
  const contentOffset = offset + LocalFileHeader.SIZE + header.file_name_length + header.extra_field_length
  if (contentOffset > limit) refuse('extra_field_length', header.extra_field_length, 'an end before the directory')
  const tail = Buffer.from(
    file.read(offset + LocalFileHeader.SIZE, contentOffset - offset - LocalFileHeader.SIZE, structure),
  )
  const nameBytes = tail.subarray(0, header.file_name_length)
  if (!nameBytes.equals(central.nameBytes)) differs('file_name', nameBytes.toString('utf8'), name)
  differs('compression_method', header.compression_method, central.method)
  differs('general_purpose_flags', header.general_purpose_flags & ~FLAGS_OF_EFFORT, flags & ~FLAGS_OF_EFFORT)
  if ((flags & FLAG_MASKED) !== 0) refuse('general_purpose_flags', flags, 'no masked header')
  const extra = tail.subarray(header.file_name_length)
  const fields = extraFields(extra)
  if (fields === undefined) return refuse('extra_field', 'cut', 'records that fill it')
  const renamed = renamedBy(fields, nameBytes, flags)
  if (renamed !== undefined) refuse('the Unicode path extra field', renamed, `${name}, as the header says,`)
  const isWide = fields.some(({ id }) => id === ZIP64_EXTRA_ID) || largest(central) >= OVERFLOW_32
  const sizes = zip64Values(extra, [header.uncompressed_size, header.compressed_size])
  if (sizes === undefined) {
    return refuse('the zip64 extra field', 'missing, cut or not needed', 'one with the sizes that do not fit 32 bits')
  }
  const [sizeBytes, compressedSize] = sizes as [number, number]
  const later = (flags & FLAG_DATA_DESCRIPTOR) !== 0
  if (later && central.method === STORED) refuse('general_purpose_flags', flags, 'the size before stored content')
  // With a data descriptor the values may be missing, and then are zeros.
  if (!later || header.crc_32 !== 0) differs('crc_32', hex32(header.crc_32), hex32(central.crc32))
  if (!later || sizeBytes !== 0) differs('uncompressed_size', sizeBytes, central.sizeBytes)
  if (!later || compressedSize !== 0) differs('compressed_size', compressedSize, central.compressedSize)
  if (central.method === STORED) differs('compressed_size', compressedSize, sizeBytes)
  return { contentOffset, isWide }
}

function largest({ sizeBytes, compressedSize }: CentralEntry): number {
  return Math.max(sizeBytes, compressedSize)
}

/** Where the next entry must begin: behind the content, and behind its data descriptor where it has one. */
export function contentEndOf(file: ZipBytes, member: ZipMember, local: LocalHeader, limit: number): number {
  const { name, contentOffset, compressedSize, centralOffset } = member
  const end = contentOffset + compressedSize
  const structure = `zip entry "${name}"`
  if (end > limit) {
    const expected = `at most ${limit - contentOffset}`
    throw fieldError(file.name, {
      structure,
      offset: centralOffset,
      field: 'compressed_size',
      found: compressedSize,
      expected,
    })
  }
  if ((member.flags & FLAG_DATA_DESCRIPTOR) === 0) return end
  const signatureBytes = DataDescriptor.FIELDS.crc_32![0]
  const sizesBytes = local.isWide ? 2 * u64le.size : DataDescriptor.SIZE - 2 * signatureBytes
  const length = 2 * signatureBytes + sizesBytes
  const bytes = Buffer.from(file.read(end, Math.min(length, limit - end), `data descriptor of "${name}"`))
  const wanted = descriptorBytes(member, local.isWide)
  // The signature before it is a custom that not every writer has.
  if (bytes.equals(wanted)) return end + length
  const bare = wanted.subarray(signatureBytes)
  if (bytes.subarray(0, bare.length).equals(bare)) return end + bare.length
  throw fieldError(file.name, {
    structure: `zip data descriptor of "${name}"`,
    offset: end,
    field: 'its bytes',
    found: bytes.toString('hex'),
    expected: `${wanted.toString('hex')}, as its central header says,`,
  })
}

function descriptorBytes({ crc32, compressedSize, sizeBytes }: ZipMember, isWide: boolean): Buffer {
  const signature = SIGNATURE.dataDescriptor
  if (!isWide) {
    return Buffer.from(
      DataDescriptor.encode({
        signature,
        crc_32: crc32,
        compressed_size: compressedSize,
        uncompressed_size: sizeBytes,
      }),
    )
  }
  const bytes = Buffer.alloc(DataDescriptor.FIELDS.compressed_size![0] + 2 * u64le.size)
  bytes.writeUInt32LE(signature)
  bytes.writeUInt32LE(crc32, DataDescriptor.FIELDS.crc_32![0])
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  u64le.write(view, DataDescriptor.FIELDS.compressed_size![0], compressedSize)
  u64le.write(view, DataDescriptor.FIELDS.compressed_size![0] + u64le.size, sizeBytes)
  return bytes
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
