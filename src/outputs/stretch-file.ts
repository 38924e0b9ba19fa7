import { createPlannedSink } from './planned-sink.js'
import type { FileSink } from './sink.js'

/**
 * The stretch [start, end) of the disk as a raw, sparse file of its own: one partition, or the table. Creates or truncates
 * `path`. Throws IoError.
 */
export function createStretchSink(path: string, { start, end }: { start: number; end: number }): Promise<FileSink> {
  return createPlannedSink(path, { sizeBytes: end - start, headers: [], stretches: [{ start, end, position: 0 }] })
}
