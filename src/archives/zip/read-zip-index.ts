/**
 * What a zip in a file holds, from its central directory and every local header, which must agree. Readers of zips take the
 * same fact from different places (docs/design/zip-bundles.md); an archive in which two of them could find other content
 * is an error. What is unusual and still means one thing (data descriptors, stored entries, comments, times) is read, and
 * said, for a signed bundle may have none of it.  [APPNOTE 6.3.10 §4.3, §4.5.3]
 */
import { type FieldFinding, fieldError } from '../../bytes/field-error.js'
import { differingField } from './differing-field.js'
import { CentralDirectoryHeader, LocalFileHeader, SIGNATURE } from './disklayout.js'
import { encodeCentralHeader, encodeEnd, encodeLocalHeader } from './encode-records.js'
import { foldedPlace, unpackedPlace } from './entry-name.js'
import { extraFields, renamedBy } from './extra-fields.js'
import { findZipDirectory, type ZipBytes, type ZipDirectory } from './find-zip-directory.js'
import { contentEndOf, readLocalHeader } from './read-local-header.js'
import type { ZipMember } from './zip-member.js'
import { zip64Values } from './zip64-extra.js'

export type { ZipBytes } from './find-zip-directory.js'
export type { ZipMember } from './zip-member.js'

export interface ZipIndex {
  /** In the order of the directory. */
  readonly members: readonly ZipMember[]
  /** The first field that is not as this program writes it; undefined for a bundle that is as it was built. */
  readonly foreign: FieldFinding | undefined
}

const HOST_UNIX = 3

/** Throws FormatError where the archive is damaged, or where two readers could find other content in it. */
export function readZipIndex(file: ZipBytes): ZipIndex {
  const directory = findZipDirectory(file)
  const members = readCentralHeaders(file, directory)
  assertTiled(file, members, directory)
  const foreign = firstForeign(file, members, directory)
  assertDistinct(file, members, foreign === undefined)
  return { members: members.map(({ member }) => member), foreign }
}

interface ReadMember {
  readonly member: ZipMember
  /** The whole central header. */
  readonly central: Uint8Array
  /** Behind the content and its data descriptor. */
  readonly endOffset: number
}

function readCentralHeaders(file: ZipBytes, directory: ZipDirectory): ReadMember[] {
  const end = directory.offset + directory.sizeBytes
  const result: ReadMember[] = []
  let at = directory.offset
  for (let index = 0; index < directory.entries; index++) {
    const structure = `zip central header ${index}`
    const refuse = (field: string, found: number | string, expected: string): never => {
      throw fieldError(file.name, { structure, offset: at, field, found, expected })
    }
    if (at + CentralDirectoryHeader.SIZE > end) refuse('its end', 'behind the directory', `at most byte ${end}`)
    const header = CentralDirectoryHeader.decode(file.read(at, CentralDirectoryHeader.SIZE, structure))
    if (header.signature !== SIGNATURE.centralDirectoryHeader) {
      refuse('signature', hex32(header.signature), hex32(SIGNATURE.centralDirectoryHeader))
    }
    const tailBytes = header.file_name_length + header.extra_field_length + header.file_comment_length
    const next = at + CentralDirectoryHeader.SIZE + tailBytes
    if (next > end) refuse('the end of its names', `byte ${next}`, `at most ${end}, the directory's end,`)
    const central = Buffer.from(file.read(at, next - at, structure))
    const nameBytes = central.subarray(
      CentralDirectoryHeader.SIZE,
      CentralDirectoryHeader.SIZE + header.file_name_length,
    )
    const extraAt = CentralDirectoryHeader.SIZE + header.file_name_length
    const extra = central.subarray(extraAt, extraAt + header.extra_field_length)
    const name = nameBytes.toString('utf8')
    if (name === '' || name.includes('\0')) refuse('file_name', JSON.stringify(name), 'a name without NUL')
    const fields = extraFields(extra)
    if (fields === undefined) return refuse('extra_field', 'cut', 'records that fill it')
    const renamed = renamedBy(fields, nameBytes, header.general_purpose_flags)
    if (renamed !== undefined) refuse('the Unicode path extra field', renamed, `${name}, as the header says,`)
    const numbers = [header.uncompressed_size, header.compressed_size, header.relative_offset_of_local_header]
    const sizes = zip64Values(extra, numbers)
    if (sizes === undefined) {
      return refuse('the zip64 extra field', 'missing, cut or not needed', 'one with the sizes that do not fit 32 bits')
    }
    if (header.disk_number_start !== 0) refuse('disk_number_start', header.disk_number_start, '0')
    const [sizeBytes, compressedSize, headerOffset] = sizes as [number, number, number]
    const entry = {
      name,
      nameBytes,
      method: header.compression_method,
      flags: header.general_purpose_flags,
      crc32: header.crc_32,
      compressedSize,
      sizeBytes,
      headerOffset,
      centralOffset: at,
      modified: { date: header.last_mod_date, time: header.last_mod_time },
      fileType: header.version_made_by >> 8 === HOST_UNIX ? (header.external_file_attributes >>> 28) << 12 : 0,
    }
    const local = readLocalHeader(file, entry, directory.offset)
    const member = { ...entry, contentOffset: local.contentOffset }
    result.push({ member, central, endOffset: contentEndOf(file, member, local, directory.offset) })
    at = next
  }
  if (at !== end) {
    const field = 'size_of_central_directory'
    const structure = 'zip end record'
    const expected = `${at - directory.offset}, where its last entry ends,`
    throw fieldError(file.name, { structure, offset: directory.endOffset, field, found: directory.sizeBytes, expected })
  }
  return result
}

