/** Writes an image value to a file as plainly as can be, independent of the product's own outputs. */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { type DiskImage, extentEnd } from '../../src/image/extent.js'

const CHUNK_BYTES = 1 << 20
const USED_MEMORY = 0xd1

export interface MaterializeOptions {
  /** What unspecified space holds: `'hole'` (default) or a byte, as on a used medium (0xD1 hides no missing write). */
  unspecified?: 'hole' | number
}

export function materialize(image: DiskImage, path: string, options: MaterializeOptions = {}): void {
  const unspecified = options.unspecified ?? 'hole'
  const fd = openSync(path, 'w')
  try {
    ftruncateSync(fd, image.sizeBytes)
    let end = 0
    for (const extent of image.extents) {
      if (unspecified !== 'hole') writeFill(fd, end, extent.offset - end, unspecified)
      writeExtent(fd, extent, unspecified !== 'hole')
      end = extentEnd(extent)
    }
    if (unspecified !== 'hole') writeFill(fd, end, image.sizeBytes - end, unspecified)
  } finally {
    closeSync(fd)
  }
}

function writeExtent(fd: number, { offset, length, source }: DiskImage['extents'][number], dense: boolean): void {
  switch (source.kind) {
    case 'bytes':
      writeSync(fd, source.bytes, 0, length, offset)
      return
    case 'made': {
      // Whatever the maker leaves alone shows.
      const bytes = Buffer.alloc(length, USED_MEMORY)
      source.make(bytes, source.offset)
      writeSync(fd, bytes, 0, length, offset)
      return
    }
    case 'fill':
      if (source.byte !== 0 || dense) writeFill(fd, offset, length, source.byte)
      return
    case 'file': {
      const dataBytes = Math.max(0, Math.min(length, source.file.sizeBytes - source.offset))
      if (dense) writeFill(fd, offset + dataBytes, length - dataBytes, 0)
      const from = openSync(source.file.path, 'r')
      try {
        const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, dataBytes))
        for (let done = 0; done < dataBytes; ) {
          const count = readSync(from, buffer, 0, Math.min(buffer.length, dataBytes - done), source.offset + done)
          if (count === 0) throw new Error(`${source.file.path} ended early`)
          writeSync(fd, buffer, 0, count, offset + done)
          done += count
        }
      } finally {
        closeSync(from)
      }
    }
  }
}

function writeFill(fd: number, offset: number, length: number, byte: number): void {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, length), byte)
  for (let done = 0; done < length; done += buffer.length) {
    writeSync(fd, buffer, 0, Math.min(buffer.length, length - done), offset + done)
  }
}
