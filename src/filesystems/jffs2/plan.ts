/** Settings, payload and size: whether they go together, and the volume that comes of it. */
import { isPowerOfTwo } from '../../bytes/align.js'
import { ERASED } from '../../bytes/erased.js'
import { formatSize } from '../../bytes/format-size.js'
import { FormatError, LayoutError, type Problem, type Warning } from '../../errors.js'
import { type DiskImage, ImageBuilder } from '../../image/extent.js'
import type { FileTree } from '../../tree/file-tree.js'
import { largestFilesText } from '../largest-files.js'
import { countOf, formatCount } from '../path-list.js'
import { type FreeSpace, freeBytesIn, freeSpaceText, NO_FREE_SPACE, type PlannedVolume } from '../volume.js'
import { JFFS2_LAYOUTS } from './disklayout.js'
import { MAX_VOLUME_BYTES, MIN_ERASE_BLOCKS, reservedBlocks } from './geometry.js'
import { NodeEncoder } from './node-encode.js'
import { type Jffs2FormatOptions, type Jffs2Settings, settingsOf } from './options.js'
import { assertHolds } from './payload-check.js'
import { type WrittenTree, writeTree } from './write-tree.js'

const MIN_ERASE_BLOCK_BYTES = 8 * 1024
const MAX_ERASE_BLOCK_BYTES = 1024 * 1024

/** A payload as nodes: all but the size of what they stand in. */
export class Jffs2Planner {
  readonly #settings: Jffs2Settings
  readonly #tree: FileTree
  readonly #written: WrittenTree

