/** Forgeries in what a bundle has besides headers: its end, bytes of no record, entries, content. */
import { entryOf, putTogether, takeApart } from './forged-zip.js'
import { both, contentOf, evilContent, evilEntry, otherCrc, repack, type ZipForgery } from './zip-forgery.js'

/** The comment of the end record holds an entry with another image, and a directory and an end record that list it. */
function secondDirectory(zip: Buffer): Buffer {
  const parts = takeApart(zip)
  const [image, ...others] = parts.entries
  const places = others.map(({ central }) => central!.relative_offset_of_local_header)
  const evil = entryOf(image!.localName.toString(), evilContent(image!))
  const inner = putTogether({
    ...parts,
    entries: [evil, ...others.map((entry) => ({ ...entry, hasLocal: false }))],
    adjust({ entries }) {
      evil.central!.relative_offset_of_local_header = zip.length
      entries.slice(1).forEach((entry, index) => {
        entry.central!.relative_offset_of_local_header = places[index]!
      })
    },
  })
  const endAt = inner.length - 22
  inner.writeUInt32LE(inner.readUInt32LE(endAt + 16) + zip.length, endAt + 16)
  const result = Buffer.concat([zip, inner])
  result.writeUInt16LE(inner.length, zip.length - 2)
  return result
}

