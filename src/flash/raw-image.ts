import { stat } from 'node:fs/promises'
import { errnoOf, IoError } from '../errors.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import { makeDataScanner } from '../tree/data-ranges.js'

/**
 * A raw image file as a value: blocks of zeros are zeros (holes are), everything else a range of the file. Nothing is
 * unspecified, since a raw file does not tell which of its zeros matter. Reads the whole file once, holes at no cost.
 */
export async function openRawImage(path: string): Promise<DiskImage> {
  const status = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw new IoError(`Cannot read image "${path}": ${errnoOf(error) ?? String(error)}`, {
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  })
  if (!status.isFile()) throw new IoError(`Cannot read image "${path}": it is no regular file`, { details: { path } })
  const sizeBytes = Number(status.size)
  if (sizeBytes === 0) throw new IoError(`Cannot read image "${path}": it is empty`, { details: { path } })
  const file: SourceFile = { path, sizeBytes, mtimeNs: status.mtimeNs }
  const builder = new ImageBuilder(sizeBytes)
  let end = 0
  for (const [start, dataEnd] of makeDataScanner().scan(path, sizeBytes)) {
    builder.fill(end, start - end).file(start, dataEnd - start, file, start)
    end = dataEnd
  }
  return builder.fill(end, sizeBytes - end).finish()
}
