/**
 * How many blocks a directory takes and which name stands in which. One block is a plain chain. More are a hash tree
 * under dir_index: names sorted by hash, packed full, so that the image is small; the kernel splits blocks as it adds.
 */
import { alignUp, ceilDivide } from '../../bytes/align.js'
import type { ByteString } from '../../bytes/text.js'
import { FormatError } from '../../errors.js'
import type { DirectoryHasher } from './directory-hash.js'
import {
  DIRENT_ALIGN_BYTES,
  DOT_ENTRY_BYTES,
  DX_NODE_ENTRIES_OFFSET,
  DX_ROOT_ENTRIES_OFFSET,
  DxEntry,
  DxTail,
  Ext4DirEntry2,
  Ext4DirEntryTail,
} from './disklayout/directory.js'
import type { FeatureSet } from './features.js'

/** What all directories of a volume share. */
export interface DirectoryFormat {
  readonly blockSize: number
  /** Bytes of a leaf that entries may fill. */
  readonly leafBytes: number
  /** Entries of a hash tree's root and of an inner node. */
  readonly rootLimit: number
  readonly nodeLimit: number
  /** Levels of inner nodes between root and leaves, at most. */
  readonly maxInnerLevels: number
  readonly hasIndex: boolean
  readonly hasChecksums: boolean
  readonly hasFileTypes: boolean
}

export interface DirectoryLayout {
  readonly blockCount: number
  readonly index?: HashIndex
}

export interface HashIndex {
  /** Positions of the directory's names, by hash. */
  readonly order: Uint32Array
  /** Where in `order` each leaf begins, and the lowest hash that leads to it (odd: it continues the leaf before). */
  readonly leafStarts: readonly number[]
  readonly leafHashes: readonly number[]
  /** Inner nodes of each level below the root, from the top. Blocks: the root, these, then the leaves. */
  readonly innerCounts: readonly number[]
}

const MAX_INNER_LEVELS = 1
const MAX_INNER_LEVELS_LARGE_DIR = 2

export function directoryFormat(blockSize: number, features: FeatureSet): DirectoryFormat {
  const hasChecksums = features.has('metadata_csum')
  const tail = hasChecksums ? DxTail.SIZE : 0
  return {
    blockSize,
    leafBytes: blockSize - (hasChecksums ? Ext4DirEntryTail.SIZE : 0),
    rootLimit: Math.floor((blockSize - DX_ROOT_ENTRIES_OFFSET - tail) / DxEntry.SIZE),
    nodeLimit: Math.floor((blockSize - DX_NODE_ENTRIES_OFFSET - tail) / DxEntry.SIZE),
    maxInnerLevels: features.has('large_dir') ? MAX_INNER_LEVELS_LARGE_DIR : MAX_INNER_LEVELS,
    hasIndex: features.has('dir_index'),
    hasChecksums,
    hasFileTypes: features.has('filetype'),
  }
}

/** rec_len of an entry that stands as close to the next as it can. */
export function entryBytes(name: ByteString): number {
  return alignUp(Ext4DirEntry2.SIZE + name.length, DIRENT_ALIGN_BYTES)
}

/** `path` is for the error of a directory with more names than its hash tree can lead to. O(n log n). */
export function layOutDirectory(
  names: readonly ByteString[],
  format: DirectoryFormat,
  hasher: DirectoryHasher,
  path: () => string,
): DirectoryLayout {
  const blockCount = countLinearBlocks(names, format.leafBytes)
  if (blockCount === 1 || !format.hasIndex) return { blockCount }
  return layOutIndex(names, format, hasher, path)
}

function countLinearBlocks(names: readonly ByteString[], leafBytes: number): number {
  let blocks = 1
  let used = 2 * DOT_ENTRY_BYTES
  for (const name of names) {
    const size = entryBytes(name)
    if (used + size > leafBytes) {
      blocks++
      used = 0
    }
    used += size
  }
  return blocks
}

function layOutIndex(
  names: readonly ByteString[],
  format: DirectoryFormat,
  hasher: DirectoryHasher,
  path: () => string,
): DirectoryLayout {
  const hashes = hashesOf(names, hasher)
  const order = orderByHash(hashes)
  const leafStarts: number[] = []
  const leafHashes: number[] = []
  let used = format.leafBytes
  order.forEach((position, at) => {
    const size = entryBytes(names[position]!)
    if (used + size > format.leafBytes) {
      const hash = hashes[position]!
      const continues = at > 0 && hashes[order[at - 1]!] === hash
      leafStarts.push(at)
      leafHashes.push(continues ? hash + 1 : hash)
      used = 0
    }
    used += size
  })
  const innerCounts = countInnerNodes(leafStarts.length, format)
  if (innerCounts === undefined) {
    const leaves = format.rootLimit * format.nodeLimit ** format.maxInnerLevels
    throw new FormatError(
      `Cannot index the directory "${path()}" with blocks of ${format.blockSize} bytes: its ${names.length} names fill ` +
        `${leafStarts.length} blocks, at most ${leaves}`,
      { hint: 'A larger block_size leads to more, and the feature large_dir adds a level.' },
    )
  }
  const innerBlocks = innerCounts.reduce((sum, count) => sum + count, 0)
  return { blockCount: 1 + innerBlocks + leafStarts.length, index: { order, leafStarts, leafHashes, innerCounts } }
}

/** Always even: the lowest bit is for continuation. */
function hashesOf(names: readonly ByteString[], hasher: DirectoryHasher): Uint32Array {
  const hashes = new Uint32Array(names.length)
  names.forEach((name, position) => {
    hasher.hash(name)
    hashes[position] = hasher.major
  })
  return hashes
}

/**
 * Positions by hash, names of equal hash in their own order. Sorted as numbers, hash and position in one: 31 bits of
 * hash above the position, exact up to 2^22 names; beyond that with a comparison.
 */
function orderByHash(hashes: Uint32Array): Uint32Array {
  const room = 2 ** 22
  if (hashes.length > room) {
    return Uint32Array.from(hashes.keys()).sort((a, b) => hashes[a]! - hashes[b]! || a - b)
  }
  const keys = Float64Array.from(hashes, (hash, position) => (hash / 2) * room + position).sort()
  return Uint32Array.from(keys, (key) => key % room)
}

/** Levels from the top, all nodes but the last of a level full; undefined where the root cannot take them. */
function countInnerNodes(leaves: number, format: DirectoryFormat): number[] | undefined {
  const counts: number[] = []
  let count = leaves
  while (count > format.rootLimit) {
    if (counts.length === format.maxInnerLevels) return undefined
    count = ceilDivide(count, format.nodeLimit)
    counts.unshift(count)
  }
  return counts
}
