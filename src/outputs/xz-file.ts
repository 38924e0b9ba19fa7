/**
 * The raw image as one .xz stream of blocks. Payload is compressed by the host's xz, a block for each group; a stretch of
 * one byte is made of blocks of powers of two that xz made once, repeated as often as needed.
 */
import { alignUp } from '../bytes/align.js'
import type { DiskImage } from '../image/extent.js'
import { AppendedFile } from './appended-file.js'
import { compressByProgram, type HostCompressorOptions } from './group-compressor.js'
import { GroupedSink, type GroupFormat, type PackedPart, type PackedUnit } from './grouped-sink.js'
import type { FileSink } from './sink.js'
import type { Threads } from './threads.js'
import { encodeXzEnd, encodeXzHeader, splitXzStream, XZ_ALIGN_BYTES } from './xz-disklayout.js'

/** Preset 0 to 9. */
export type XzOptions = HostCompressorOptions

/** Twice the dictionary of preset 6. */
const GROUP_BYTES = 16 << 20
/** Cutting a group forgets its dictionary. */
const LEAST_FILL_BYTES = 1 << 20
/** The prepared blocks, in order: 7000:1, as dense as LZMA gets. */
const LARGEST_FILL_BYTES = 16 << 20
const SMALLEST_FILL_BYTES = 64 << 10
/** A run of one byte packs to the same size whatever the effort. */
const FILL_PRESET = 0
/** Two threads, of which the second finds nothing to do: only so xz writes each block's sizes into its header, and readers
 * with several threads need them there. */
const ARGUMENTS = ['-q', '-c', '--format=xz', '--check=crc32', '--threads=2']

interface PreparedBlock {
  readonly contentBytes: number
  readonly unpaddedBytes: number
  readonly bytes: Uint8Array
}

class XzFormat implements GroupFormat {
  readonly groupBytes = GROUP_BYTES
  readonly fillUnitBytes = SMALLEST_FILL_BYTES
  readonly leastFillBytes = LEAST_FILL_BYTES
  readonly #options: XzOptions
  readonly #prepared = new Map<number, Promise<readonly PreparedBlock[]>>()

  constructor(options: XzOptions) {
    this.#options = options
  }

  header(): Uint8Array {
    return encodeXzHeader()
  }

  async compress(group: Uint8Array, signal: AbortSignal): Promise<PackedPart> {
    const { level, runner } = this.#options
    const command = ['xz', ...ARGUMENTS, `-${level}`, `--block-size=${GROUP_BYTES}`] as const
    const { blocks, records } = splitXzStream(await compressByProgram(runner, command, group, signal))
    return { pieces: [blocks], units: records.map(unitOf) }
  }

  async fill(byte: number, lengthBytes: number, signal: AbortSignal): Promise<PackedPart> {
    let prepared = this.#prepared.get(byte)
    if (prepared === undefined) {
      prepared = this.#prepare(byte, signal)
      this.#prepared.set(byte, prepared)
    }
    const pieces: Uint8Array[] = []
    const units: PackedUnit[] = []
    let rest = lengthBytes
    for (const { contentBytes, unpaddedBytes, bytes } of await prepared) {
      for (; rest >= contentBytes; rest -= contentBytes) {
        pieces.push(bytes)
        units.push({ storedBytes: unpaddedBytes, contentBytes })
      }
    }
    return { pieces, units }
  }

  trailer(units: readonly PackedUnit[]): Uint8Array {
    return encodeXzEnd(
      units.map(({ storedBytes, contentBytes }) => ({ unpaddedBytes: storedBytes, uncompressedBytes: contentBytes })),
    )
  }

  /** A block of each power of two from the largest down to the smallest. */
  async #prepare(byte: number, signal: AbortSignal): Promise<readonly PreparedBlock[]> {
    const sizes: number[] = []
    for (let size = LARGEST_FILL_BYTES; size >= SMALLEST_FILL_BYTES; size /= 2) sizes.push(size)
    const content = new Uint8Array(sizes.reduce((total, size) => total + size, 0)).fill(byte)
    const command = ['xz', ...ARGUMENTS, `-${FILL_PRESET}`, `--block-list=${sizes.join(',')}`] as const
    const { blocks, records } = splitXzStream(await compressByProgram(this.#options.runner, command, content, signal))
    let at = 0
    return records.map(({ unpaddedBytes, uncompressedBytes }) => {
      const end = at + alignUp(unpaddedBytes, XZ_ALIGN_BYTES)
      const bytes = blocks.subarray(at, end)
      at = end
      return { contentBytes: uncompressedBytes, unpaddedBytes, bytes }
    })
  }
}

function unitOf({
  unpaddedBytes,
  uncompressedBytes,
}: {
  unpaddedBytes: number
  uncompressedBytes: number
}): PackedUnit {
  return { storedBytes: unpaddedBytes, contentBytes: uncompressedBytes }
}

/** Creates or truncates `path`. Throws IoError; the sink, too, where the host has no xz (the error names the package). */
export async function createXzSink(
  path: string,
  image: DiskImage,
  options: XzOptions,
  _threads: Threads,
): Promise<FileSink> {
  return GroupedSink.open(await AppendedFile.create(path), image, new XzFormat(options), options.processes)
}
