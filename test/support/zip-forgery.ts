/** What a forgery of a bundle is, and the changes that several of them make. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { crc32 } from '../../src/bytes/crc32.js'
import { entryOf, type ForgedEntry, type ForgedZip } from './forged-zip.js'

export interface ZipForgery {
  /** As the table has it. */
  readonly row: string
  forge(zip: ForgedZip, image: ForgedEntry): void
  /** Where the change is not in the parts. */
  readonly whole?: (zip: Buffer) => Buffer
  /** What the refusal of the signed bundle names. */
  readonly says: RegExp
  /** An archive without signature means one thing all the same, and is read; otherwise it is refused too. */
  readonly readUnsigned?: true
}

export const EVIL = Buffer.from('EVIL-BOOT-CODE!')
export const ONE = 1
export const STORED = 0
export const OVERFLOW_32 = 0xffffffff

export function contentOf({ packed }: ForgedEntry): Buffer {
  return inflateRawSync(packed)
}

/** The same image with another first sector. */
export function evilContent(image: ForgedEntry): Buffer {
  const content = Buffer.from(contentOf(image))
  EVIL.copy(content)
  return content
}

export function evilEntry(zip: ForgedZip, name = zip.entries[0]!.localName.toString()): ForgedEntry {
  return entryOf(name, evilContent(zip.entries[0]!))
}

export function both(
  image: ForgedEntry,
  change: (header: ForgedEntry['local'] | NonNullable<ForgedEntry['central']>) => void,
) {
  change(image.local)
  change(image.central!)
}

export function otherCrc({ crc_32 }: { crc_32: number }): number {
  return (crc_32 ^ 1) >>> 0
}

/** Content and all that both headers say of it. */
export function repack(image: ForgedEntry, content: Buffer, packed: Buffer = deflateRawSync(content)): void {
  image.packed = packed
  both(image, (header) => {
    header.crc_32 = crc32(content)
    header.compressed_size = packed.length
    header.uncompressed_size = content.length
  })
}

export function descriptorOf({ central }: ForgedEntry): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32LE(0x08074b50)
  bytes.writeUInt32LE(central!.crc_32, 4)
  bytes.writeUInt32LE(central!.compressed_size, 8)
  bytes.writeUInt32LE(central!.uncompressed_size, 12)
  return bytes
}
