/**
 * What stands outside all partitions of both disks: boot code, loaders in front of the first partition. The tables themselves
 * are left out, since their entries are compared as what they say.
 */
import { FormatError } from '../../errors.js'
import { sliceImage } from '../../image/compose.js'
import type { DiskImage } from '../../image/extent.js'
import { firstDifference } from '../../image/first-difference.js'
import type { ImageView } from '../../image/image-view.js'
import { withZerosFound } from '../../readers/raw-image.js'
import { GptHeader, SIGNATURE } from '../../tables/gpt/disklayout.js'
import type { OpenImage } from '../open-image.js'
import type { ContentDifference } from './differences.js'

type Stretch = readonly [start: number, end: number]

export function compareOutside(a: OpenImage, b: OpenImage): ContentDifference[] {
  const end = Math.min(a.view.sizeBytes, b.view.sizeBytes)
  const claimed = [...claimedBy(a), ...claimedBy(b)].sort(([x], [y]) => x - y)
  const found: ContentDifference[] = []
  let at = 0
  for (const [start, stop] of [...claimed, [end, end] as const]) {
    const length = Math.min(start, end) - at
    if (length > 0) {
      const offset = firstDifference(stretchOf(a, at, length), stretchOf(b, at, length))
      if (offset !== undefined) found.push({ startByte: at, endByte: at + length, firstDifferentByte: at + offset })
    }
    at = Math.max(at, stop)
  }
  return found
}

function stretchOf({ image }: OpenImage, offset: number, length: number): DiskImage {
  return withZerosFound(sliceImage(image, offset, length))
}

const SECTOR_BYTES = 512
/** Disk signature and entries stand behind the boot code. [UEFI 2.10 §5.2.1] */
const BOOT_CODE_BYTES = 440

function* claimedBy(disk: OpenImage): Generator<Stretch> {
  for (const { startByte, sizeBytes } of disk.partitions) yield [startByte, startByte + sizeBytes]
  const { table, view } = disk
  if (table === undefined) return
  yield [BOOT_CODE_BYTES, SECTOR_BYTES]
  if (table.kind === 'mbr') return
  yield* gptStretches(disk, table.sectorSize)
  yield* gptStretches(disk, view.sizeBytes - table.sectorSize)
}

/** A header at that byte, and the entries that it names. */
function* gptStretches({ view, table }: OpenImage, offset: number): Generator<Stretch> {
  const { sectorSize } = table!
  if (offset < 0 || offset + sectorSize > view.sizeBytes) return
  yield [offset, offset + sectorSize]
  const header = gptHeaderAt(view, offset)
  if (header?.Signature !== SIGNATURE) return
  const start = header.PartitionEntryLBA * sectorSize
  yield [start, start + header.NumberOfPartitionEntries * header.SizeOfPartitionEntry]
}

function gptHeaderAt(view: ImageView, offset: number): GptHeader | undefined {
  try {
    return view.decode(GptHeader, offset)
  } catch (error) {
    // A number that no disk has: the table's findings tell of it.
    if (error instanceof FormatError) return undefined
    throw error
  }
}
