/** The compressed files that both an output and an initramfs can be. */
import { OUTPUT_LEVELS } from '../config/output-levels.js'
import type { DiskImage } from '../image/extent.js'
import type { ProgramRunner } from '../outputs/group-compressor.js'
import type { FileSink } from '../outputs/sink.js'
import type { Threads } from '../outputs/threads.js'

export interface CompressedFileOptions {
  /** Undefined: the format's own. */
  readonly level: number | undefined
  /** Of xz. */
  readonly runner: ProgramRunner
  /** Of zst (ZstOptions). */
  readonly oneFrame?: boolean
}

/** A build loads the formats that it writes. */
const SINKS = {
  gz: async () => (await import('../outputs/gz-file.js')).createGzSink,
  xz: async () => (await import('../outputs/xz-file.js')).createXzSink,
  zst: async () => (await import('../outputs/zst-file.js')).createZstSink,
}

export type CompressedFormat = keyof typeof SINKS

/** Creates or truncates `path`. Throws IoError. */
export async function createCompressedSink(
  format: CompressedFormat,
  path: string,
  image: DiskImage,
  { level = OUTPUT_LEVELS[format].usual, ...options }: CompressedFileOptions,
  threads: Threads,
): Promise<FileSink> {
  const createSink = await SINKS[format]()
  return createSink(path, image, { ...options, level }, threads)
}
