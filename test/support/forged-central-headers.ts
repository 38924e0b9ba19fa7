/** Forgeries in the central header of a bundle's image. */
import { extraOf, unicodePath, wideNumbers } from './forged-zip.js'
import { evilEntry, ONE, OVERFLOW_32, otherCrc, STORED, type ZipForgery } from './zip-forgery.js'

export const FORGED_CENTRAL_HEADERS: readonly ZipForgery[] = [
  {
    row: 'version_made_by',
    forge: (_, { central }) => {
      central!.version_made_by = 20
    },
    says: /version_made_by is 20/,
    readUnsigned: true,
  },
  {
    row: 'central version_needed',
    forge: (_, { central }) => {
      central!.version_needed = 45
    },
    says: /version_needed is 45/,
    readUnsigned: true,
  },
  {
    row: 'central general_purpose_flags',
    forge: (_, { central }) => {
      central!.general_purpose_flags |= 8
    },
    says: /general_purpose_flags is/,
  },
  {
    row: 'central compression_method',
    forge: (_, { central }) => {
      central!.compression_method = STORED
    },
    says: /compression_method is/,
  },
  {
    row: 'central last_mod_time',
    forge: (_, { central }) => {
      central!.last_mod_time ^= ONE
    },
    says: /last_mod_time is/,
    readUnsigned: true,
  },
  {
    row: 'central last_mod_date',
    forge: (_, { central }) => {
      central!.last_mod_date ^= ONE
    },
    says: /last_mod_date is/,
    readUnsigned: true,
  },
  {
    row: 'central crc_32',
    forge: (_, { central }) => {
      central!.crc_32 = otherCrc(central!)
    },
    says: /crc_32 is/,
  },
  {
    row: 'central compressed_size',
    forge: (_, { central }) => {
      central!.compressed_size -= ONE
    },
    says: /compressed_size is/,
  },
  {
    row: 'central uncompressed_size',
    forge: (_, { central }) => {
      central!.uncompressed_size -= ONE
    },
    says: /uncompressed_size is/,
  },
  {
    row: 'central file_name',
    forge: (_, image) => {
      image.centralName = Buffer.from('other.img')
    },
    says: /file name|file_name/,
  },
  {
    row: 'central extra field',
    forge: (_, image) => {
      image.centralExtra = extraOf(0x5455, Buffer.alloc(5))
    },
    says: /extra_field_length is 9/,
    readUnsigned: true,
  },
  {
    row: 'central Unicode path',
    forge: (_, image) => {
      image.centralExtra = unicodePath(image.localName.toString(), 'other.img')
    },
    says: /extra/,
  },
  {
    row: 'central zip64 that nothing needs',
    forge: (_, image) => {
      image.centralExtra = extraOf(1, wideNumbers(1, 1))
    },
    says: /zip64|extra/,
  },
  {
    row: 'central zip64 with other sizes',
    forge(_, image) {
      image.centralExtra = extraOf(1, wideNumbers(image.local.uncompressed_size - 1))
      image.central!.uncompressed_size = OVERFLOW_32
    },
    says: /uncompressed_size is/,
  },
  {
    row: 'file_comment',
    forge: (_, image) => {
      image.centralComment = Buffer.from('hello')
    },
    says: /file_comment_length is 5/,
    readUnsigned: true,
  },
  {
    row: 'disk_number_start',
    forge: (_, { central }) => {
      central!.disk_number_start = 1
    },
    says: /disk_number_start is 1/,
  },
  {
    row: 'internal_file_attributes',
    forge: (_, { central }) => {
      central!.internal_file_attributes = 1
    },
    says: /internal_file_attributes is 1/,
    readUnsigned: true,
  },
  {
    row: 'external_file_attributes',
    forge: (_, { central }) => {
      central!.external_file_attributes = 0o120777 * 0x10000
    },
    says: /external_file_attributes is/,
  },
  {
    row: 'relative_offset_of_local_header',
    forge(zip) {
      zip.entries.push({ ...evilEntry(zip), central: undefined })
      zip.adjust = ({ entries }) => {
        const last = entries.at(-2)!
        const [image] = entries
        image!.central!.relative_offset_of_local_header =
          last.central!.relative_offset_of_local_header + 30 + last.localName.length + last.packed.length
      }
    },
    says: /file_name|offset/,
  },
]
