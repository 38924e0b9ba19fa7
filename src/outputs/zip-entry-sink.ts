/** One entry of a zip straight from an image value. */
import type { ZipWriter } from '../archives/zip/writer.js'
import { DeflatedSink, type DeflatedSinkOptions } from './deflated-sink.js'
import type { Threads } from './threads.js'

export type ZipEntrySinkOptions = DeflatedSinkOptions

export class ZipEntrySink extends DeflatedSink {
  /** The entry has been begun on `zip`; `finish` ends it. */
  constructor(zip: ZipWriter, threads: Threads, options: ZipEntrySinkOptions) {
    super({ write: (...pieces) => zip.write(...pieces), end: (crc32) => zip.endEntry(crc32) }, threads, options)
  }
}
