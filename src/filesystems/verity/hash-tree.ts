/** The hash tree over an image value: every block that holds data is read once, what is a fill is hashed once. */
import { hash as digestOf } from 'node:crypto'
import { ceilDivide } from '../../bytes/align.js'
import type { DiskImage } from '../../image/extent.js'
import { PayloadReader } from '../../image/payload-reader.js'
import { readImage } from '../../image/read.js'
import { runsOf } from '../../image/runs.js'
import type { TreeGeometry, TreeLevel } from './geometry.js'

export interface HashTree {
  /** The hash area; what stands before the tree is zeros, for the superblock. */
  readonly bytes: Uint8Array
  readonly rootHash: Uint8Array
}

/** What is read at once; a multiple of every block size. */
const CHUNK_BYTES = 1 << 20

/** `data` has the geometry's blocks; what it does not specify counts as zeros. IoError as PayloadReader. */
export function hashTree(data: DiskImage, geometry: TreeGeometry, salt: Uint8Array): HashTree {
  const bytes = new Uint8Array(geometry.sizeBytes)
  const digest = makeDigest(geometry, salt)
  let rootHash = new Uint8Array()
  /** Keeps the digest of block `index` of what is below the level. */
  const put = (level: TreeLevel | undefined, index: number, value: Uint8Array): void => {
    if (level === undefined) rootHash = new Uint8Array(value)
    else bytes.set(value, digestOffset(geometry, level, index))
  }
  const [lowest] = geometry.levels
  digestData(data, geometry, { digest, put: (index, value) => put(lowest, index, value) })
  for (const [height, { offset, blocks }] of geometry.levels.entries()) {
    const above = geometry.levels[height + 1]
    for (let index = 0; index < blocks; index++) {
      const start = offset + index * geometry.hashBlockBytes
      put(above, index, digest(bytes.subarray(start, start + geometry.hashBlockBytes)))
    }
  }
  return { bytes, rootHash }
}

/** Where in the hash area the digest of block `index` of what lies below a level stands. */
export function digestOffset(
  { digestsPerBlock, hashBlockBytes, slotBytes }: TreeGeometry,
  { offset }: TreeLevel,
  index: number,
): number {
  return offset + Math.floor(index / digestsPerBlock) * hashBlockBytes + (index % digestsPerBlock) * slotBytes
}

/** Of one block, with the salt where the hash type has it. Data and hash blocks may differ in size. */
export function makeDigest({ hash, hashType }: TreeGeometry, salt: Uint8Array): (block: Uint8Array) => Uint8Array {
  const salted = new Map<number, Uint8Array>()
  return (block) => {
    let scratch = salted.get(block.length)
    if (scratch === undefined) {
      scratch = new Uint8Array(salt.length + block.length)
      scratch.set(salt, hashType === 1 ? 0 : block.length)
      salted.set(block.length, scratch)
    }
    scratch.set(block, hashType === 1 ? salt.length : 0)
    return digestOf(hash, scratch, 'buffer')
  }
}

interface DataDigests {
  digest(block: Uint8Array): Uint8Array
  put(index: number, value: Uint8Array): void
}

function digestData(data: DiskImage, { dataBlockBytes, dataBlocks }: TreeGeometry, { digest, put }: DataDigests): void {
  const reader = new PayloadReader()
  const buffer = new Uint8Array(CHUNK_BYTES)
  const fills = new Map<number, Uint8Array>()
  /** First block that has no digest yet. */
  let next = 0
  const fillTo = (end: number, byte: number): void => {
    if (next >= end) return
    const value = fills.get(byte) ?? digest(new Uint8Array(dataBlockBytes).fill(byte))
    fills.set(byte, value)
    for (; next < end; next++) put(next, value)
  }
  const readTo = (end: number): void => {
    while (next < end) {
      const count = Math.min(end - next, CHUNK_BYTES / dataBlockBytes)
      const chunk = buffer.subarray(0, count * dataBlockBytes)
      readImage(data, next * dataBlockBytes, chunk, reader)
      for (let at = 0; at < chunk.length; at += dataBlockBytes)
        put(next++, digest(chunk.subarray(at, at + dataBlockBytes)))
    }
  }
  try {
    for (const run of runsOf(data)) {
      const end = run.offset + run.length
      fillTo(Math.floor(run.offset / dataBlockBytes), 0)
      if (run.kind === 'fill') {
        // Blocks at its ends hold something else, too; the run is longer than any block.
        readTo(ceilDivide(run.offset, dataBlockBytes))
        fillTo(Math.floor(end / dataBlockBytes), run.byte)
      }
      readTo(ceilDivide(end, dataBlockBytes))
    }
    fillTo(dataBlocks, 0)
  } catch (error) {
    reader.abandon()
    throw error
  }
  reader.close()
}
