/** The raw image as a .gz of one member. */
import type { DiskImage } from '../image/extent.js'
import { AppendedFile } from './appended-file.js'
import { DeflatedSink } from './deflated-sink.js'
import { CM_DEFLATE, GZIP_ID, GzipHeader, GzipTrailer, OS_UNIX } from './gz-disklayout.js'
import type { FileSink } from './sink.js'
import type { Threads } from './threads.js'

export interface GzOptions {
  /** Deflate level, 0 to 9. */
  readonly level: number
}

const SIZE_MODULUS = 2 ** 32

class GzSink extends DeflatedSink implements FileSink {
  readonly #file: AppendedFile

  constructor(file: AppendedFile, image: DiskImage, threads: Threads, options: GzOptions) {
    const end = async (crc32: number): Promise<void> => {
      await file.write(GzipTrailer.encode({ CRC32: crc32, ISIZE: image.sizeBytes % SIZE_MODULUS }))
      await file.close()
    }
    super({ write: (...pieces) => file.write(...pieces), end }, threads, { ...options, sizeBytes: image.sizeBytes })
    this.#file = file
  }

  get sha256(): string {
    return this.#file.sha256
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Creates or truncates `path`. Throws IoError. */
export async function createGzSink(
  path: string,
  image: DiskImage,
  options: GzOptions,
  threads: Threads,
): Promise<FileSink> {
  const file = await AppendedFile.create(path)
  try {
    // No name and no time: neither changes what is unpacked, and both would change with the build. [RFC 1952 §2.3.1]
    await file.write(GzipHeader.encode({ ID: GZIP_ID, CM: CM_DEFLATE, FLG: 0, MTIME: 0, XFL: 0, OS: OS_UNIX }))
  } catch (error) {
    await file.close()
    throw error
  }
  return new GzSink(file, image, threads, options)
}
