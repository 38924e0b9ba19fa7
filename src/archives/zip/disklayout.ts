/**
 * The records of a zip archive. Little-endian. Readers that matter: Info-ZIP unzip and funzip, 7z, Python's zipfile,
 * libarchive, balenaEtcher, Windows Explorer.  [APPNOTE 6.3.10 §4.3, §4.5.3]
 */
import { type Infer, struct, u16le, u32le, u64le } from '../../bytes/struct.js'

export const LocalFileHeader = struct('zip_local_file_header', 30, {
  signature: [0, u32le],
  version_needed: [4, u16le],
  general_purpose_flags: [6, u16le],
  compression_method: [8, u16le],
  last_mod_time: [10, u16le],
  last_mod_date: [12, u16le],
  crc_32: [14, u32le],
  compressed_size: [18, u32le],
  uncompressed_size: [22, u32le],
  file_name_length: [26, u16le],
  extra_field_length: [28, u16le],
})
export type LocalFileHeader = Infer<typeof LocalFileHeader>

export const CentralDirectoryHeader = struct('zip_central_directory_header', 46, {
  signature: [0, u32le],
  version_made_by: [4, u16le],
  version_needed: [6, u16le],
  general_purpose_flags: [8, u16le],
  compression_method: [10, u16le],
  last_mod_time: [12, u16le],
  last_mod_date: [14, u16le],
  crc_32: [16, u32le],
  compressed_size: [20, u32le],
  uncompressed_size: [24, u32le],
  file_name_length: [28, u16le],
  extra_field_length: [30, u16le],
  file_comment_length: [32, u16le],
  disk_number_start: [34, u16le],
  internal_file_attributes: [36, u16le],
  external_file_attributes: [38, u32le],
  relative_offset_of_local_header: [42, u32le],
})

export const EndOfCentralDirectory = struct('zip_end_of_central_directory', 22, {
  signature: [0, u32le],
  number_of_this_disk: [4, u16le],
  disk_with_central_directory: [6, u16le],
  entries_on_this_disk: [8, u16le],
  entries: [10, u16le],
  size_of_central_directory: [12, u32le],
  offset_of_central_directory: [16, u32le],
  comment_length: [20, u16le],
})

export const Zip64EndOfCentralDirectory = struct('zip64_end_of_central_directory', 56, {
  signature: [0, u32le],
  /** Of what follows this field. */
  size_of_record: [4, u64le],
  version_made_by: [12, u16le],
  version_needed: [14, u16le],
  number_of_this_disk: [16, u32le],
  disk_with_central_directory: [20, u32le],
  entries_on_this_disk: [24, u64le],
  entries: [32, u64le],
  size_of_central_directory: [40, u64le],
  offset_of_central_directory: [48, u64le],
})

export const Zip64EndOfCentralDirectoryLocator = struct('zip64_end_of_central_directory_locator', 20, {
  signature: [0, u32le],
  disk_with_zip64_end: [4, u32le],
  offset_of_zip64_end: [8, u64le],
  number_of_disks: [16, u32le],
})

/** Behind the content, where its sizes were not known before; with zip64 the two sizes have 64 bits. */
export const DataDescriptor = struct('zip_data_descriptor', 16, {
  signature: [0, u32le],
  crc_32: [4, u32le],
  compressed_size: [8, u32le],
  uncompressed_size: [12, u32le],
})

/** Header of one record in an extra field. */
export const ExtraFieldHeader = struct('zip_extra_field_header', 4, {
  header_id: [0, u16le],
  data_size: [2, u16le],
})

export const SIGNATURE = {
  localFileHeader: 0x04034b50,
  centralDirectoryHeader: 0x02014b50,
  endOfCentralDirectory: 0x06054b50,
  dataDescriptor: 0x08074b50,
  zip64EndOfCentralDirectory: 0x06064b50,
  zip64EndOfCentralDirectoryLocator: 0x07064b50,
} as const

export const ZIP64_EXTRA_ID = 0x0001
/** A 32-bit field with this value is found in the zip64 extra; so it can hold no size of its own that large. */
export const OVERFLOW_32 = 0xffffffff
export const OVERFLOW_16 = 0xffff
