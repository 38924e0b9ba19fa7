/**
 * The hashes by which dir_index sorts names, seeded with the volume's hash seed: MD4 cut to its first rounds over the name in
 * pieces of 32 bytes (what mke2fs chooses and this writer makes), TEA over pieces of 16, and the oldest one without a seed.
 * Bytes count as signed characters (EXT2_FLAGS_SIGNED_HASH) or not.
 * [Linux 6.1 fs/ext4/hash.c; EXT4 disk layout, hash tree directories]
 */
import type { ByteString } from '../../bytes/text.js'
import { DX_HASH_HALF_MD4, DX_HASH_LEGACY, DX_HASH_TEA } from './disklayout/superblock.js'

/** One piece of a name, as words. */
const MD4_WORDS = 8
const TEA_WORDS = 4
const WORD_BYTES = 4

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

export interface HashAlgorithm {
  /** DX_HASH_HALF_MD4, DX_HASH_TEA or DX_HASH_LEGACY. */
  readonly version: number
  readonly isSigned: boolean
}

const WRITTEN: HashAlgorithm = { version: DX_HASH_HALF_MD4, isSigned: true }

/** `seed` is s_hash_seed: sixteen bytes, four little-endian words. */
export function createDirectoryHasher(seed: Uint8Array, algorithm: HashAlgorithm = WRITTEN): DirectoryHasher {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.length)
  const words = [0, 4, 8, 12].map((at) => view.getUint32(at, true))
  const initial = Int32Array.from(words.some((word) => word !== 0) ? words : DEFAULT_SEED)
  const state = new Int32Array(4)
  const digest = DIGESTS.get(algorithm.version)
  if (digest === undefined) throw new RangeError(`hash version ${algorithm.version}`)
  // How far a byte is shifted up and down again, so that its highest bit fills those above or not.
  const signShift = algorithm.isSigned ? 24 : 0
  return {
    major: 0,
    minor: 0,
    hash(name) {
      state.set(initial)
      digest(state, name, signShift)
      let major = (state[1]! & ~1) >>> 0
      if (major === (HTREE_EOF << 1) >>> 0) major = ((HTREE_EOF - 1) << 1) >>> 0
      this.major = major
      this.minor = state[2]! >>> 0
    },
  }
}

/** Hashes a name from the initial state; the result stands in words 1 and 2. */
type Digest = (state: Int32Array, name: ByteString, signShift: number) => void

const md4Piece = new Int32Array(MD4_WORDS)
const teaPiece = new Int32Array(TEA_WORDS)

const DIGESTS: ReadonlyMap<number, Digest> = new Map<number, Digest>([
  [
    DX_HASH_HALF_MD4,
    (state, name, signShift) => {
      for (let at = 0; at === 0 || at < name.length; at += MD4_WORDS * WORD_BYTES) {
        fillPiece(md4Piece, name, at, signShift)
        halfMd4(state, md4Piece)
      }
    },
  ],
  [
    DX_HASH_TEA,
    (state, name, signShift) => {
      for (let at = 0; at < name.length; at += TEA_WORDS * WORD_BYTES) {
        fillPiece(teaPiece, name, at, signShift)
        tea(state, teaPiece)
      }
      state[2] = state[1]!
      state[1] = state[0]!
    },
  ],
  [
    DX_HASH_LEGACY,
    (state, name, signShift) => {
      state[1] = legacyHash(name, signShift)
      state[2] = 0
    },
  ],
])

/** Words of four characters, first character highest; the rest is filled with the remaining length, repeated. */
function fillPiece(piece: Int32Array, name: ByteString, from: number, signShift: number): void {
  const length = name.length - from
  const short = (length & 0xff) | ((length & 0xff) << 8)
  const pad = short | (short << 16)
  const end = Math.min(name.length, from + piece.length * WORD_BYTES)
  let at = from
  for (let word = 0; word < piece.length; word++) {
    let value = pad
    for (const stop = Math.min(at + WORD_BYTES, end); at < stop; at++) {
      value = (((name.charCodeAt(at) << signShift) >> signShift) + (value << 8)) | 0
    }
    piece[word] = value
  }
}

const TEA_DELTA = 0x9e3779b9
const TEA_ROUNDS = 16

function tea(state: Int32Array, [a, b, c, d]: Int32Array): void {
  let sum = 0
  let b0 = state[0]!
  let b1 = state[1]!
  for (let round = 0; round < TEA_ROUNDS; round++) {
    sum = (sum + TEA_DELTA) | 0
    b0 = (b0 + (((b1 << 4) + a!) ^ (b1 + sum) ^ ((b1 >>> 5) + b!))) | 0
    b1 = (b1 + (((b0 << 4) + c!) ^ (b0 + sum) ^ ((b0 >>> 5) + d!))) | 0
  }
  state[0] = state[0]! + b0
  state[1] = state[1]! + b1
}

const LEGACY_MULTIPLIER = 7_152_373

function legacyHash(name: ByteString, signShift: number): number {
  let last = 0x12a3fe2d
  let before = 0x37abe8f9
  for (let at = 0; at < name.length; at++) {
    const character = (name.charCodeAt(at) << signShift) >> signShift
    let hash = (before + (last ^ Math.imul(character, LEGACY_MULTIPLIER))) | 0
    if (hash < 0) hash = (hash - 0x7fff_ffff) | 0
    before = last
    last = hash
  }
  return last << 1
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

  for (let at = 0; at < MD4_WORDS; at += 4) {
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
