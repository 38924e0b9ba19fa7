/**
 * One zstd frame, made in the calling thread. The encoder is zstd itself, compiled to WebAssembly: its output depends on no
 * processor and no program of the machine, and no process has to be started for every frame.
 */
import { createRequire } from 'node:module'
import { invariant } from '../errors.js'
import { CONTENT_CHECKSUM_BYTES, CONTENT_CHECKSUM_FLAG, FRAME_MAGIC, FrameStart } from './zst-disklayout.js'

/** A frame in its two pieces, which stand end to end. */
export interface ZstdFrame {
  /** Header and blocks. */
  readonly blocks: Uint8Array
  readonly checksum: Uint8Array
}

export interface ZstdEncoder {
  /** Gives a view of the memory from `bytes` on to the end of its buffer, which it overwrites, or a copy where the frame is longer. */
  compress(bytes: Uint8Array, level: number): Uint8Array
  /** XXH64 with seed 0. */
  hash(bytes: Uint8Array): bigint
}

/** Content is copied into the hash's memory, which need not grow for it. */
const HASHED_BYTES = 1 << 20
const LOW_32_BITS = 0xffffffffn

let loading: Promise<ZstdEncoder> | undefined

/** `level` 1 to 19. `bytes`, at most ZST_FRAME_MAX_BYTES (zst-file.ts), is given away with what is behind it in its buffer: the frame takes its place. */
export async function zstdFrame(bytes: Uint8Array, level: number): Promise<ZstdFrame> {
  const encoder = await loadZstdEncoder()
  const checksum = new Uint8Array(CONTENT_CHECKSUM_BYTES)
  new DataView(checksum.buffer).setUint32(0, Number(encoder.hash(bytes) & LOW_32_BITS), true)
  const blocks = encoder.compress(bytes, level)
  flagChecksum(blocks)
  return { blocks, checksum }
}

export function loadZstdEncoder(): Promise<ZstdEncoder> {
  loading ??= loadEncoder()
  return loading
}

/** Both packages are loaded when first needed, since most builds need neither. */
async function loadEncoder(): Promise<ZstdEncoder> {
  const [zstd, { default: loadXxHash }] = await Promise.all([import('@bokuweb/zstd-wasm'), import('xxhash-wasm')])
  const [xxHash] = await Promise.all([loadXxHash(), zstd.init()])
  const heap = zstdHeap()
  return {
    compress: (bytes, level) => compressInto(bytes, heap, level),
    hash(bytes) {
      const hash = xxHash.create64()
      for (let at = 0; at < bytes.length; at += HASHED_BYTES) hash.update(bytes.subarray(at, at + HASHED_BYTES))
      return hash.digest()
    },
  }
}

/** What the package's own `compress` works with. */
interface ZstdHeap {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _free(address: number): void
  _ZSTD_compressBound(bytes: number): number
  _ZSTD_compress(target: number, targetBytes: number, source: number, sourceBytes: number, level: number): number
  _ZSTD_isError(size: number): number
}

/**
 * The package (pinned) does not export it. But its `compress` copies every result into fresh memory, whose first touch is a tenth
 * of the time of a whole build with zst, so the few lines of it stand below, without that copy.
 */
function zstdHeap(): ZstdHeap {
  const require = createRequire(import.meta.url)
  return createRequire(require.resolve('@bokuweb/zstd-wasm'))('./module.js').Module
}

function compressInto(bytes: Uint8Array, heap: ZstdHeap, level: number): Uint8Array {
  const bound = heap._ZSTD_compressBound(bytes.length)
  const target = heap._malloc(bound)
  const source = heap._malloc(bytes.length)
  try {
    invariant(target !== 0 && source !== 0, `no memory to compress ${bytes.length} bytes`)
    heap.HEAPU8.set(bytes, source)
    const size = heap._ZSTD_compress(target, bound, source, bytes.length, level)
    invariant(heap._ZSTD_isError(size) === 0, `zstd ends with error ${size}`)
    // Only now: memory that grew has another view.
    const frame = heap.HEAPU8.subarray(target, target + size)
    const place = new Uint8Array(bytes.buffer, bytes.byteOffset)
    if (size > place.length) return frame.slice()
    place.set(frame)
    return place.subarray(0, size)
  } finally {
    heap._free(source)
    heap._free(target)
  }
}

/**
 * As zstd's command does by default, so that `zstd -t` finds a flipped bit; the package cannot ask for it. The flag is set where
 * it stands, since a copy for four bytes more would cost as long as hashing (fresh memory).
 */
function flagChecksum(frame: Uint8Array): void {
  const { Magic_Number, Frame_Header_Descriptor } = FrameStart.decode(frame)
  invariant(
    Magic_Number === FRAME_MAGIC && (Frame_Header_Descriptor & CONTENT_CHECKSUM_FLAG) === 0,
    'the encoder gives a frame without a checksum',
  )
  FrameStart.encodeInto(frame, 0, {
    Magic_Number,
    Frame_Header_Descriptor: Frame_Header_Descriptor | CONTENT_CHECKSUM_FLAG,
  })
}
