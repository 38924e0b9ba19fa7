/** How many levels a hash tree has, and where each of them stands. [LINUX drivers/md/dm-verity-target.c] */
import { alignUp, ceilDivide } from '../../bytes/align.js'
import { DIGEST_BYTES, type VerityHash, VeritySuperblock } from './disklayout.js'

export interface TreeShape {
  readonly hash: VerityHash
  readonly hashType: 0 | 1
  readonly dataBlockBytes: number
  readonly hashBlockBytes: number
  readonly dataBlocks: number
}

/** One level; offsets are bytes from the start of the hash area. */
export interface TreeLevel {
  readonly offset: number
  /** Of hash blocks. */
  readonly blocks: number
}

export interface TreeGeometry extends TreeShape {
  /** From a digest to the next one in a hash block. */
  readonly slotBytes: number
  readonly digestsPerBlock: number
  /** The lowest first: it has the digests of the data. None where the data is a single block, whose digest is the root hash. */
  readonly levels: readonly TreeLevel[]
  /** Superblock and tree. */
  readonly sizeBytes: number
}

export function treeGeometry(shape: TreeShape): TreeGeometry {
  const { hash, hashType, hashBlockBytes, dataBlocks } = shape
  const digestBytes = DIGEST_BYTES[hash]
  // A block holds a power of two of them in either type, so that a place in the tree is a shift of the block's number.
  const slotBytes = hashType === 1 ? powerOfTwoFrom(digestBytes) : digestBytes
  const digestsPerBlock = powerOfTwoUpTo(hashBlockBytes / digestBytes)
  const counts: number[] = []
  for (let blocks = dataBlocks; blocks > 1; ) {
    blocks = ceilDivide(blocks, digestsPerBlock)
    counts.push(blocks)
  }
  let offset = alignUp(VeritySuperblock.SIZE, hashBlockBytes)
  const fromTop = counts.toReversed().map((blocks): TreeLevel => {
    const level = { offset, blocks }
    offset += blocks * hashBlockBytes
    return level
  })
  return { ...shape, slotBytes, digestsPerBlock, levels: fromTop.toReversed(), sizeBytes: offset }
}

function powerOfTwoFrom(least: number): number {
  return 2 ** Math.ceil(Math.log2(least))
}

function powerOfTwoUpTo(most: number): number {
  return 2 ** Math.floor(Math.log2(most))
}
