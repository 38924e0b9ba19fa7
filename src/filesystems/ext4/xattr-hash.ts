/** The hashes in attribute blocks, by which kernels find blocks to share.  [Linux 6.1 fs/ext4/xattr.c ext4_xattr_hash_entry, ext4_xattr_rehash] */

/** e_hash: over the name's bytes, then over the value as little-endian words, the last one filled up with zeros. */
export function entryHash(name: Uint8Array, value: Uint8Array, { isSigned = false } = {}): number {
  let hash = 0
  for (const byte of name) hash = ((hash << 5) ^ (hash >>> 27) ^ (isSigned ? (byte << 24) >> 24 : byte)) >>> 0
  for (let at = 0; at < value.length; at += 4) {
    const word = value[at]! | ((value[at + 1] ?? 0) << 8) | ((value[at + 2] ?? 0) << 16) | ((value[at + 3] ?? 0) << 24)
    hash = joinHashes(hash, word)
  }
  return hash
}

/** h_hash is made of the entries' hashes, one after another, from 0. */
export function joinHashes(hash: number, next: number): number {
  return ((hash << 16) ^ (hash >>> 16) ^ next) >>> 0
}
