/** A raw image in a file, as flash reads one. */

import { statSync } from 'node:fs'
import { type DiskImage, ImageBuilder } from '../../src/image/extent.js'

export function rawFileImage(path: string): DiskImage {
  const { size, mtimeNs } = statSync(path, { bigint: true })
  const sizeBytes = Number(size)
  return new ImageBuilder(sizeBytes).file(0, sizeBytes, { path, sizeBytes, mtimeNs }).finish()
}
