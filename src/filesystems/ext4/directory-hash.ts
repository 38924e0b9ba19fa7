/**
 * The hash by which dir_index sorts names: MD4 cut to its first rounds, over the name in pieces of 32 bytes, seeded with
 * the volume's hash seed. Bytes count as signed characters (EXT2_FLAGS_SIGNED_HASH).
 * [Linux 6.1 fs/ext4/hash.c; EXT4 disk layout, hash tree directories]
 */
import type { ByteString } from '../../bytes/text.js'

/** One piece of a name, as eight words. */
const PIECE_BYTES = 32
const PIECE_WORDS = 8

/** MD4's initial state, taken where the seed is all zeros. */
const DEFAULT_SEED: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
const K2 = 0x5a827999
const K3 = 0x6ed9eba1

/** The largest hash marks the end of a directory for readdir; a name that hashes to it takes the one below. */
const HTREE_EOF = 0x7fff_ffff

export interface DirectoryHasher {
  /** The hash (its lowest bit clear) and the minor hash that orders names of equal hash; valid until the next call. */
  hash(name: ByteString): void
  major: number
  minor: number
}

/** `seed` is s_hash_seed: sixteen bytes, four little-endian words. */
export function createDirectoryHasher(seed: Uint8Array): DirectoryHasher {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.length)
  const words = [0, 4, 8, 12].map((at) => view.getUint32(at, true))
  const initial = Int32Array.from(words.some((word) => word !== 0) ? words : DEFAULT_SEED)
  const state = new Int32Array(4)
  const piece = new Int32Array(PIECE_WORDS)
  return {
    major: 0,
    minor: 0,
    hash(name) {
      state.set(initial)
      for (let at = 0; at === 0 || at < name.length; at += PIECE_BYTES) {
        fillPiece(piece, name, at)
        halfMd4(state, piece)
      }
      let major = (state[1]! & ~1) >>> 0
      if (major === (HTREE_EOF << 1) >>> 0) major = ((HTREE_EOF - 1) << 1) >>> 0
      this.major = major
      this.minor = state[2]! >>> 0
    },
  }
}

/** Words of four characters, first character highest; the rest is filled with the remaining length, repeated. */
function fillPiece(piece: Int32Array, name: ByteString, from: number): void {
  const length = name.length - from
  const short = (length & 0xff) | ((length & 0xff) << 8)
  const pad = short | (short << 16)
  const end = Math.min(name.length, from + PIECE_BYTES)
  let at = from
  for (let word = 0; word < PIECE_WORDS; word++) {
    let value = pad
    for (const stop = Math.min(at + 4, end); at < stop; at++) {
      value = (((name.charCodeAt(at) << 24) >> 24) + (value << 8)) | 0
    }
    piece[word] = value
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function halfMd4(state: Int32Array, x: Int32Array): void {
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  const f = (p: number, q: number, r: number): number => r ^ (p & (q ^ r))
  const g = (p: number, q: number, r: number): number => ((p & q) + ((p ^ q) & r)) | 0

  for (let at = 0; at < PIECE_WORDS; at += 4) {
    a = rotate((a + f(b, c, d) + x[at]!) | 0, 3)
    d = rotate((d + f(a, b, c) + x[at + 1]!) | 0, 7)
    c = rotate((c + f(d, a, b) + x[at + 2]!) | 0, 11)
    b = rotate((b + f(c, d, a) + x[at + 3]!) | 0, 19)
  }
  for (const at of [1, 0]) {
    a = rotate((a + g(b, c, d) + x[at]! + K2) | 0, 3)
    d = rotate((d + g(a, b, c) + x[at + 2]! + K2) | 0, 5)
    c = rotate((c + g(d, a, b) + x[at + 4]! + K2) | 0, 9)
    b = rotate((b + g(c, d, a) + x[at + 6]! + K2) | 0, 13)
  }
  for (const at of [3, 1]) {
    a = rotate((a + (b ^ c ^ d) + x[at]! + K3) | 0, 3)
    d = rotate((d + (a ^ b ^ c) + x[at + 4]! + K3) | 0, 9)
    c = rotate((c + (d ^ a ^ b) + x[at - 1]! + K3) | 0, 11)
    b = rotate((b + (c ^ d ^ a) + x[at + 3]! + K3) | 0, 15)
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
}
