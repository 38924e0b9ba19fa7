/** From the bytes of a partition to its reader, for the formats that have one. */
import { isZero } from '../bytes/zeros.js'
import { DiskloomError } from '../errors.js'
import type { ReadableFileSystem } from '../filesystems/registry.js'
import type { VolumeReader } from '../filesystems/volume-reader.js'
import { isZeroFill, type Source } from '../image/extent.js'
import type { ImageView } from '../image/image-view.js'
import { withZerosFound } from '../readers/raw-image.js'
import { recognise } from '../recognition/recognise.js'

/** What a stretch of the disk holds. */
export interface Content {
  /** `ext4`, `squashfs`; `zeros` where nothing else stands there, `unknown` where nobody knows. */
  readonly format: string
  /** For people, where the word says little. */
  readonly description?: string
  readonly label?: string
  readonly uuid?: string
  /** For the formats that are read here. */
  readonly volume?: VolumeReader
  /** Why a volume of such a format cannot be read. */
  readonly problem?: DiskloomError
}

/** What stands where no format is known. */
const NOTHING_KNOWN = ['zeros', 'unknown'] as const
const [ZEROS, UNKNOWN] = NOTHING_KNOWN

/** Whether a format's word names one. */
export function isNamed(format: string): boolean {
  return !NOTHING_KNOWN.some((word) => word === format)
}

/**
 * Returns what a stretch holds, by the first reader that recognises it. `readings`: those of the registry. Never
 * throws for what the bytes are; IoError where they cannot be read.
 */
export function openContent(view: ImageView, readings: readonly ReadableFileSystem[]): Content {
  const known = recognise(view)
  const hasReader = readings.some(({ fileSystem }) => fileSystem.family === known?.format)
  if (known !== undefined && !hasReader) return known
  const found = readings.find(({ reading }) => reading.probe(view))
  if (found !== undefined) return openWith(found, view)
  return { format: isEmpty(view) ? ZEROS : UNKNOWN }
}

/** The first data ends the search. */
const SEARCH_BYTES = 64 << 20

function isEmpty(view: ImageView): boolean {
  for (let at = 0; at < view.sizeBytes; at += SEARCH_BYTES) {
    const stretch = view.slice(at, Math.min(SEARCH_BYTES, view.sizeBytes - at), 'content')
    if (!withZerosFound(stretch).extents.every(({ source }) => readsAsZeros(source))) return false
  }
  return true
}

function openWith({ fileSystem, reading }: ReadableFileSystem, view: ImageView): Content {
  const { family: format } = fileSystem
  try {
    const volume = reading.open(view)
    const { summary } = volume
    return {
      format: summary.format,
      ...(summary.label !== undefined && { label: summary.label }),
      ...(summary.uuid !== undefined && { uuid: summary.uuid }),
      volume,
    }
  } catch (error) {
    if (!(error instanceof DiskloomError) || error.code !== 'FORMAT') throw error
    return { format, description: `damaged ${format} volume`, problem: error }
  }
}

/** A range of a file that is still one holds data; memory may hold zeros. */
function readsAsZeros(source: Source): boolean {
  if (source.kind === 'bytes') return isZero(source.bytes)
  return isZeroFill(source)
}
