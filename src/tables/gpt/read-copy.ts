/** One copy of a GPT, header and entries, by itself.  [UEFI 2.10 §5.3.2, §5.3.3] */
import { isPowerOfTwo } from '../../bytes/align.js'
import { crc32 } from '../../bytes/crc32.js'
import { fieldError } from '../../bytes/field-error.js'
import type { Findings } from '../../bytes/findings.js'
import type { ImageView } from '../../image/image-view.js'
import { GptHeader, GptPartitionEntry, REVISION, SIGNATURE } from './disklayout.js'

export type GptSectorSize = 512 | 4096
export const GPT_SECTOR_SIZES: readonly GptSectorSize[] = [512, 4096]
/** Of the primary header. */
export const PRIMARY_LBA = 1
/** More entries than any tool makes: 16,384 of 128 bytes. */
const MAX_ENTRIES_BYTES = 2 << 20

/** Where a copy is looked for. */
export interface GptPlace {
  readonly which: 'primary' | 'backup'
  readonly sectorSize: GptSectorSize
  /** Of its header. */
  readonly lba: number
}

/** A copy that can be followed; sound unless there were findings. */
export interface GptCopy extends GptPlace {
  readonly header: GptHeader
  /** NumberOfPartitionEntries × SizeOfPartitionEntry bytes. */
  readonly entries: Uint8Array
}

/** For messages and findings. */
export function headerName({ which }: GptPlace): string {
  return `${which} GPT header`
}

export function hasGptSignature(view: ImageView, { sectorSize, lba }: GptPlace): boolean {
  const at = lba * sectorSize
  if (lba < 0 || at + GptHeader.SIZE > view.sizeBytes) return false
  return asciiAt(view.read(at, SIGNATURE.length, 'GPT header')) === SIGNATURE
}

/**
 * What stands there. `findings` take every field that contradicts another or the specification; undefined where entries cannot
 * even be found. What needs the other copy or the disk's size is `readGpt`'s to judge.
 */
export function readGptCopy(view: ImageView, place: GptPlace, findings: Findings): GptCopy | undefined {
  return findings.attempt(() => {
    const header = readHeader(view, place, findings)
    return { ...place, header, entries: readEntries(view, place, header, findings) }
  })
}

/** FormatError where it is no header at all. */
function readHeader(view: ImageView, place: GptPlace, findings: Findings): GptHeader {
  const { sectorSize, lba } = place
  const structure = headerName(place)
  const offset = lba * sectorSize
  const sector = view.read(offset, sectorSize, structure)
  const signature = asciiAt(sector.subarray(0, SIGNATURE.length))
  if (signature !== SIGNATURE) {
    throw fieldError(view.name, {
      structure,
      offset,
      field: 'Signature',
      found: JSON.stringify(signature),
      expected: `"${SIGNATURE}"`,
    })
  }
  const header = view.decode(GptHeader, offset, structure)
  const { HeaderSize } = header
  const say = (field: keyof GptHeader, found: number | string, expected: string): void =>
    findings.add({ structure, offset, field, found, expected })
  if (HeaderSize < GptHeader.SIZE || HeaderSize > sectorSize) {
    say('HeaderSize', HeaderSize, `${GptHeader.SIZE} to ${sectorSize}`)
  } else if (header.HeaderCRC32 !== headerCrc(sector, HeaderSize)) {
    say('HeaderCRC32', hex32(header.HeaderCRC32), hex32(headerCrc(sector, HeaderSize)))
  }
  if (header.Revision !== REVISION) say('Revision', hex32(header.Revision), hex32(REVISION))
  if (header.MyLBA !== lba) say('MyLBA', header.MyLBA, String(lba))
  return header
}

/** FormatError where their place or number makes no sense. */
function readEntries(view: ImageView, place: GptPlace, header: GptHeader, findings: Findings): Uint8Array {
  const { PartitionEntryLBA, NumberOfPartitionEntries: count, SizeOfPartitionEntry: entryBytes } = header
  const structure = headerName(place)
  const refuse = (field: keyof GptHeader, found: number, expected: string): never => {
    throw fieldError(view.name, { structure, offset: place.lba * place.sectorSize, field, found, expected })
  }
  if (entryBytes < GptPartitionEntry.SIZE || !isPowerOfTwo(entryBytes / GptPartitionEntry.SIZE)) {
    refuse('SizeOfPartitionEntry', entryBytes, `${GptPartitionEntry.SIZE} or that times a power of two`)
  }
  if (count === 0 || count * entryBytes > MAX_ENTRIES_BYTES) {
    refuse('NumberOfPartitionEntries', count, `1 to ${MAX_ENTRIES_BYTES / entryBytes}`)
  }
  const lastLba = Math.floor((view.sizeBytes - count * entryBytes) / place.sectorSize)
  if (PartitionEntryLBA <= PRIMARY_LBA || PartitionEntryLBA > lastLba) {
    refuse('PartitionEntryLBA', PartitionEntryLBA, `${PRIMARY_LBA + 1} to ${lastLba}`)
  }
  const entries = view.read(PartitionEntryLBA * place.sectorSize, count * entryBytes, `${place.which} GPT entries`)
  const sum = crc32(entries)
  if (sum !== header.PartitionEntryArrayCRC32) {
    findings.add({
      structure,
      offset: place.lba * place.sectorSize,
      field: 'PartitionEntryArrayCRC32',
      found: hex32(header.PartitionEntryArrayCRC32),
      expected: hex32(sum),
    })
  }
  return entries
}

/** CRC-32 over the header's HeaderSize bytes with HeaderCRC32 as zeros. */
function headerCrc(sector: Uint8Array, headerSize: number): number {
  const [at, size] = GptHeader.FIELDS.HeaderCRC32!
  return crc32(sector.slice(0, headerSize).fill(0, at, at + size))
}

function asciiAt(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

export function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
