/** Forgeries in the local header of a bundle's image. */
import { extraOf, unicodePath, wideNumbers } from './forged-zip.js'
import {
  both,
  contentOf,
  descriptorOf,
  ONE,
  OVERFLOW_32,
  otherCrc,
  repack,
  STORED,
  type ZipForgery,
} from './zip-forgery.js'

export const FORGED_LOCAL_HEADERS: readonly ZipForgery[] = [
  {
    row: 'local version_needed',
    forge: (_, { local }) => {
      local.version_needed = 45
    },
    says: /version_needed is 45/,
    readUnsigned: true,
  },
  {
    row: 'local general_purpose_flags',
    forge: (_, { local }) => {
      local.general_purpose_flags = 0
    },
    says: /general_purpose_flags is 0/,
  },
  {
    row: 'encryption (bit 0)',
    forge: (_, image) =>
      both(image, (header) => {
        header.general_purpose_flags |= 1
      }),
    says: /general_purpose_flags is 2049/,
  },
  {
    row: 'data descriptor (bit 3)',
    forge(_, image) {
      image.after = descriptorOf(image)
      both(image, (header) => {
        header.general_purpose_flags |= 8
      })
      Object.assign(image.local, { crc_32: 0, compressed_size: 0, uncompressed_size: 0 })
    },
    says: /general_purpose_flags is 2056/,
    readUnsigned: true,
  },
  {
    row: 'data descriptor with other values',
    forge(_, image) {
      image.after = descriptorOf(image)
      image.after.writeUInt32LE(7, 12)
      both(image, (header) => {
        header.general_purpose_flags |= 8
      })
    },
    says: /general_purpose_flags is 2056/,
  },
  {
    row: 'effort of deflate (bits 1 and 2)',
    forge: (_, image) =>
      both(image, (header) => {
        header.general_purpose_flags |= 2
      }),
    says: /general_purpose_flags is 2050/,
    readUnsigned: true,
  },
  {
    row: 'masked header (bit 13)',
    forge: (_, image) =>
      both(image, (header) => {
        header.general_purpose_flags |= 1 << 13
      }),
    says: /general_purpose_flags is 10240/,
  },
  {
    row: 'local compression_method',
    forge: (_, { local }) => {
      local.compression_method = STORED
    },
    says: /compression_method is 0/,
  },
  {
    row: 'stored content',
    forge(_, image) {
      const content = contentOf(image)
      repack(image, content, content)
      both(image, (header) => {
        header.compression_method = STORED
      })
    },
    says: /compression_method is 0/,
    readUnsigned: true,
  },
  {
    row: 'local last_mod_time',
    forge: (_, { local }) => {
      local.last_mod_time ^= ONE
    },
    says: /last_mod_time is/,
    readUnsigned: true,
  },
  {
    row: 'local last_mod_date',
    forge: (_, { local }) => {
      local.last_mod_date ^= ONE
    },
    says: /last_mod_date is/,
    readUnsigned: true,
  },
  {
    row: 'local crc_32',
    forge: (_, { local }) => {
      local.crc_32 = otherCrc(local)
    },
    says: /CRC-32|crc_32/,
  },
  {
    row: 'local compressed_size',
    forge: (_, { local }) => {
      local.compressed_size -= ONE
    },
    says: /deflate stream|compressed_size/,
  },
  {
    row: 'local uncompressed_size',
    forge: (_, { local }) => {
      local.uncompressed_size -= ONE
    },
    says: /unpacks to more|uncompressed_size/,
  },
  {
    row: 'local file_name',
    forge: (_, image) => {
      image.localName = Buffer.from('other.img')
    },
    says: /file name|file_name/,
  },
  {
    row: 'local extra field',
    forge: (_, image) => {
      image.localExtra = extraOf(0x5455, Buffer.alloc(5))
    },
    says: /extra_field_length is 9/,
    readUnsigned: true,
  },
  {
    row: 'local extra field, cut',
    forge: (_, image) => {
      image.localExtra = Buffer.from([0x55, 0x54, 9, 0, 1])
    },
    says: /extra/,
  },
  {
    row: 'local Unicode path',
    forge: (_, image) => {
      image.localExtra = unicodePath(image.localName.toString(), 'other.img')
    },
    says: /extra/,
  },
  {
    row: 'local zip64 that nothing needs',
    forge: (_, image) => {
      image.localExtra = extraOf(1, wideNumbers(1, 1))
    },
    says: /zip64/,
  },
  {
    row: 'local zip64 with other sizes',
    forge(_, image) {
      image.localExtra = extraOf(1, wideNumbers(image.local.uncompressed_size, image.local.compressed_size - 1))
      Object.assign(image.local, { compressed_size: OVERFLOW_32, uncompressed_size: OVERFLOW_32, version_needed: 45 })
    },
    says: /version_needed is 45|compressed_size is/,
  },
  {
    row: 'local zip64 with the same sizes',
    forge(_, image) {
      image.localExtra = extraOf(1, wideNumbers(image.local.uncompressed_size, image.local.compressed_size))
      Object.assign(image.local, { compressed_size: OVERFLOW_32, uncompressed_size: OVERFLOW_32, version_needed: 45 })
    },
    says: /version_needed is 45/,
    readUnsigned: true,
  },
]
