/**
 * Deflate of a block of payload, made to be laid end to end with others. [RFC 1951]
 *
 * The encoders give complete streams. `openEnded` makes one go on: it clears the mark of the last block and fills up to a byte.
 */
import type { DeflateOptions } from 'fflate'
import { concatBytes } from '../bytes/concat.js'
import { loadDeflateEncoder } from './deflate-encoder.js'
import { DEFLATE_END } from './deflate-fill.js'
import { lastBlockOf } from './deflate-last-block.js'
import { isIncompressible, PROBE_BYTES } from './incompressible.js'

const STORED_MAX_BYTES = 65535
const STORED_HEADER_BYTES = 5
/** BFINAL 0 and BTYPE 00. */
const STORED_HEADER_BITS = 3
/** LEN and its complement, of an empty stored block. */
const EMPTY_STORED = [0x00, 0x00, 0xff, 0xff]

/**
 * Deflates `bytes` to non-final blocks that end at a byte boundary and refer to nothing before them, in pieces. Some of these
 * may be parts of `bytes` itself.
 *
 * @param level 0 (stored) to 9
 */
export async function deflateBlock(bytes: Uint8Array, level: number): Promise<readonly Uint8Array[]> {
  if (level === 0) return storedBlocks(bytes)
  const { deflate } = await loadDeflateEncoder()
  return stretchesOf(bytes).flatMap(({ part, stored }) =>
    stored ? storedBlocks(part) : openEnded(deflate(part, level), part),
  )
}

interface BlockStretch {
  readonly part: Uint8Array
  /** Deflate would not shorten it. */
  readonly stored: boolean
}

/** `bytes` in order, cut where what can be compressed begins and ends. */
function stretchesOf(bytes: Uint8Array): BlockStretch[] {
  const stretches: BlockStretch[] = []
  let start = 0
  let stored = false
  const cut = (end: number): void => {
    if (end > start) stretches.push({ part: bytes.subarray(start, end), stored })
    start = end
  }
  for (let at = 0; at < bytes.length; at += PROBE_BYTES) {
    const isNoise = isIncompressible(bytes.subarray(at, at + PROBE_BYTES))
    if (isNoise !== stored) cut(at)
    stored = isNoise
  }
  cut(bytes.length)
  return stretches
}

/** How far back QEMU's inflate lets a cluster refer. */
const CLUSTER_WINDOW_BYTES = 4096
/** Hashes of 14 bits, for 4 KiB. */
const CLUSTER_MEMORY = 2

/**
 * Each cluster of `bytes` as a complete stream for a qcow2. Its blocks are of 4 KiB, so that none refers further back than
 * readers keep: 5 % larger than with a sliding window of that length, which no encoder here has. For so little, libdeflate's
 * tables cost more than its speed gains, and fflate encodes.
 *
 * @param level 1 to 9
 */
export async function deflateClusters(bytes: Uint8Array, clusterBytes: number, level: number): Promise<Uint8Array[]> {
  // Its tables are made when it is loaded, in every thread that loads it.
  const { deflateSync } = await import('fflate')
  const clusters: Uint8Array[] = []
  for (let start = 0; start < bytes.length; start += clusterBytes) {
    const cluster = bytes.subarray(start, start + clusterBytes)
    const parts: Uint8Array[] = []
    for (let at = 0; at < cluster.length; at += CLUSTER_WINDOW_BYTES) {
      const part = cluster.subarray(at, at + CLUSTER_WINDOW_BYTES)
      parts.push(...openEnded(deflateSync(part, { level, mem: CLUSTER_MEMORY } as DeflateOptions), part))
    }
    clusters.push(concatBytes([...parts, DEFLATE_END]))
  }
  return clusters
}

/** `stream`, whose content is `bytes`, without an end: its last block is one of many, and an empty stored one fills its byte. */
function openEnded(stream: Uint8Array, bytes: Uint8Array): Uint8Array[] {
  const { headerBit, endBit } = lastBlockOf(stream, bytes)
  stream[headerBit >> 3]! &= ~(1 << (headerBit & 7))
  const usedBits = endBit & 7
  // What stands behind the end is no one's until now.
  if (usedBits > 0) stream[stream.length - 1]! &= (1 << usedBits) - 1
  const isHeaderInside = usedBits > 0 && usedBits + STORED_HEADER_BITS <= 8
  return [stream, Uint8Array.from(isHeaderInside ? EMPTY_STORED : [0, ...EMPTY_STORED])]
}

/** Stored content is not copied: it stays where it is. */
function storedBlocks(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += STORED_MAX_BYTES) {
    const content = bytes.subarray(at, at + STORED_MAX_BYTES)
    const header = new Uint8Array(STORED_HEADER_BYTES)
    const view = new DataView(header.buffer)
    view.setUint16(1, content.length, true)
    view.setUint16(3, content.length ^ 0xffff, true)
    pieces.push(header, content)
  }
  return pieces
}
