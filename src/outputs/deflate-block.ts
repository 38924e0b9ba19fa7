/**
 * Deflate of a block of payload, made to be laid end to end with others. [RFC 1951]
 *
 * The encoder is JavaScript (fflate): its output depends on no processor and no library of the machine, where Node's zlib
 * hashes with what the processor offers and Debian's Node links another zlib altogether. Level 5 is as dense as zlib's 6.
 */
import { constants, inflateRawSync, type ZlibOptions } from 'node:zlib'
import { Deflate, type DeflateOptions } from 'fflate'
import { concatBytes } from '../bytes/concat.js'
import { invariant } from '../errors.js'
import { DEFLATE_END } from './deflate-fill.js'
import { isIncompressible, PROBE_BYTES } from './incompressible.js'

const STORED_MAX_BYTES = 65535
const STORED_HEADER_BYTES = 5
/** How far back deflate can refer. */
const STREAM_WINDOW_BYTES = 32768
/** An empty block of the fixed code: BFINAL, BTYPE 01, end-of-block as seven zero bits. */
const END_OF_BLOCK_BITS = 7
/** LEN and its complement, of an empty stored block. */
const EMPTY_STORED = [0x00, 0x00, 0xff, 0xff]

/**
 * Deflates `bytes` to non-final blocks that end at a byte boundary and refer to nothing before them.
 *
 * @param level 0 (stored) to 9
 */
export function deflateBlock(bytes: Uint8Array, level: number): Uint8Array {
  if (level === 0) return storedBlocks(bytes)
  const deflated = concatBytes(
    stretchesOf(bytes).map(({ part, stored }) =>
      stored ? storedBlocks(part) : encodeBlock(part, { level, mem: BLOCK_MEMORY }),
    ),
  )
  assertInflates(deflated, bytes)
  return deflated
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

/**
 * Hashes of 18 bits, where fflate takes 20 for a stream of any length: as dense for 1 MiB (0.5597 of the benchmark's payload
 * either way), and a fifth less time, since the table is fresh memory for every block.
 */
const BLOCK_MEMORY = 6

/** How far back QEMU's inflate lets a cluster refer. */
const CLUSTER_WINDOW_BITS = 12
const CLUSTER_WINDOW_BYTES = 2 ** CLUSTER_WINDOW_BITS
/** Hashes of 14 bits, for 4 KiB. */
const CLUSTER_MEMORY = 2

/**
 * Each cluster of `bytes` as a complete stream for a qcow2. Its blocks are of 4 KiB, so that none refers further back than
 * readers keep: 5 % larger than with a sliding window of that length, which this encoder does not have.
 *
 * @param level 1 to 9
 */
export function deflateClusters(bytes: Uint8Array, clusterBytes: number, level: number): Uint8Array[] {
  const clusters: Uint8Array[] = []
  for (let start = 0; start < bytes.length; start += clusterBytes) {
    const cluster = bytes.subarray(start, start + clusterBytes)
    const parts: Uint8Array[] = []
    for (let at = 0; at < cluster.length; at += CLUSTER_WINDOW_BYTES) {
      parts.push(encodeBlock(cluster.subarray(at, at + CLUSTER_WINDOW_BYTES), { level, mem: CLUSTER_MEMORY }))
    }
    const deflated = concatBytes([...parts, DEFLATE_END])
    assertInflates(deflated, cluster, { windowBits: CLUSTER_WINDOW_BITS })
    clusters.push(deflated)
  }
  return clusters
}

/**
 * Every block is read back by zlib before it goes out, at a tenth of what making it costs: a bundle that nobody can unpack
 * is found on the day that it is needed, and the encoder's streams have had two mistakes of that kind (below).
 */
function assertInflates(deflated: Uint8Array, bytes: Uint8Array, options: Pick<ZlibOptions, 'windowBits'> = {}): void {
  const back = inflateRawSync(deflated, {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: bytes.length + 1,
    ...options,
  })
  invariant(back.equals(bytes), 'a deflated block does not inflate to what went in')
}

function encodeBlock(bytes: Uint8Array, { level, mem }: { level: number; mem: number }): Uint8Array {
  const parts: Uint8Array[] = []
  const stream = new Deflate({ level, mem } as DeflateOptions, (part) => parts.push(part))
  startWithoutWindow(stream)
  stream.push(bytes)
  // Everything out, as non-final blocks; then the final block is an empty one, whose shape is known. (fflate's own
  // byte-aligning flush writes its marker to the wrong place when bits are pending: 0.8.3.)
  stream.flush()
  stream.push(new Uint8Array(0), true)
  return continueAfterEmptyFinalBlock(parts)
}

/**
 * fflate's stream begins behind 32 KiB of zeros, as if they had been given, and so refers to them where the bytes begin with
 * zeros: nobody can inflate that (0.8.3; its one-shot call, which begins at 0, is right). So the stream begins at 0, too.
 */
function startWithoutWindow(stream: Deflate): void {
  const state = (stream as unknown as { s: { l: number; i: number; w: number; z: number } }).s
  invariant(
    state.i === STREAM_WINDOW_BYTES && state.w === state.i && state.z === state.i,
    "fflate's stream has changed",
  )
  state.i = 0
  state.w = 0
  state.z = 0
}

/** Turns the empty final block at the end into a non-final one and aligns what follows to a byte. */
function continueAfterEmptyFinalBlock(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((total, part) => total + part.length, 0)
  const result = new Uint8Array(length + 1 + EMPTY_STORED.length)
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  // Behind BTYPE's only set bit stand zeros alone, so it is the highest set bit of the stream.
  let last = length - 1
  while (last >= 0 && result[last] === 0) last--
  invariant(last >= 0, 'a deflate stream without a set bit')
  const typeBit = last * 8 + (31 - Math.clz32(result[last]!))
  const finalBit = typeBit - 1
  const endBit = typeBit + 2 + END_OF_BLOCK_BITS
  invariant(
    bitAt(result, finalBit) && Math.ceil(endBit / 8) === length,
    'the deflate stream does not end with an empty final block of the fixed code',
  )
  // Three zero bits, BFINAL 0 and BTYPE 00, begin an empty stored block; zeros fill its byte.
  const aligned = Math.ceil((endBit + 3) / 8)
  result[finalBit >> 3]! &= ~(1 << (finalBit & 7))
  result.set(EMPTY_STORED, aligned)
  return result.subarray(0, aligned + EMPTY_STORED.length)
}

function bitAt(bytes: Uint8Array, bit: number): boolean {
  return ((bytes[bit >> 3]! >> (bit & 7)) & 1) === 1
}

function storedBlocks(bytes: Uint8Array): Uint8Array {
  const count = Math.ceil(bytes.length / STORED_MAX_BYTES)
  const result = new Uint8Array(bytes.length + count * STORED_HEADER_BYTES)
  const view = new DataView(result.buffer)
  let at = 0
  for (let done = 0; done < bytes.length; done += STORED_MAX_BYTES) {
    const part = bytes.subarray(done, done + STORED_MAX_BYTES)
    view.setUint16(at + 1, part.length, true)
    view.setUint16(at + 3, part.length ^ 0xffff, true)
    result.set(part, at + STORED_HEADER_BYTES)
    at += STORED_HEADER_BYTES + part.length
  }
  return result
}
