/**
 * A qcow2 image as an image value. Clusters stay in the file, compressed ones are unpacked into a spool; what was never
 * written is zeros, as qemu defines it. The active state is read, snapshots are not.  [QCOW2]
 */
import { inflateRawSync } from 'node:zlib'
import {
  COMPRESSED_SECTOR_BYTES,
  MAX_CLUSTER_BITS,
  MIN_CLUSTER_BITS,
  OFLAG_ZERO,
  QCOW2_MAGIC,
  Qcow2Header,
  Qcow2HeaderV3,
  TABLE_ENTRY_BYTES,
} from '../archives/qcow2/disklayout.js'
import { fieldError } from '../bytes/field-error.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'
import type { Spool } from './spool.js'

const HEADER = 'qcow2 header'
const FORMAT_HINT = 'qemu-img convert -O raw makes a raw image of it.'
const MASK_OFFSET = 0x00ff_ffff_ffff_fe00n
const COMPRESSED = 1n << 62n
const READS_AS_ZEROS = BigInt(OFLAG_ZERO)
/** Incompatible features that change nothing for a reader: 0, dirty (reference counts are stale). */
const HARMLESS_FEATURES = 1n
const FEATURE_NAMES = ['dirty', 'corrupt', 'external data file', 'compression type', 'extended L2 entries']
/** Of zlib's window, as qemu compresses: 4 KiB. */
const WINDOW_BITS = 12

/** `makeSpool` is called once at most, where a cluster is compressed. FormatError where anything points outside the file. */
export function readQcow2(file: ImageFile, makeSpool: () => Spool): DiskImage {
  return new Qcow2Reader(file, makeSpool).read()
}

class Qcow2Reader {
  readonly #file: ImageFile
  readonly #makeSpool: () => Spool
  readonly #header: Qcow2Header
  readonly #clusterBytes: number
  readonly #builder: ImageBuilder
  #spool: Spool | undefined
  #spoolFile: { readonly path: string; sizeBytes: number } | undefined
  #spoolBytes = 0
  /** The stretch that is not handed to the builder yet: neighbours are joined, or a large disk would be millions of extents. */
  #pending: { offset: number; length: number; file: SourceFile | undefined; fileOffset: number } | undefined

  constructor(file: ImageFile, makeSpool: () => Spool) {
    this.#file = file
    this.#makeSpool = makeSpool
    this.#header = readHeader(file)
    this.#clusterBytes = 2 ** this.#header.cluster_bits
    this.#builder = new ImageBuilder(this.#header.size)
  }

  read(): DiskImage {
    const { size, l1_table_offset } = this.#header
    const l2Entries = this.#clusterBytes / TABLE_ENTRY_BYTES
    const bytesPerTable = this.#clusterBytes * l2Entries
    const l1Entries = Math.ceil(size / bytesPerTable)
    const l1 = this.#words(l1_table_offset, l1Entries, 'qcow2 L1 table')
    const tables = new Set<number>()
    for (const [index, entry] of l1.entries()) {
      const start = index * bytesPerTable
      const end = Math.min(size, start + bytesPerTable)
      const offset = Number(entry & MASK_OFFSET)
      if (offset === 0) {
        this.#zeros(start, end - start)
        continue
      }
      const place = { offset: l1_table_offset + index * TABLE_ENTRY_BYTES, field: `entry ${index}` }
      this.#assertCluster(offset, { structure: 'qcow2 L1 table', ...place })
      // A table that stands for two stretches would let a small file cost work without bounds.
      if (tables.has(offset)) {
        throw fieldError(this.#file.name, {
          structure: 'qcow2 L1 table',
          ...place,
          found: `byte ${offset}, as another one`,
          expected: 'a table of its own',
        })
      }
      tables.add(offset)
      this.#readTable(offset, start, end)
    }
    this.#flush()
    this.#spool?.truncate(this.#spoolBytes)
    // Readers check the length.
    if (this.#spoolFile !== undefined) this.#spoolFile.sizeBytes = this.#spoolBytes
    return this.#builder.finish()
  }