/** Entries must fill the archive from its first byte to the directory: whatever else there is, some reader takes for an entry. */
function assertTiled(file: ZipBytes, members: readonly ReadMember[], directory: ZipDirectory): void {
  let end = 0
  const refuse = (structure: string, offset: number, found: number): never => {
    const expected = `${end}, where what is before it ends,`
    throw fieldError(file.name, { structure, offset, field: 'its place', found, expected })
  }
  for (const { member, endOffset } of members.toSorted((a, b) => a.member.headerOffset - b.member.headerOffset)) {
    const { headerOffset, name } = member
    if (headerOffset !== end) refuse(`zip local header of "${name}"`, headerOffset, headerOffset)
    end = endOffset
  }
  if (directory.offset !== end) refuse('zip central directory', directory.offset, directory.offset)
}

/** Two entries of one place; those of our own archives may differ in case alone, since each has its sum in the manifest. */
function assertDistinct(file: ZipBytes, members: readonly ReadMember[], isOurs: boolean): void {
  const seen = new Map<string, string>()
  for (const { member } of members) {
    const { name, centralOffset } = member
    const place = isOurs ? unpackedPlace(name) : foldedPlace(name)
    const before = seen.get(place)
    if (before !== undefined) {
      const structure = `zip central header of "${name}"`
      const expected = `another place than that of "${before}"`
      throw fieldError(file.name, { structure, offset: centralOffset, field: 'file_name', found: name, expected })
    }
    seen.set(place, name)
  }
}

/** Compares every record with what the writer makes of the same entries, in the order of the archive. */
function firstForeign(
  file: ZipBytes,
  members: readonly ReadMember[],
  directory: ZipDirectory,
): FieldFinding | undefined {
  let end = 0
  for (const { member, central, endOffset } of members) {
    const { name, headerOffset, centralOffset, contentOffset } = member
    // A name that is not UTF-8 comes back as other bytes, and differs.
    const entry = { ...member, nameBytes: Buffer.from(name, 'utf8'), headerOffset: end }
    const local = Buffer.from(file.read(headerOffset, contentOffset - headerOffset, 'a zip local header'))
    const difference =
      differingField(
        LocalFileHeader,
        { found: local, expected: encodeLocalHeader(entry) },
        { structure: `zip local header of "${name}"`, offset: headerOffset },
      ) ??
      differingField(
        CentralDirectoryHeader,
        { found: central, expected: encodeCentralHeader(entry) },
        { structure: `zip central header of "${name}"`, offset: centralOffset },
      )
    if (difference !== undefined) return difference
    end = endOffset
  }
  let at = directory.offset + directory.sizeBytes
  for (const { layout, bytes } of encodeEnd(members.length, directory.offset, directory.sizeBytes)) {
    const length = Math.min(bytes.length, file.sizeBytes - at)
    const found = Buffer.from(file.read(at, length, layout.name))
    const place = { structure: layout.name.replaceAll('_', ' '), offset: at }
    const difference = differingField(layout, { found, expected: bytes }, place)
    if (difference !== undefined) return difference
    at += bytes.length
  }
  if (at === file.sizeBytes) return undefined
  const found = `${file.sizeBytes - at} bytes behind it`
  return {
    structure: 'zip end record',
    offset: directory.endOffset,
    field: 'comment_length',
    found,
    expected: 'the end',
  }
}

/** Bits of the flags that change what content is. */
export const FLAG_ENCRYPTED = 1 << 0
export const FLAG_PATCHED = 1 << 5
export const FLAG_STRONGLY_ENCRYPTED = 1 << 6

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
