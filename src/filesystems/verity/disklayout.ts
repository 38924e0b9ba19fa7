/**
 * dm-verity: hashes over every block of another partition, as a tree whose root somebody trusts. On disk one superblock, then
 * the tree's levels from the top down, in hash blocks. Numbers are little-endian. The root hash itself stands nowhere on the disk.
 * Readers that matter: veritysetup and systemd (the superblock), the kernel (the tree alone; it is told the rest).
 * [CRYPTSETUP verity] [LINUX Documentation/admin-guide/device-mapper/verity.rst]
 */
import { bytes, type Infer, reserved, struct, u16le, u32le, u64le } from '../../bytes/struct.js'

export const ALGORITHM_BYTES = 32
export const MAX_SALT_BYTES = 256

/** `struct verity_sb` */
export const VeritySuperblock = struct('verity_sb', 512, {
  signature: [0, bytes(8)],
  /** Of the superblock. */
  version: [8, u32le],
  /** 1: the salt before the block, digests filled up to a power of two; 0, of Chromium OS: after it, digests close together. */
  hash_type: [12, u32le],
  uuid: [16, bytes(16)],
  /** Name of the kernel's, with a NUL after it. */
  algorithm: [32, bytes(ALGORITHM_BYTES)],
  data_block_size: [64, u32le],
  hash_block_size: [68, u32le],
  data_blocks: [72, u64le],
  salt_size: [80, u16le],
  _pad1: [82, reserved(6)],
  salt: [88, bytes(MAX_SALT_BYTES)],
  _pad2: [344, reserved(168)],
})
export type VeritySuperblock = Infer<typeof VeritySuperblock>

/** `verity` and two NULs. */
export const VERITY_SIGNATURE = Buffer.from('verity\0\0', 'latin1')
export const VERITY_VERSION = 1

/** Names that the kernel, veritysetup and OpenSSL have in common → bytes of a digest. */
export const DIGEST_BYTES = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const
export type VerityHash = keyof typeof DIGEST_BYTES