  #readTable(tableOffset: number, start: number, end: number): void {
    const count = Math.ceil((end - start) / this.#clusterBytes)
    const entries = this.#words(tableOffset, count, 'qcow2 L2 table')
    for (const [index, entry] of entries.entries()) {
      const offset = start + index * this.#clusterBytes
      const length = Math.min(this.#clusterBytes, end - offset)
      const place = {
        structure: 'qcow2 L2 table',
        offset: tableOffset + index * TABLE_ENTRY_BYTES,
        field: `entry ${index}`,
      }
      if ((entry & COMPRESSED) !== 0n) {
        this.#data(offset, length, ...this.#unpacked(entry, place))
        continue
      }
      const cluster = Number(entry & MASK_OFFSET)
      const isZero = this.#header.version >= 3 && (entry & READS_AS_ZEROS) !== 0n
      if (isZero || cluster === 0) {
        this.#zeros(offset, length)
        continue
      }
      this.#assertCluster(cluster, place, length)
      this.#data(offset, length, this.#file.source, cluster)
    }
  }

  /** A compressed cluster, in the spool: the last bits of the entry count sectors, those before are a byte offset. */
  #unpacked(entry: bigint, place: Place): [SourceFile, number] {
    const offsetBits = BigInt(62 - (this.#header.cluster_bits - 8))
    const at = Number(entry & ((1n << offsetBits) - 1n))
    const sectors = Number((entry & (COMPRESSED - 1n)) >> offsetBits) + 1
    const stored = sectors * COMPRESSED_SECTOR_BYTES - (at % COMPRESSED_SECTOR_BYTES)
    // The last one may stop short of its sector's end.
    const available = Math.min(stored, this.#file.sizeBytes - at)
    const refuse = (found: string): Error =>
      fieldError(this.#file.name, { ...place, found, expected: `a deflated cluster of ${this.#clusterBytes} bytes` })
    if (available <= 0) throw refuse(`byte ${at}, and the file ends at ${this.#file.sizeBytes}`)
    let content: Buffer
    try {
      content = inflateRawSync(this.#file.read(at, available, 'qcow2 compressed cluster'), {
        windowBits: WINDOW_BITS,
        maxOutputLength: this.#clusterBytes,
      })
    } catch (error) {
      throw refuse((error as Error).message)
    }
    if (content.length !== this.#clusterBytes) throw refuse(`a stream of ${content.length} bytes`)
    this.#spool ??= this.#makeSpool()
    const unpackedAt = this.#spoolBytes
    this.#spool.write(unpackedAt, content)
    this.#spoolBytes += content.length
    this.#spoolFile ??= { path: this.#spool.path, sizeBytes: 0 }
    return [this.#spoolFile, unpackedAt]
  }

  #words(offset: number, count: number, structure: string): BigUint64Array {
    const bytes = this.#file.read(offset, count * TABLE_ENTRY_BYTES, structure)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return BigUint64Array.from({ length: count }, (_, index) => view.getBigUint64(index * TABLE_ENTRY_BYTES))
  }

  #assertCluster(offset: number, place: Place, length = this.#clusterBytes): void {
    if (offset % this.#clusterBytes === 0 && offset + length <= this.#file.sizeBytes) return
    throw fieldError(this.#file.name, {
      ...place,
      found: `byte ${offset}`,
      expected: `a multiple of ${this.#clusterBytes} inside the file's ${this.#file.sizeBytes} bytes`,
    })
  }

  #zeros(offset: number, length: number): void {
    this.#add(offset, length, undefined, 0)
  }

  #data(offset: number, length: number, file: SourceFile, fileOffset: number): void {
    this.#add(offset, length, file, fileOffset)
  }

  #add(offset: number, length: number, file: SourceFile | undefined, fileOffset: number): void {
    const last = this.#pending
    if (
      last !== undefined &&
      last.file === file &&
      (file === undefined || last.fileOffset + last.length === fileOffset)
    ) {
      last.length += length
      return
    }
    this.#flush()
    this.#pending = { offset, length, file, fileOffset }
  }

  #flush(): void {
    if (this.#pending === undefined) return
    const { offset, length, file, fileOffset } = this.#pending
    if (file === undefined) this.#builder.fill(offset, length)
    else this.#builder.file(offset, length, file, fileOffset)
    this.#pending = undefined
  }
}

interface Place {
  readonly structure: string
  readonly offset: number
  readonly field: string
}

function readHeader(file: ImageFile): Qcow2Header {
  const header = file.decode(Qcow2Header, 0)
  const refuse = (field: keyof Qcow2Header, expected: string, hint?: string): Error =>
    fieldError(file.name, {
      structure: HEADER,
      offset: 0,
      field,
      found: header[field],
      expected,
      ...(hint !== undefined && { hint }),
    })
  if (header.magic !== QCOW2_MAGIC) throw refuse('magic', `0x${QCOW2_MAGIC.toString(16)}`)
  if (header.version !== 2 && header.version !== 3) throw refuse('version', '2 or 3')
  if (header.backing_file_offset !== 0)
    throw refuse('backing_file_offset', '0, an image that is complete,', FORMAT_HINT)
  if (header.crypt_method !== 0) throw refuse('crypt_method', '0, no encryption,', FORMAT_HINT)
  if (header.cluster_bits < MIN_CLUSTER_BITS || header.cluster_bits > MAX_CLUSTER_BITS) {
    throw refuse('cluster_bits', `${MIN_CLUSTER_BITS} to ${MAX_CLUSTER_BITS}`)
  }
  if (header.size === 0 || header.size > MAX_IMAGE_BYTES) throw refuse('size', `1 to ${MAX_IMAGE_BYTES} bytes`)
  const clusterBytes = 2 ** header.cluster_bits
  const tables = Math.ceil(header.size / (clusterBytes * (clusterBytes / TABLE_ENTRY_BYTES)))
  if (header.l1_size < tables) throw refuse('l1_size', `${tables} or more for ${header.size} bytes`)
  if (header.version === 3) assertFeatures(file)
  return header
}

function assertFeatures(file: ImageFile): void {
  const { incompatible_features } = file.decode(Qcow2HeaderV3, Qcow2Header.SIZE)
  const features = BigInt(incompatible_features)
  const unread = features & ~HARMLESS_FEATURES
  if (unread === 0n) return
  const bit = unread.toString(2).length - 1
  throw fieldError(file.name, {
    structure: HEADER,
    offset: Qcow2Header.SIZE,
    field: 'incompatible_features',
    found: `0x${features.toString(16)} (bit ${bit}: ${FEATURE_NAMES[bit] ?? 'unknown'})`,
    expected: 'nothing but bit 0',
    hint: FORMAT_HINT,
  })
}
