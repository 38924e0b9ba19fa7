/** Which format a file is in, by its first bytes: names lie, and standard input has none. */
import { FormatError } from '../errors.js'
import type { ImageFile } from './image-file.js'

export type ImageFormat = 'raw' | 'gz' | 'xz' | 'zst' | 'zip' | 'qcow2' | 'android-sparse'

const MAGICS: readonly (readonly [format: ImageFormat, magic: string])[] = [
  ['gz', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['zst', '28b52ffd'],
  ['zip', '504b0304'],
  ['zip', '504b0506'],
  ['qcow2', '514649fb'],
  ['android-sparse', '3aff26ed'],
]

/** Taken for raw images, these would be written to a card as they stand. */
const UNREAD: readonly (readonly [name: string, magic: string])[] = [
  ['a bzip2 file', '425a68'],
  ['a 7z archive', '377abcaf271c'],
  ['an lz4 file', '04224d18'],
  ['an lzop file', '894c5a4f'],
  ['a RAR archive', '526172211a07'],
  ['a VMDK disk', '4b444d56'],
  ['a VHDX disk', '7668647866696c65'],
  ['an HTML page', '3c21444f4354595045'],
]
const HEAD_BYTES = 16
/** A skippable frame may stand first in a .zst: 0x184D2A50 to 0x184D2A5F. [RFC 8878 §3.1.2] */
const SKIPPABLE_FRAME = /^5.2a4d18/

/** FormatError for what is plainly something else than a raw image, and for an empty file. */
export function identify(file: ImageFile): ImageFormat {
  if (file.sizeBytes === 0) throw new FormatError(`Cannot read image "${file.name}": it is empty`)
  const head = Buffer.from(file.head(HEAD_BYTES)).toString('hex')
  const unread = UNREAD.find(([, magic]) => head.startsWith(magic))
  if (unread !== undefined) {
    throw new FormatError(`Cannot read image "${file.name}": it is ${unread[0]}, which has no reader here`, {
      hint: 'Unpack or convert it first; raw, gz, xz, zst, zip, qcow2 and Android sparse images are read.',
      details: { path: file.name },
    })
  }
  if (SKIPPABLE_FRAME.test(head)) return 'zst'
  return MAGICS.find(([, magic]) => head.startsWith(magic))?.[0] ?? 'raw'
}
