/** A file's bytes as stretches of the image: nothing is copied. Holes stay holes, unwritten extents are zeros. */
import { fieldError } from '../../../bytes/field-error.js'
import { FormatError } from '../../../errors.js'
import { unspecifiedStretches } from '../../../image/compose.js'
import { type DiskImage, type Extent, ImageBuilder } from '../../../image/extent.js'
import { EMPTY_CONTENT } from '../../../tree/file-tree.js'
import { EXT4_ENCRYPT_FL, I_BLOCK_BYTES, I_BLOCK_OFFSET } from '../disklayout/inode.js'
import { readBlockMap } from './block-map.js'
import type { BlockMap } from './map-collector.js'
import { hasFlag, type InodeRecord, isInline, usesExtents } from './read-inode.js'
import type { InodeXattrs } from './read-xattrs.js'
import type { Reading } from './reading.js'

const ADDRESS_BYTES = 4
const DIRECT_BLOCKS = 12
const MAX_LOGICAL_BLOCKS = 2 ** 32

/** The longest that its kind of map can hold. */
export function largestSize(blockSize: number, inode: InodeRecord): number {
  if (usesExtents(inode)) return MAX_LOGICAL_BLOCKS * blockSize
  const perBlock = blockSize / ADDRESS_BYTES
  return Math.min(MAX_LOGICAL_BLOCKS, DIRECT_BLOCKS + perBlock + perBlock ** 2 + perBlock ** 3) * blockSize
}

/**
 * The content of a regular file. What is wrong with its map, or that it is encrypted, is told when its extents are first
 * asked for, so that a damaged file can be listed and the others read.
 */
export function readContent(reading: Reading, inode: InodeRecord, xattrs: InodeXattrs): DiskImage {
  try {
    return contentOf(reading, inode, xattrs)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const sizeBytes = Number.isSafeInteger(inode.sizeBytes) ? inode.sizeBytes : Number.MAX_SAFE_INTEGER
    return unreadableContent(sizeBytes, error)
  }
}

function unreadableContent(sizeBytes: number, error: FormatError): DiskImage {
  return {
    sizeBytes,
    get extents(): readonly Extent[] {
      throw error
    },
  }
}

function contentOf(reading: Reading, inode: InodeRecord, xattrs: InodeXattrs): DiskImage {
  const { disk } = reading
  const { sizeBytes, number, offset } = inode
  const structure = `inode ${number}`
  if (hasFlag(inode, EXT4_ENCRYPT_FL)) {
    throw fieldError(disk.view.name, {
      structure,
      offset,
      field: 'its content',
      found: 'encrypted',
      expected: 'content that can be read without a key',
    })
  }
  const most = largestSize(disk.shape.blockSize, inode)
  if (sizeBytes > most) {
    reading.report({ structure, offset, field: 'i_size', found: sizeBytes, expected: `at most ${most}` })
  }
  if (isInline(inode)) return inlineContent(reading, inode, xattrs)
  return sizeBytes === 0 ? EMPTY_CONTENT : mappedContent(reading, sizeBytes, readBlockMap(reading, inode))
}

function mappedContent({ disk }: Reading, sizeBytes: number, { runs }: BlockMap): DiskImage {
  const { blockSize } = disk.shape
  const builder = new ImageBuilder(sizeBytes)
  for (const { logical, physical, blocks, isUnwritten } of runs) {
    const at = logical * blockSize
    // Blocks may be kept beyond the end, for what will be appended.
    const length = Math.min(blocks * blockSize, sizeBytes - at)
    if (length <= 0) continue
    if (isUnwritten) {
      builder.fill(at, length)
      continue
    }
    const slice = disk.view.slice(physical * blockSize, length, 'file content')
    builder.image(at, slice)
    // Allocated blocks that the image says nothing of are no holes of the file.
    for (const [start, end] of unspecifiedStretches(slice)) builder.fill(at + start, end - start)
  }
  return builder.finish()
}

/** A file may be longer than what stands in its inode: mke2fs makes such of sparse ones, and the kernel reads zeros from there on. */
function inlineContent({ disk }: Reading, inode: InodeRecord, { inlineData }: InodeXattrs): DiskImage {
  const { sizeBytes, offset } = inode
  const inBlock = Math.min(I_BLOCK_BYTES, sizeBytes)
  const builder = new ImageBuilder(sizeBytes)
  builder.image(0, disk.view.slice(offset + I_BLOCK_OFFSET, inBlock, 'inline data'))
  const inAttribute = Math.min(inlineData?.bytes.length ?? 0, sizeBytes - inBlock)
  if (inlineData !== undefined && inAttribute > 0) {
    builder.image(inBlock, disk.view.slice(inlineData.offset, inAttribute, 'inline data'))
  }
  return builder.finish()
}
