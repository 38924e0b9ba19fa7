/** From the bytes of a partition to its reader, for the formats that have one. */
import { isZero } from '../bytes/zeros.js'
import { DiskloomError } from '../errors.js'
import { openExtVolume } from '../filesystems/ext4/reader/open-ext-volume.js'
import { openFatVolume } from '../filesystems/fat/reader/open-fat-volume.js'
import { openJffs2 } from '../filesystems/jffs2/reader.js'
import { probeJffs2 } from '../filesystems/jffs2/scan.js'
import type { VolumeReader } from '../filesystems/volume-reader.js'
import { isZeroFill, type Source } from '../image/extent.js'
import type { ImageView } from '../image/image-view.js'
import { withZerosFound } from '../readers/raw-image.js'
import { recognise } from '../recognition/recognise.js'
import { looksLikeExt, looksLikeFat } from '../recognition/volume-signs.js'

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

interface ReadFormat {
  readonly format: string
  readonly isIt: (view: ImageView) => boolean
  readonly open: (view: ImageView) => VolumeReader
}

const READ_FORMATS: readonly ReadFormat[] = [
  { format: 'ext', isIt: looksLikeExt, open: openExtVolume },
  { format: 'fat', isIt: looksLikeFat, open: openFatVolume },
  { format: 'jffs2', isIt: (view) => probeJffs2(view) !== undefined, open: openJffs2 },
]

/** What stands where no format is known. */
const NOTHING_KNOWN = ['zeros', 'unknown'] as const
const [ZEROS, UNKNOWN] = NOTHING_KNOWN

/** Whether a format's word names one. */
export function isNamed(format: string): boolean {
  return !NOTHING_KNOWN.some((word) => word === format)
}

/** Never throws for what stands there; IoError where it cannot be read. */
export function openContent(view: ImageView): Content {
  const known = recognise(view)
  if (known !== undefined) return known
  for (const { format, isIt, open } of READ_FORMATS) if (isIt(view)) return openWith(open, format, view)
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

function openWith(open: ReadFormat['open'], format: string, view: ImageView): Content {
  try {
    const volume = open(view)
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