export const FORGED_ARCHIVES: readonly ZipForgery[] = [
  // The end records.
  {
    row: 'number_of_this_disk',
    forge: (zip) => {
      zip.end = { number_of_this_disk: 1 }
    },
    says: /number_of_this_disk is 1/,
  },
  {
    row: 'disk_with_central_directory',
    forge: (zip) => {
      zip.end = { disk_with_central_directory: 1 }
    },
    says: /disk_with_central_directory is 1/,
  },
  {
    row: 'entries_on_this_disk',
    forge: (zip) => {
      zip.end = { entries_on_this_disk: 1 }
    },
    says: /entries_on_this_disk is 1/,
  },
  {
    row: 'entries',
    forge: (zip) => {
      zip.end = { entries: 1, entries_on_this_disk: 1 }
    },
    says: /entries\w* is 1|size_of_central_directory/,
  },
  {
    row: 'size_of_central_directory',
    forge: (zip) => {
      zip.end = { size_of_central_directory: 46 }
    },
    says: /size_of_central_directory is 46|the end of the directory/,
  },
  {
    row: 'offset_of_central_directory',
    forge: (zip) => {
      zip.end = { offset_of_central_directory: 5 }
    },
    says: /offset_of_central_directory is 5|the end of the directory/,
  },
  {
    row: 'comment',
    forge: (zip) => {
      zip.comment = Buffer.from('made by hand')
    },
    says: /comment_length is 12/,
    readUnsigned: true,
  },
  { row: 'a second directory in the comment', forge: () => {}, whole: secondDirectory, says: /comment/ },
  {
    row: 'zip64 end record that nothing needs',
    forge: (zip) => {
      zip.zip64 = { end: {}, locator: {} }
    },
    says: /end of central directory|end record/,
    readUnsigned: true,
  },
  {
    row: 'zip64 end record with other values',
    forge: (zip) => {
      zip.zip64 = { end: { entries: 1, entries_on_this_disk: 1 }, locator: {} }
    },
    says: /end of central directory|end record/,
  },
  {
    row: 'zip64 locator to another place',
    forge: (zip) => {
      zip.zip64 = { end: {}, locator: { offset_of_zip64_end: 0 } }
    },
    says: /end of central directory|locator/,
  },
  {
    row: 'zip64 end record of another length',
    forge: (zip) => {
      zip.zip64 = { end: { size_of_record: 60 }, locator: {} }
    },
    says: /end of central directory|size_of_record/,
  },
  // Bytes that no record has.
  {
    row: 'bytes before the first entry',
    forge: (zip) => {
      zip.before = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)])
    },
    says: /begins with|its place|the end of the directory/,
  },
  {
    row: 'bytes between entries',
    forge: (_, image) => {
      image.after = Buffer.from('between')
    },
    says: /signature|its place/,
  },
  {
    row: 'bytes before the directory',
    forge: (zip) => {
      zip.beforeDirectory = Buffer.from('behind the last')
    },
    says: /signature|its place/,
  },
  {
    row: 'bytes before the end record',
    forge: (zip) => {
      zip.beforeEnd = Buffer.from('PK\x05\x05 signature')
    },
    says: /signature|the end of the directory/,
  },
  {
    row: 'bytes behind the end',
    forge: (zip) => {
      zip.after = Buffer.from('more')
    },
    says: /follows its end|comment_length|end of central directory/,
  },
  // Entries.
  {
    row: 'two entries of one name',
    forge: (zip) => {
      zip.entries.push(evilEntry(zip))
    },
    says: /file_name/,
  },
  {
    row: 'two entries of one place',
    forge: (zip) => {
      zip.entries.push(evilEntry(zip, `./${zip.entries[0]!.localName}`))
    },
    says: /file_name|does not name it/,
  },
  {
    row: 'two entries of one place, with a backslash',
    forge: (zip) => {
      zip.entries.push(evilEntry(zip, `a\\..\\${zip.entries[0]!.localName}`))
    },
    says: /file_name|does not name it/,
  },
  {
    row: 'an entry that the directory does not list',
    forge: (zip) => {
      zip.entries.splice(1, 0, { ...evilEntry(zip, 'evil.img'), central: undefined })
    },
    says: /central header|its place/,
  },
  {
    row: 'an entry that the directory alone lists',
    forge(zip) {
      zip.entries.push({ ...evilEntry(zip, 'evil.img'), hasLocal: false })
    },
    says: /end of central directory|local header/,
  },
  {
    row: 'order of the directory',
    forge(zip) {
      zip.adjust = () => {
        const [first, second] = zip.entries
        const { central, centralName } = first!
        Object.assign(first!, { central: second!.central, centralName: second!.centralName })
        Object.assign(second!, { central, centralName })
      }
    },
    says: /central header/,
    readUnsigned: true,
  },
  {
    row: 'two entries over one another',
    forge(zip) {
      const twin = { ...evilEntry(zip, 'twin.img'), hasLocal: false }
      zip.entries.push(twin)
      zip.adjust = () => {
        twin.central!.relative_offset_of_local_header = 0
      }
    },
    says: /end of central directory|file_name/,
  },
  {
    row: 'NUL in a name',
    forge: (zip) => {
      zip.entries.push(evilEntry(zip, `${zip.entries[0]!.localName}\0.txt`))
    },
    says: /file_name|does not name it/,
  },
  {
    row: 'a name that is not UTF-8',
    forge(zip) {
      const entry = evilEntry(zip, 'x.img')
      entry.localName = Buffer.from([0xff, 0x2e, 0x69])
      entry.centralName = entry.localName
      zip.entries.push(entry)
    },
    says: /file_name/,
    readUnsigned: true,
  },
  // Content.
  {
    row: 'bytes behind the deflate stream',
    forge: (_, image) => repack(image, contentOf(image), Buffer.concat([image.packed, Buffer.from('tail')])),
    says: /ends after|deflate stream/,
  },
  {
    row: 'a deflate stream that is cut',
    forge: (_, image) => repack(image, contentOf(image), image.packed.subarray(0, -5)),
    says: /deflate stream/,
  },
  {
    row: 'content that is longer than both headers say',
    forge: (_, image) =>
      both(image, (header) => {
        header.uncompressed_size -= 512
      }),
    says: /unpacks to more/,
  },
  {
    row: 'content that is shorter than both headers say',
    forge: (_, image) =>
      both(image, (header) => {
        header.uncompressed_size += 512
      }),
    says: /bytes|uncompressed_size/,
  },
  {
    row: 'content of another CRC-32 than both headers say',
    forge: (_, image) =>
      both(image, (header) => {
        header.crc_32 = otherCrc(header)
      }),
    says: /CRC-32|crc_32/,
  },
]