  /** FormatError with all that JFFS2 cannot hold. Reads the payload, since a node's place depends on what zlib makes of the ones before. */
  constructor(tree: FileTree, options: Jffs2FormatOptions) {
    this.#settings = settingsOf(options)
    assertEraseBlock(this.#settings.erase_block)
    assertHolds(tree, this.#settings)
    this.#tree = tree
    this.#written = writeTree(tree, this.#settings)
  }

  plan(sizeBytes: number): PlannedVolume {
    const { erase_block: eraseBlock, byte_order, cleanmarkers, compression } = this.#settings
    const blocks = Math.floor(sizeBytes / eraseBlock)
    const { image, inodes, nodes, usedBytes } = this.#written
    const usedBlocks = image.sizeBytes / eraseBlock
    if (blocks < Math.max(usedBlocks, MIN_ERASE_BLOCKS)) throw new LayoutError(this.#tooSmall(sizeBytes, usedBlocks))
    if (blocks * eraseBlock > MAX_VOLUME_BYTES) {
      throw new LayoutError(
        `Cannot make JFFS2 of ${formatSize(sizeBytes)}: its kernel counts bytes in 32 bits, less than 4 GiB are accepted`,
      )
    }
    return {
      format: 'jffs2',
      sizeBytes: blocks * eraseBlock,
      facts: {
        erase_block: eraseBlock,
        erase_blocks: blocks,
        free_erase_blocks: blocks - usedBlocks,
        inodes,
        nodes,
        node_bytes: usedBytes,
        byte_order,
        cleanmarkers: cleanmarkers ? 'yes' : 'no',
        compression,
      },
      warnings: this.#warnings(blocks, usedBlocks, sizeBytes),
      encode: () => this.#encode(sizeBytes, blocks),
    }
  }

  /**
   * Whole erase blocks with room for what the kernel keeps to itself: `plan` takes fewer, and such a volume can be read and no
   * file of it can be deleted.
   */
  smallestSizeBytes(free: FreeSpace = NO_FREE_SPACE): number {
    const { erase_block: eraseBlock } = this.#settings
    const usedBlocks = this.#written.image.sizeBytes / eraseBlock
    const mostBlocks = Math.floor(MAX_VOLUME_BYTES / eraseBlock)
    for (let blocks = Math.max(usedBlocks + 1, MIN_ERASE_BLOCKS); blocks <= mostBlocks; blocks++) {
      const available = (blocks - usedBlocks - reservedBlocks(blocks, eraseBlock)) * eraseBlock
      if (available >= freeBytesIn(blocks * eraseBlock, free)) return blocks * eraseBlock
    }
    const room = free === NO_FREE_SPACE ? '' : ` with ${freeSpaceText(free)} free`
    throw new LayoutError(
      `Cannot fit the payload${room} into JFFS2 of any size: it needs ${formatCount(usedBlocks * eraseBlock)} bytes, less than 4 GiB are accepted`,
    )
  }

  #encode(sizeBytes: number, blocks: number): DiskImage {
    const { erase_block: eraseBlock, byte_order, cleanmarkers, pad } = this.#settings
    const { image } = this.#written
    const builder = new ImageBuilder(sizeBytes).image(0, image)
    if (!pad) return builder.finish()
    if (cleanmarkers) {
      const marker = new NodeEncoder(JFFS2_LAYOUTS[byte_order]).cleanmarker()
      for (let at = image.sizeBytes; at < blocks * eraseBlock; at += eraseBlock) {
        builder.bytes(at, marker).fill(at + marker.length, eraseBlock - marker.length, ERASED)
      }
    } else {
      builder.fill(image.sizeBytes, blocks * eraseBlock - image.sizeBytes, ERASED)
    }
    return builder.fill(blocks * eraseBlock, sizeBytes - blocks * eraseBlock, ERASED).finish()
  }

  #tooSmall(sizeBytes: number, usedBlocks: number): Problem {
    const { erase_block: eraseBlock } = this.#settings
    const needed = Math.max(usedBlocks, MIN_ERASE_BLOCKS)
    const blocksOf = (blocks: number): string =>
      `${formatCount(blocks * eraseBlock)} bytes (${countOf(blocks, 'erase block')} of ${formatSize(eraseBlock)})`
    const largest = usedBlocks < MIN_ERASE_BLOCKS ? ', the fewest that Linux mounts' : largestFilesText(this.#tree)
    return {
      message: `Cannot fit the payload into JFFS2 of ${formatSize(sizeBytes)}: needs ${blocksOf(needed)}, available are ${blocksOf(Math.floor(sizeBytes / eraseBlock))}${largest}`,
      hint: `With what the kernel keeps free to collect garbage, the smallest that can be written to has ${formatCount(this.smallestSizeBytes())} bytes`,
    }
  }

  #warnings(blocks: number, usedBlocks: number, sizeBytes: number): Warning[] {
    const { erase_block: eraseBlock } = this.#settings
    const problems: Warning[] = []
    const kept = reservedBlocks(blocks, eraseBlock)
    if (blocks - usedBlocks < kept) {
      problems.push({
        finding: 'jffs2-full',
        message: `JFFS2 has ${countOf(blocks - usedBlocks, 'free erase block')} left, and Linux keeps ${kept} to collect garbage: it can be read, but not written to`,
        hint: `From ${formatCount(this.smallestSizeBytes())} bytes on it can`,
      })
    }
    const tail = sizeBytes - blocks * eraseBlock
    if (tail > 0) {
      problems.push({
        finding: 'erase-block-tail',
        message: `JFFS2 takes ${countOf(blocks, 'erase block')} of ${formatSize(eraseBlock)}: ${formatCount(tail)} bytes at the end are part of none`,
      })
    }
    return problems
  }
}

function assertEraseBlock(bytes: number): void {
  const isPossible = bytes >= MIN_ERASE_BLOCK_BYTES && bytes <= MAX_ERASE_BLOCK_BYTES && isPowerOfTwo(bytes)
  if (isPossible) return
  throw new FormatError({
    message: `Cannot make JFFS2 with erase blocks of ${bytes} bytes: powers of two from 8 KiB to 1 MiB are accepted`,
    path: ['options', 'erase_block'],
  })
}
