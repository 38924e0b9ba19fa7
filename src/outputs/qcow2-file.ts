import type { DiskImage } from '../image/extent.js'
import { createPlannedSink } from './planned-sink.js'
import { createQcow2CompressedSink } from './qcow2-compressed.js'
import { planQcow2 } from './qcow2-plan.js'
import type { FileSink } from './sink.js'
import type { Threads } from './threads.js'

/** Creates or truncates `path`. `level`: of deflate, 1 to 9; 0 leaves clusters as they are. Throws IoError. */
export function createQcow2Sink(
  path: string,
  image: DiskImage,
  options: { readonly level: number },
  threads: Threads,
): Promise<FileSink> {
  return options.level === 0
    ? createPlannedSink(path, planQcow2(image))
    : createQcow2CompressedSink(path, image, options, threads)
}
