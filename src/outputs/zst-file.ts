/**
 * The raw image as a .zst: concatenated frames, each of a group of payload or of a long fill, and a seek table in a
 * skippable frame, by which a reader that knows it begins anywhere. [ZSTD-SEEKABLE]
 */
import type { DiskImage } from '../image/extent.js'
import { AppendedFile } from './appended-file.js'
import { GroupedSink, type GroupFormat, type PackedPart, type PackedUnit } from './grouped-sink.js'
import type { FileSink } from './sink.js'
import type { Threads } from './threads.js'
import {
  SEEKABLE_MAGIC,
  SeekTableEntry,
  SeekTableFooter,
  SKIPPABLE_MAGIC_OF_SEEK_TABLE,
  SkippableFrameHeader,
} from './zst-disklayout.js'
import { zstFillFrame } from './zst-fill.js'

export interface ZstOptions {
  /** 1 to 19, from the fastest to the densest. */
  readonly level: number
  /** The most frames that are made at once; default: one a processor. */
  readonly processes?: number | undefined
  /**
   * One frame for all, and no seek table: the kernel's unpacker takes every frame for an archive of its own, and what is none
   * for junk. The whole image, of at most ZST_FRAME_MAX_BYTES, is then in memory. [LINUX lib/decompress_unzstd.c]
   */
  readonly oneFrame?: boolean
}

/** Content and result stand in the encoder's 32-bit memory at once, with room for its tables. */
export const ZST_FRAME_MAX_BYTES = 512 << 20
/** The window of level 3. What a cut forgets is 1.5 %, 4 MiB would save half of that, and all memory that is touched goes with it. */
const GROUP_BYTES = 2 << 20
/** From here on windows are 8 MiB. */
const WIDE_WINDOW_LEVEL = 16
const WIDE_GROUP_BYTES = 32 << 20
/** A frame of its own would cost the next one what it forgets. */
const LEAST_FILL_BYTES = 1 << 20
/** The largest frame that readers of the seekable format take. */
const FILL_FRAME_BYTES = 1 << 30

class ZstFormat implements GroupFormat {
  readonly groupBytes: number
  readonly fillUnitBytes = 1
  readonly leastFillBytes: number
  readonly #options: ZstOptions
  readonly #threads: Threads

  constructor(options: ZstOptions, imageBytes: number, threads: Threads) {
    const { level, oneFrame = false } = options
    this.#options = options
    this.#threads = threads
    this.groupBytes = oneFrame ? imageBytes : level < WIDE_WINDOW_LEVEL ? GROUP_BYTES : WIDE_GROUP_BYTES
    this.leastFillBytes = oneFrame ? Number.POSITIVE_INFINITY : LEAST_FILL_BYTES
  }

  header(): Uint8Array {
    return new Uint8Array(0)
  }

  async compress(group: Uint8Array): Promise<PackedPart> {
    const { blocks, checksum } = await this.#threads.zstdFrame(group, this.#options.level)
    const storedBytes = blocks.length + checksum.length
    return { pieces: [blocks, checksum], units: [{ storedBytes, contentBytes: group.length }] }
  }

  async fill(byte: number, lengthBytes: number): Promise<PackedPart> {
    const whole = Math.floor(lengthBytes / FILL_FRAME_BYTES)
    const rest = lengthBytes % FILL_FRAME_BYTES
    const pieces = whole === 0 ? [] : new Array<Uint8Array>(whole).fill(zstFillFrame(byte, FILL_FRAME_BYTES))
    const units = pieces.map(({ length }) => ({ storedBytes: length, contentBytes: FILL_FRAME_BYTES }))
    if (rest > 0) {
      const last = zstFillFrame(byte, rest)
      pieces.push(last)
      units.push({ storedBytes: last.length, contentBytes: rest })
    }
    return { pieces, units }
  }

  trailer(units: readonly PackedUnit[]): Uint8Array {
    if (this.#options.oneFrame) return new Uint8Array(0)
    const contentBytes = units.length * SeekTableEntry.SIZE + SeekTableFooter.SIZE
    const table = new Uint8Array(SkippableFrameHeader.SIZE + contentBytes)
    SkippableFrameHeader.encodeInto(table, 0, { Magic_Number: SKIPPABLE_MAGIC_OF_SEEK_TABLE, Frame_Size: contentBytes })
    units.forEach(({ storedBytes, contentBytes: Decompressed_Size }, index) => {
      const at = SkippableFrameHeader.SIZE + index * SeekTableEntry.SIZE
      SeekTableEntry.encodeInto(table, at, { Compressed_Size: storedBytes, Decompressed_Size })
    })
    SeekTableFooter.encodeInto(table, table.length - SeekTableFooter.SIZE, {
      Number_Of_Frames: units.length,
      Seek_Table_Descriptor: 0,
      Seekable_Magic_Number: SEEKABLE_MAGIC,
    })
    return table
  }
}

/** Creates or truncates `path`. Throws IoError. */
export async function createZstSink(
  path: string,
  image: DiskImage,
  options: ZstOptions,
  threads: Threads,
): Promise<FileSink> {
  return GroupedSink.open(
    await AppendedFile.create(path),
    image,
    new ZstFormat(options, image.sizeBytes, threads),
    options.processes,
  )
}
